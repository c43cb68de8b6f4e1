//! The bin of each element of a block: found, evaluated, inverted, differentiated.

use super::knots::{BinGradient, Knots};
use super::{Direction, Spline};
use crate::LANES;
use crate::real::{Lanes, Real, select};

/// The bin in which each element lies, with the slopes at its ends, and the place in it.
#[derive(Debug)]
pub(super) struct Bin<T> {
    /// The places of all knots along both axes.
    xs: Vec<Lanes<T>>,
    ys: Vec<Lanes<T>>,
    index: Lanes<T>,
    x_0: Lanes<T>,
    x_1: Lanes<T>,
    y_0: Lanes<T>,
    y_1: Lanes<T>,
    d_0: Lanes<T>,
    d_1: Lanes<T>,
    /// How far along the bin, in shares of its width, and what is left to its end: both are taken as differences, so that
    /// neither loses digits.
    t: Lanes<T>,
    rest: Lanes<T>,
}

impl<T: Real> Bin<T> {
    pub fn new(spline: &Spline) -> Self {
        let zero = [T::ZERO; LANES];
        // the first knot stays where it is
        let places = || vec![[T::of(-spline.bound); LANES]; spline.bins + 1];
        Self {
            xs: places(),
            ys: places(),
            index: zero,
            x_0: zero,
            x_1: zero,
            y_0: zero,
            y_1: zero,
            d_0: zero,
            d_1: zero,
            t: zero,
            rest: zero,
        }
    }

    /// Finds the bins of `at`, which lie within the bounds.
    ///
    /// First the knots are counted that lie at or below, in vectors; then each lane takes its own.
    #[inline(always)]
    pub fn find(&mut self, spline: &Spline, knots: &Knots<T>, at: &Lanes<T>, direction: Direction, n: usize) {
        let n = n.min(LANES);
        let (bound, whole) = (T::of(spline.bound), T::of(2.0 * spline.bound));
        let mut sum = [[T::ZERO; LANES]; 2];
        let mut index = [0u32; LANES];
        let [sum_x, sum_y] = &mut sum;
        let places = self.xs[1..].iter_mut().zip(&mut self.ys[1..]);
        let last = spline.bins - 1;
        for (k, ((x, y), (w, h))) in places.zip(knots.widths.iter().zip(&knots.heights)).enumerate() {
            if k == last {
                (*x, *y) = ([bound; LANES], [bound; LANES]);
                break;
            }
            for l in 0..n {
                sum_x[l] += w[l];
                sum_y[l] += h[l];
                x[l] = sum_x[l] * whole - bound;
                y[l] = sum_y[l] * whole - bound;
            }
            let along = if direction == Direction::Forward { x } else { y };
            for l in 0..n {
                index[l] += u32::from(at[l] >= along[l]);
            }
        }
        for l in 0..n {
            let k = (index[l] as usize).min(last);
            self.index[l] = T::of(k as f64);
            (self.x_0[l], self.x_1[l]) = (self.xs[k][l], self.xs[k + 1][l]);
            (self.y_0[l], self.y_1[l]) = (self.ys[k][l], self.ys[k + 1][l]);
            (self.d_0[l], self.d_1[l]) = (knots.slopes[k][l], knots.slopes[k + 1][l]);
        }
    }

    /// The spline's value at `at`, and the logarithm of its slope.
    #[inline(always)]
    pub fn forward(&mut self, at: &Lanes<T>, value: &mut Lanes<T>, log_slope: &mut Lanes<T>, n: usize) {
        let n = n.min(LANES);
        for l in 0..n {
            let width = self.x_1[l] - self.x_0[l];
            let height = self.y_1[l] - self.y_0[l];
            let over_width = T::ONE / width;
            let (t, rest) = ((at[l] - self.x_0[l]) * over_width, (self.x_1[l] - at[l]) * over_width);
            self.t[l] = t;
            self.rest[l] = rest;
            let (share, slope) = rational(t, rest, height * over_width, self.d_0[l], self.d_1[l]);
            value[l] = self.y_0[l] + height * share;
            log_slope[l] = slope.ln();
        }
    }

    /// The spline's inverse at `at`, and the logarithm of the inverse's slope.
    ///
    /// Eq. 6 to 8 of Durkan et al. 2019 divided by height and slope: `m t^2 + (1 - m) t - above = 0`. Swapping the bin's two
    /// ends turns the sign of `m`, so only `m >= 0` needs a root, that of the part beyond the point, and nothing cancels in
    /// it.
    #[inline(always)]
    pub fn inverse(&mut self, at: &Lanes<T>, value: &mut Lanes<T>, log_slope: &mut Lanes<T>, n: usize) {
        let n = n.min(LANES);
        let two = T::ONE + T::ONE;
        for l in 0..n {
            let width = self.x_1[l] - self.x_0[l];
            let height = self.y_1[l] - self.y_0[l];
            let over_height = T::ONE / height;
            let over_s = width * over_height;
            let (above, below) = ((at[l] - self.y_0[l]) * over_height, (self.y_1[l] - at[l]) * over_height);
            let m = below - above + self.d_1[l] * over_s * above - self.d_0[l] * over_s * below;
            let swap = m < T::ZERO;
            let (near, far) = (select(swap, above, below), select(swap, below, above));
            let m = m.abs();
            let gap = T::ONE - m;
            let square = gap * gap + two * two * m * far;
            let root = select(square > T::EPSILON_SQUARED, square, T::EPSILON_SQUARED).sqrt();
            let part = two * near / (T::ONE + m + root);
            let other = T::ONE - part;
            let (t, rest) = (select(swap, part, other), select(swap, other, part));
            self.t[l] = t;
            self.rest[l] = rest;
            let (_, slope) = rational(t, rest, height / width, self.d_0[l], self.d_1[l]);
            value[l] = self.x_0[l] + width * t;
            log_slope[l] = -slope.ln();
        }
    }

    /// Pulls the gradients of the value and of the log-slope back to `at` and to the bin, after [`Bin::forward`] or
    /// [`Bin::inverse`].
    ///
    /// The inverse's come from the implicit function theorem: with `y = f(x, p)`, a gradient `g` of `x` and `h` of
    /// `-log f'` are `s = (g - h d(log f')/dx) / f'` for `y`, and those of `f` and `log f'` under `-s` and `-h` for `p`.
    #[inline(always)]
    pub fn pull_back(
        &self,
        spline: &Spline,
        direction: Direction,
        (value, log_slope): (&Lanes<T>, &Lanes<T>),
        at: &mut Lanes<T>,
        bin: &mut BinGradient<T>,
        n: usize,
    ) {
        let n = n.min(LANES);
        let two = T::ONE + T::ONE;
        let whole = T::of(2.0 * spline.bound);
        for l in 0..n {
            let width = self.x_1[l] - self.x_0[l];
            let height = self.y_1[l] - self.y_0[l];
            let (over_width, s) = (T::ONE / width, height / width);
            let (d_0, d_1) = (self.d_0[l], self.d_1[l]);
            let (t, rest) = (self.t[l], self.rest[l]);
            let u = t * rest;
            let squares = t * t + rest * rest;
            let numerator = t * (s * t + d_0 * rest);
            let over = T::ONE / (s * squares + (d_0 + d_1) * u);
            let q = d_1 * t * t + two * s * u + d_0 * rest * rest;
            // derivatives of log f' = 2 ln s + ln q - 2 ln D, for t with everything else held
            let over_q = T::ONE / q;
            let bend = d_0 + d_1 - two * s;
            let turn = rest - t;
            let log_t = two * (d_1 * t - d_0 * rest + s * turn) * over_q - two * bend * turn * over;
            let (g_value, g_log) = if direction == Direction::Forward {
                (value[l], log_slope[l])
            } else {
                let slope = s * s * q * over * over;
                let g = (value[l] + log_slope[l] * -(log_t * over_width)) / slope;
                at[l] = g;
                (-g, -log_slope[l])
            };
            let d_numerator = g_value * height * over;
            let d_over = -d_numerator * numerator * over - two * g_log * over;
            let d_q = g_log * over_q;
            let d_s = two * g_log / s + d_numerator * t * t + d_over * squares + two * d_q * u;
            let d_t = d_numerator * (two * s * t + d_0 * turn)
                + d_over * bend * turn
                + two * d_q * (d_1 * t - d_0 * rest + s * turn);
            let g_at = d_t * over_width;
            if direction == Direction::Forward {
                at[l] = g_at;
            }
            bin.index[l] = self.index[l];
            bin.d_0[l] = d_numerator * u + d_over * u + d_q * rest * rest;
            bin.d_1[l] = d_over * u + d_q * t * t;
            bin.x_0[l] = -g_at * whole;
            bin.width[l] = -(g_at * t + d_s * s * over_width) * whole;
            bin.y_0[l] = g_value * whole;
            bin.height[l] = (g_value * numerator * over + d_s * over_width) * whole;
        }
    }
}

/// The share of the height at `t`, and the slope (Durkan et al. 2019, eq. 4 and 5).
#[inline(always)]
fn rational<T: Real>(t: T, rest: T, s: T, d_0: T, d_1: T) -> (T, T) {
    let two = T::ONE + T::ONE;
    let u = t * rest;
    let over = T::ONE / (s * (t * t + rest * rest) + (d_0 + d_1) * u);
    let share = t * (s * t + d_0 * rest) * over;
    let ratio = s * over;
    let slope = (d_1 * t * t + two * s * u + d_0 * rest * rest) * ratio * ratio;
    (share, slope)
}
