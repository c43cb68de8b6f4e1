//! Tissot's indicatrices on a lattice.

use super::metric::log_lengths;
use super::plane::Plane;
use super::{Indicatrix, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// Indicatrices along the longer side.
const LATTICE: f64 = 15.0;

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    /// Tissot's indicatrices on a lattice.
    pub fn indicatrices(&self) -> Vec<Indicatrix> {
        let aspect = self.aspect();
        let shorter = |ratio: f64| (LATTICE * ratio).round().max(4.0) as usize;
        let long = LATTICE as usize;
        let size = if aspect >= 1.0 { [long, shorter(1.0 / aspect)] } else { [shorter(aspect), long] };
        let places: Vec<[f64; 2]> = self.centres(size).collect();
        let rows = self.rows(places.iter().copied());
        let entered = self.subject.enter(&rows);
        let z = self.subject.walk(&entered.y, self.context, false).z;
        let jacobians = self.subject.jacobians(&entered.y, self.context);
        let lengths = log_lengths(self.metric, &rows, &entered, self.d());
        let (d, pair) = (self.d(), self.pair());
        let at = |n: usize| {
            // The two columns of the Jacobian, for steps of length 1 in the metric.
            let columns = pair.map(|k| {
                let scale = (entered.slopes[n * d + k] - lengths[n * d + k]).exp();
                (0..d).map(|i| jacobians[n].entry(i, k) * scale).collect::<Vec<f64>>()
            });
            let (axes, stretch) = stretches([&columns[0], &columns[1]]);
            let latent_axes = if d == 2 {
                [0, 1].map(|a| {
                    let part = |i: usize| {
                        (columns[0][i] * axes[a][0] + columns[1][i] * axes[a][1])
                            / stretch[a].max(f64::MIN_POSITIVE)
                    };
                    [part(0), part(1)]
                })
            } else {
                [[f64::NAN; 2]; 2]
            };
            let short = |v: [f64; 2]| v.map(|v| round::decimals(v, 5));
            Indicatrix {
                at: places[n].map(|v| round::digits(v, 6)),
                latent: if d == 2 {
                    [z[2 * n], z[2 * n + 1]].map(|v| round::digits(v, 6))
                } else {
                    [f64::NAN; 2]
                },
                stretch: stretch.map(|s| round::digits(s, 6)),
                data_axes: axes.map(short),
                lengths: pair.map(|k| round::digits(lengths[n * d + k].exp(), 6)),
                latent_axes: latent_axes.map(short),
            }
        };
        (0..places.len())
            .filter(|&n| entered.inside[n] && jacobians[n].values().iter().all(|v| v.is_finite()))
            .map(at)
            .filter(|found| found.stretch[0] > 0.0 && found.lengths.iter().all(|&l| l > 0.0))
            .collect()
    }
}

/// The principal stretches of a map of the plane, of whose Jacobian these are the columns: the directions in the plane,
/// and the stretches, the larger first.
pub(crate) fn stretches<C: AsRef<[f64]>>([a, b]: [C; 2]) -> ([[f64; 2]; 2], [f64; 2]) {
    let (a, b) = (a.as_ref(), b.as_ref());
    let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
    // Scaled, so that squares neither overflow nor vanish.
    let scale = a.iter().chain(b).fold(0.0_f64, |m, v| m.max(v.abs()));
    if !(scale > 0.0 && scale.is_finite()) {
        return ([[1.0, 0.0], [0.0, 1.0]], [scale; 2]);
    }
    let unit = |v: &[f64]| v.iter().map(|v| v / scale).collect::<Vec<f64>>();
    let (a, b) = (unit(a), unit(b));
    // One Jacobi rotation makes the two columns orthogonal (Hestenes 1958): small stretches keep their digits.
    let (aa, bb, ab) = (dot(&a, &a), dot(&b, &b), dot(&a, &b));
    let angle = 0.5 * (2.0 * ab).atan2(aa - bb);
    let (sin, cos) = angle.sin_cos();
    let turned = |p: f64, q: f64| a.iter().zip(&b).map(|(a, b)| p * a + q * b).collect::<Vec<f64>>();
    let (first, second) = (turned(cos, sin), turned(-sin, cos));
    let lengths = [dot(&first, &first).sqrt() * scale, dot(&second, &second).sqrt() * scale];
    ([[cos, sin], [-sin, cos]], lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_singular_values() {
        let (axes, s) = stretches([[3.0, 0.0], [0.0, 0.5]]);
        assert_eq!((s, axes[0]), ([3.0, 0.5], [1.0, 0.0]));
        // J = [[1, 1], [0, 1]].
        let (axes, s) = stretches([[1.0, 0.0], [1.0, 1.0]]);
        let golden = (5f64.sqrt() + 1.0) / 2.0;
        assert!((s[0] - golden).abs() < 1e-14 && (s[1] - 1.0 / golden).abs() < 1e-14, "{s:?}");
        assert!((axes[0][1] / axes[0][0] - golden).abs() < 1e-14, "{axes:?}");
        let (_, s) = stretches([[1e-9, 0.0], [1e-9, 1e-17]]);
        assert!(
            (s[0] / 2f64.sqrt() / 1e-9 - 1.0).abs() < 1e-12
                && (s[1] / (1e-17 / 2f64.sqrt()) - 1.0).abs() < 1e-6
        );
    }
}
