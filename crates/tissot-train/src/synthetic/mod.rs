//! Two-dimensional densities that are known exactly, to see whether a flow learns what it should.
//!
//! Each file below has one density: its formula, a sampler, and its log-density in nats where that has a closed form or
//! is a one-dimensional integral. Angles are in radians; the plane has no unit.

mod checkerboard;
mod eight_gaussians;
mod pinwheel;
mod quadrature;
mod rings;
mod two_moons;
mod two_spirals;

use std::fmt;
use std::str::FromStr;

use rand::Rng;

/// A density on the plane that can be sampled, and evaluated where [`Synthetic::log_density`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Synthetic {
    /// Two interleaved half circles with Gaussian noise, centred and scaled.
    ///
    /// `t ~ U(0, pi)`; with probability 1/2 `u = (cos t, sin t)`, else `u = (1 - cos t, 1/2 - sin t)`;
    /// `x = (u + 0.1 e - (0.5, 0.25)) * (1.15, 2)` with `e ~ N(0, I)`.
    TwoMoons,
    /// Every other cell of a board of 4 x 4 unit cells on `[-2, 2)^2`, uniform; its entropy is `ln 8 = 2.0794` nats.
    Checkerboard,
    /// Eight Gaussians of standard deviation 0.2, evenly spaced on a circle of radius 2.
    ///
    /// Its entropy is `ln 8 + ln(2 pi e 0.04) = 1.6984` nats, less 3.8e-4 because neighbours overlap.
    EightGaussians,
    /// Five arms of a pinwheel (Johnson et al., 2016, "Composing graphical models with neural networks").
    ///
    /// `f = (1 + 0.3 e1, 0.1 e2)` with `e ~ N(0, I)`, turned by `2 pi k / 5 + 0.25 exp(f1)` with `k` uniform in
    /// `0..5`, and doubled. The angle depends on `f1`, so the density is a sum over the roots of a transcendental
    /// equation: it is not given.
    Pinwheel,
    /// Two spiral arms of one and a half turns (as in Grathwohl et al., 2019, "FFJORD", section 4.1).
    ///
    /// `t = 3 pi sqrt(u)`; `x = s (t (-cos t, sin t) + v / 2) / 3 + 0.1 e` with `u ~ U(0, 1)`, `v ~ U(0, 1)^2`,
    /// `s` a fair sign and `e ~ N(0, I)`.
    TwoSpirals,
    /// Four rings of radius 0.75, 1.5, 2.25 and 3 with equal weight: `x = r (cos a, sin a) + 0.08 e`, `a ~ U(0, 2 pi)`,
    /// `e ~ N(0, I)`.
    Rings,
}

impl Synthetic {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::TwoMoons,
        Self::Checkerboard,
        Self::EightGaussians,
        Self::Pinwheel,
        Self::TwoSpirals,
        Self::Rings,
    ];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoMoons => "two-moons",
            Self::Checkerboard => "checkerboard",
            Self::EightGaussians => "eight-gaussians",
            Self::Pinwheel => "pinwheel",
            Self::TwoSpirals => "two-spirals",
            Self::Rings => "rings",
        }
    }

    /// Draws `n` independent points; the same generator state gives the same points.
    #[must_use]
    pub fn sample(self, n: usize, rng: &mut dyn Rng) -> Vec<[f64; 2]> {
        let draw = match self {
            Self::TwoMoons => two_moons::draw,
            Self::Checkerboard => checkerboard::draw,
            Self::EightGaussians => eight_gaussians::draw,
            Self::Pinwheel => pinwheel::draw,
            Self::TwoSpirals => two_spirals::draw,
            Self::Rings => rings::draw,
        };
        (0..n).map(|_| draw(rng)).collect()
    }

    /// The log-density at `x` in nats, or `None` where no formula is known (the pinwheel).
    ///
    /// It is `-inf` off the checkerboard. Two moons and two spirals take a one-dimensional quadrature at each point
    /// (hundreds and thousands of exponentials); near the data its relative error is below 1e-7.
    #[must_use]
    pub fn log_density(self, x: [f64; 2]) -> Option<f64> {
        match self {
            Self::TwoMoons => Some(two_moons::log_density(x)),
            Self::Checkerboard => Some(checkerboard::log_density(x)),
            Self::EightGaussians => Some(eight_gaussians::log_density(x)),
            Self::Pinwheel => None,
            Self::TwoSpirals => Some(two_spirals::log_density(x)),
            Self::Rings => Some(rings::log_density(x)),
        }
    }
}

impl fmt::Display for Synthetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no synthetic density has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found the synthetic density `{found}`, expected one of {}", Synthetic::ALL.map(Synthetic::name).join(", "))]
pub struct UnknownSynthetic {
    /// The name as given.
    pub found: String,
}

impl FromStr for Synthetic {
    type Err = UnknownSynthetic;

    /// Reads [`Synthetic::name`], with `-` or `_` between the words.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.replace('_', "-");
        let found = Self::ALL.into_iter().find(|density| density.name() == name);
        found.ok_or_else(|| UnknownSynthetic { found: text.to_owned() })
    }
}

/// Two independent draws of the standard normal.
fn normal_pair(rng: &mut dyn Rng) -> [f64; 2] {
    use rand_distr::{Distribution, StandardNormal};
    [StandardNormal.sample(rng), StandardNormal.sample(rng)]
}

#[cfg(test)]
mod tests;
