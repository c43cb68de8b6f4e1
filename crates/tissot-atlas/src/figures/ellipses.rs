//! Tissot's indicatrices: how large they can be drawn without touching.

use crate::AtlasError;
use crate::canvas::{Ink, Pen};

/// An ellipse on the sheet: its middle and two conjugate half-axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    pub at: (f64, f64),
    pub a: (f64, f64),
    pub b: (f64, f64),
}

/// Corners of a drawn ellipse.
const CORNERS: usize = 36;
/// Half-axes up to so many times longer than others are drawn at one scale.
const ONE_SCALE: f64 = 7.0;
/// The least half width that can be seen.
const THIN: f64 = 0.6;

impl Ellipse {
    fn times(self, factor: f64) -> Self {
        let scaled = |(x, y): (f64, f64)| (factor * x, factor * y);
        Self { a: scaled(self.a), b: scaled(self.b), ..self }
    }

    /// The half-axes, the longer first.
    fn radii(&self) -> (f64, f64) {
        let ((p, q), (r, s)) = (self.a, self.b);
        let (sum, det) = (p * p + q * q + r * r + s * s, (p * s - q * r).abs());
        let long = (0.5 * (sum + (sum * sum - 4.0 * det * det).max(0.0).sqrt())).sqrt();
        (long, if long > 0.0 { det / long } else { 0.0 })
    }

    /// Between the middles of two.
    pub fn distance(&self, other: &Self) -> f64 {
        (self.at.0 - other.at.0).hypot(self.at.1 - other.at.1)
    }

    pub fn draw(&self, pen: &Pen<'_>, fill: Ink, line: Ink, stroke: f64) -> Result<(), AtlasError> {
        let mut drawn = *self;
        let (long, short) = self.radii();
        if short < THIN && long > 0.0 {
            // A needle: its direction is that of the longest half-axis.
            let angle = (0..CORNERS)
                .map(|k| std::f64::consts::PI * k as f64 / CORNERS as f64)
                .max_by(|s, t| self.radius(*s).total_cmp(&self.radius(*t)))
                .unwrap_or(0.0);
            let (x, y) = self.at_angle(angle);
            let length = x.hypot(y).max(1e-300);
            let (ux, uy) = (x / length, y / length);
            let long = long.max(THIN);
            drawn = Self { a: (long * ux, long * uy), b: (-THIN * uy, THIN * ux), ..drawn };
        }
        let corners: Vec<(f64, f64)> = (0..=CORNERS)
            .map(|k| {
                let (x, y) = drawn.at_angle(std::f64::consts::TAU * k as f64 / CORNERS as f64);
                (self.at.0 + x, self.at.1 + y)
            })
            .collect();
        pen.polygon(&corners, fill)?;
        pen.path(&corners, line, stroke)
    }

    fn at_angle(&self, angle: f64) -> (f64, f64) {
        let (sin, cos) = angle.sin_cos();
        (cos * self.a.0 + sin * self.b.0, cos * self.a.1 + sin * self.b.1)
    }

    fn radius(&self, angle: f64) -> f64 {
        let (x, y) = self.at_angle(angle);
        x.hypot(y)
    }
}

/// Scales ellipses to the distances between them: all by one factor where their sizes are alike, else each so that its size
/// goes with the fourth root of the true one. Shapes and directions stay. Returns whether sizes are true to scale.
pub fn fit(ellipses: &mut [Ellipse]) -> bool {
    let spacing = spacing(ellipses);
    let mut longest: Vec<f64> = ellipses.iter().map(|e| e.radii().0).collect();
    longest.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (longest.get(longest.len() / 10), longest.last()) else { return true };
    if high <= ONE_SCALE * low {
        let factor = 0.48 * spacing / high;
        ellipses.iter_mut().for_each(|e| *e = e.times(factor));
        return true;
    }
    let size = |e: &Ellipse| {
        let (long, short) = e.radii();
        (long * short.max(1e-12 * long)).sqrt()
    };
    let mut sizes: Vec<f64> = ellipses.iter().map(size).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = sizes[sizes.len() / 2];
    for ellipse in ellipses {
        let own = size(ellipse);
        let wanted = spacing * (0.24 * (own / middle).powf(0.25)).clamp(0.06, 0.46);
        let factor = (wanted / own).min(0.49 * spacing / ellipse.radii().0);
        *ellipse = ellipse.times(factor);
    }
    false
}

/// The median distance to the nearest neighbour.
fn spacing(ellipses: &[Ellipse]) -> f64 {
    let nearest = |(k, e): (usize, &Ellipse)| {
        let others = ellipses.iter().enumerate().filter(|(other, _)| *other != k);
        others.map(|(_, other)| e.distance(other)).fold(f64::INFINITY, f64::min)
    };
    let mut distances: Vec<f64> = ellipses.iter().enumerate().map(nearest).collect();
    distances.sort_by(f64::total_cmp);
    distances.get(distances.len() / 2).copied().filter(|d| d.is_finite()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(k: usize, r: f64) -> Ellipse {
        Ellipse { at: (10.0 * k as f64, 0.0), a: (r, 0.0), b: (0.0, r) }
    }

    #[test]
    fn alike_sizes_keep_their_scale_and_others_their_shape() {
        let oblong = |k: usize, a, b| Ellipse { a, b, ..round(k, 1.0) };
        let mut some = [round(0, 1.0), round(1, 2.0), oblong(2, (3.0, 3.0), (-1.0, 1.0))];
        assert!(fit(&mut some));
        assert!((some[1].radii().0 / some[0].radii().0 - 2.0).abs() < 1e-12);
        assert!((some[2].radii().0 - 4.8).abs() < 1e-12 && (some[2].radii().1 - 1.6).abs() < 1e-12);
        let mut others = [round(0, 1.0), round(1, 16.0), round(2, 1e4), oblong(3, (0.5, 0.0), (0.0, 0.1))];
        assert!(!fit(&mut others));
        let (long, short) = others[3].radii();
        assert!((long / short - 5.0).abs() < 1e-9);
        assert!(others.iter().all(|e| e.radii().0 <= 4.91), "{others:?}");
    }
}
