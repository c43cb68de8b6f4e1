//! Monotone rational-quadratic splines.

use super::spline_params::Knots;
use super::{SplineParams, Univariate, summed};
use crate::Error;
use crate::bijection::expanded;
use crate::inspect::Sign;
use crate::inspect::jacobian::host;
use burn::tensor::{Bool, Int, Tensor};
use serde::{Deserialize, Serialize};
use tissot_kernels::made::ColumnInverse;
use tissot_kernels::univariate::{self as fused, Direction, Spline};

/// A monotone rational-quadratic spline on `[-bound, bound]`, and the identity outside; with
/// [`SplineParams::Circular`] it goes round instead, on a circle that is `2 bound` long.
///
/// In the bin from `(x_0, y_0)` to `(x_1, y_1)` with the mean slope `s` and the slopes `d_0`, `d_1` at its knots, with
/// `t = (x - x_0) / (x_1 - x_0)`, `t' = 1 - t`, `r_i = d_i / s`:
///
/// ```text
/// D     = t^2 + (r_0 + r_1) t t' + t'^2
/// y     = y_0 + (y_1 - y_0) (t^2 + r_0 t t') / D
/// dy/dx = s (r_1 t^2 + 2 t t' + r_0 t'^2) / D^2
/// ```
///
/// The slope is 1 at both ends, so density has no step there. Data are standardised, so few of them lie beyond the
/// default bound of 5, and those pass unchanged. `3 bins - 1` parameters an element, two more with free ends, one more on a circle; [`SplineParams`] says what they
/// mean.
///
/// In f32 an inverse is as exact as the slopes allow: an error of one rounding in `y` is one of `1 / (dy/dx)` roundings
/// in `x`. That is why the default parameters bound the slopes. Largest errors of f32 round trips in this crate's
/// tests, with parameters of size 1, 5 and 30: 2e-6, 3e-4 and 1e-3 for the default, 1e-6, 0.1 and 2 for nflows' law,
/// 8e-7, 3e-4 and 0.2 for zuko's (the last two with a bound of 3).
///
/// Durkan et al. 2019, *Neural Spline Flows*, eq. 4 to 8; Gregory and Delbourgo 1982.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RationalQuadratic {
    /// How many bins there are, at least 2.
    pub bins: usize,
    /// Where the spline ends, in the units of `x`.
    pub bound: f64,
    /// What the parameters mean.
    pub parameters: SplineParams,
}

impl Default for RationalQuadratic {
    fn default() -> Self {
        Self { bins: 8, bound: 5.0, parameters: SplineParams::default() }
    }
}

/// Each element's own bin; all are `[batch, elements, 1]`.
struct Bin {
    x_0: Tensor<3>,
    x_1: Tensor<3>,
    y_0: Tensor<3>,
    y_1: Tensor<3>,
    /// `x_1 - x_0`.
    width: Tensor<3>,
    /// `y_1 - y_0`.
    height: Tensor<3>,
    /// The mean slope.
    s: Tensor<3>,
    r_0: Tensor<3>,
    r_1: Tensor<3>,
}

impl RationalQuadratic {
    /// A spline of 8 bins of angles in radians: [`SplineParams::circular`], and a bound of pi.
    pub fn circular() -> Self {
        Self { bins: 8, bound: std::f64::consts::PI, parameters: SplineParams::circular() }
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// [`Error::Config`] where there are fewer than 2 bins, where the bound is no positive number, or where a constant
    /// of the parameters is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.bins < 2 {
            return Err(Error::config("bins", self.bins, "2 or more"));
        }
        if !(self.bound >= 1e-6 && self.bound <= 1e6) {
            return Err(Error::config("bound", self.bound, "a number from 1e-6 to 1e6"));
        }
        self.parameters.validate(self.bins).map_err(|error| error.within("parameters"))
    }

    /// The knots' places, values and slopes, ends included: three times `[batch or 1, elements, bins + 1]`.
    ///
    /// # Shapes
    /// `params`: `[batch or 1, elements, num_params]`.
    pub fn knots(&self, params: Tensor<3>) -> [Tensor<3>; 3] {
        let Knots { table, count } = self.parameters.knots(params, self.bins, self.bound);
        [0, 1, 2].map(|kind| table.clone().narrow(2, kind * count, count))
    }

    /// The limits within which the slope stays, whatever the parameters; `None` where there are none worth naming.
    pub fn slope_limits(&self) -> Option<(f64, f64)> {
        match self.parameters {
            SplineParams::Bounded { bin_log_slope: a, knot_log_slope: c, .. } => {
                Some(((-4.0 * a).exp().min(0.5 * (-2.0 * a - c).exp()), 2.0 * (2.0 * a + c).exp()))
            }
            SplineParams::Circular { bin_log_slope: a, knot_log_slope: c, .. } => {
                Some((0.5 * (-2.0 * a - c).exp(), 2.0 * (2.0 * a + c).exp()))
            }
            SplineParams::Nflows { .. } | SplineParams::FreeEnds { .. } | SplineParams::Zuko { .. } => None,
        }
    }

    /// Between which logarithms all slopes of all bins lie (see [`SplineParams::Bounded`]).
    fn slopes_of_bins(&self, params: &Tensor<3>) -> (f64, f64) {
        let [x, y, d] = self.knots(params.clone()).map(host);
        let count = self.bins + 1;
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for start in (0..x.len()).step_by(count) {
            for k in start..start + self.bins {
                let s = (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
                let (low, high) = (d[k].min(d[k + 1]), d[k].max(d[k + 1]));
                let (flat, steep) = (low.min(s * s / high).ln(), high.max(2.0 * s).ln());
                // A bin without width or height has no slope: every one.
                least = if flat.is_nan() || s.is_nan() { f64::NEG_INFINITY } else { least.min(flat) };
                greatest = if steep.is_nan() || s.is_nan() { f64::INFINITY } else { greatest.max(steep) };
            }
        }
        (least, greatest)
    }

    /// The bin in which each of `at` lies, along `x` (`kind` 0) or along `y` (`kind` 1).
    fn find(&self, at: &Tensor<3>, params: Tensor<3>, kind: usize) -> Bin {
        let [batch, elements, _] = at.dims();
        let Knots { table, count } = self.parameters.knots(params, self.bins, self.bound);
        let inner = table.clone().detach().narrow(2, kind * count + 1, count - 2);
        let bin = at.clone().detach().greater_equal(inner).int().sum_dim(2);
        let (n, dtype) = (count as i64, bin.dtype());
        let corners = [[[0, 1, n, n + 1, 2 * n, 2 * n + 1]]];
        let corners = bin.clone() + Tensor::<3, Int>::from_data(corners, (&bin.device(), dtype));
        let table =
            if table.dims()[0] == batch { table } else { expanded(table, [batch, elements, 3 * count]) };
        let found = table.gather(2, corners);
        let corner = |k: usize| found.clone().narrow(2, k, 1);
        let (x_0, x_1, y_0, y_1) = (corner(0), corner(1), corner(2), corner(3));
        let (width, height) = (x_1.clone() - x_0.clone(), y_1.clone() - y_0.clone());
        let s = height.clone() / width.clone();
        let (r_0, r_1) = (corner(4) / s.clone(), corner(5) / s.clone());
        Bin { x_0, x_1, y_0, y_1, width, height, s, r_0, r_1 }
    }

    /// `at` as `[batch, elements, 1]` drawn into the interval, and what of it is outside.
    fn inside(&self, at: &Tensor<2>) -> (Tensor<3>, Outside) {
        if matches!(self.parameters, SplineParams::Circular { .. }) {
            let (here, period) = (at.clone().detach(), 2.0 * self.bound);
            let turns = here.clone().add_scalar(self.bound).mul_scalar(1.0 / period).floor();
            let inside = (here.clone() - turns.mul_scalar(period)).clamp(-self.bound, self.bound);
            let turned = Outside::Turned(here.clone() - inside.clone());
            // The slope of turning back is 1, also where rounding was clamped.
            return ((inside + (at.clone() - here)).unsqueeze_dim(2), turned);
        }
        // The ends themselves count as outside, where the spline is the identity too, so that they are exact.
        let outside = at.clone().detach().abs().greater_equal_elem(self.bound);
        (at.clone().clamp(-self.bound, self.bound).unsqueeze_dim(2), Outside::Same(outside))
    }
}

/// What is outside of a spline's interval.
enum Outside {
    /// It is let through where this says so.
    Same(Tensor<2, Bool>),
    /// It was turned back by so much, whole turns of the circle.
    Turned(Tensor<2>),
}

impl Outside {
    /// What has become of `at`, of values and log-slopes inside.
    fn restore(self, at: Tensor<2>, value: Tensor<3>, slope: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let (value, slope) = (value.squeeze_dim::<2>(2), slope.squeeze_dim::<2>(2));
        match self {
            Self::Same(outside) => (value.mask_where(outside.clone(), at), slope.mask_fill(outside, 0.0)),
            Self::Turned(by) => (value + by, slope),
        }
    }
}

impl Bin {
    /// `t^2 + r_0 t t'`, `D`, and `log dy/dx`.
    fn evaluate(&self, t: Tensor<3>, rest: Tensor<3>) -> (Tensor<3>, Tensor<3>, Tensor<3>) {
        let left = t.clone() + self.r_0.clone() * rest.clone();
        let right = rest.clone() + self.r_1.clone() * t.clone();
        let numerator = t.clone() * left.clone();
        let denominator = numerator.clone() + rest.clone() * right.clone();
        let slope = (t * right + rest * left) * self.s.clone(); // eq. 5
        // Two logarithms: the square of the denominator may overflow.
        let log_slope = slope.log() - denominator.clone().log().mul_scalar(2.0);
        (numerator, denominator, log_slope)
    }
}

impl Univariate for RationalQuadratic {
    fn num_params(&self) -> usize {
        2 * self.bins + self.parameters.slopes(self.bins)
    }

    fn start(&self) -> Vec<f64> {
        let mut params = vec![0.0; 2 * self.bins];
        params.resize(self.num_params(), self.parameters.unit_slope());
        params
    }

    fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let (inside, outside) = self.inside(&x);
        let bin = self.find(&inside, params, 0);
        // both parts are taken as differences, so that neither loses digits
        let t = (inside.clone() - bin.x_0.clone()) / bin.width.clone();
        let rest = (bin.x_1.clone() - inside) / bin.width.clone();
        let (numerator, denominator, slope) = bin.evaluate(t, rest);
        let y = bin.y_0.clone() + bin.height.clone() * numerator / denominator; // eq. 4
        outside.restore(x, y, slope)
    }

    fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let (inside, outside) = self.inside(&y);
        let bin = self.find(&inside, params, 1);
        let above = (inside.clone() - bin.y_0.clone()) / bin.height.clone();
        let below = (bin.y_1.clone() - inside) / bin.height.clone();
        // Eq. 6 to 8 divided by height and slope: m t^2 + (1 - m) t - above = 0. Swapping the bin's two ends turns the
        // sign of m, so only m >= 0 needs a root, the one of the part beyond the point, and nothing cancels in it.
        let m =
            below.clone() - above.clone() + bin.r_1.clone() * above.clone() - bin.r_0.clone() * below.clone();
        let swap = m.clone().detach().lower_elem(0.0);
        let near = below.clone().mask_where(swap.clone(), above.clone());
        let far = above.mask_where(swap.clone(), below);
        let m = m.clone().mask_where(swap.clone(), m.neg());
        let gap = m.clone().neg().add_scalar(1.0);
        let discriminant = gap.clone() * gap + (m.clone() * far).mul_scalar(4.0);
        // it is positive but for rounding; its root has no finite gradient at 0
        let root = discriminant.clamp_min(smallest(&m)).sqrt();
        let part = near.mul_scalar(2.0) / (m.add_scalar(1.0) + root);
        let other = part.clone().neg().add_scalar(1.0);
        let t = other.clone().mask_where(swap.clone(), part.clone());
        let rest = part.mask_where(swap, other);
        let (_, _, slope) = bin.evaluate(t.clone(), rest);
        let x = bin.x_0.clone() + bin.width.clone() * t;
        outside.restore(y, x, slope.neg())
    }

    fn examine(&self, x: &Tensor<2>, params: &Tensor<3>, note: &mut dyn FnMut(Sign)) {
        if !matches!(self.parameters, SplineParams::Circular { .. }) {
            let values = host(x.clone());
            let outside = values.iter().filter(|x| x.abs() >= self.bound).count();
            note(Sign::Outside { outside, elements: values.len(), bound: self.bound });
        }
        let (least, greatest) = self.slopes_of_bins(params);
        note(Sign::Bins { least, greatest });
    }

    fn fused(&self) -> Option<fused::Univariate> {
        let law = self.parameters.law()?;
        Some(fused::Univariate::Spline(Spline { bins: self.bins, bound: self.bound, law }))
    }

    /// By one fused operation where the device has it.
    fn forward(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        self.fused()
            .and_then(|spline| fused::apply(&x, &params, spline, Direction::Forward))
            .unwrap_or_else(|| summed(self.elementwise(x, params)))
    }

    /// By one fused operation where the device has it.
    fn inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        self.fused()
            .and_then(|spline| fused::apply(&y, &params, spline, Direction::Inverse))
            .unwrap_or_else(|| summed(self.elementwise_inverse(y, params)))
    }

    fn column_inverse(&self) -> Option<Box<dyn ColumnInverse>> {
        Some(Box::new(self.fused()?))
    }
}

/// The square of the rounding error of this tensor's type: a discriminant below it is 0.
fn smallest(of: &Tensor<3>) -> f64 {
    let epsilon = of.dtype().finfo().map_or(f64::from(f32::EPSILON), |info| info.epsilon);
    epsilon * epsilon
}
