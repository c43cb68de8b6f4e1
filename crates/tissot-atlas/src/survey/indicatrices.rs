//! Tissot's indicatrices on a lattice.

use super::metric::log_lengths;
use super::plane::Plane;
use super::{Indicatrix, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// Indicatrices along the longer side.
const LATTICE: f64 = 15.0;

/// What the flow does to steps of length 1 at some places of a plane.
pub(crate) struct Pushed {
    /// What the two steps become; empty outside the columns' domains.
    pub columns: Vec<[Vec<f64>; 2]>,
    /// Lengths of a step of 1 along the plane's axes, in the metric.
    pub lengths: Vec<[f64; 2]>,
    /// The log-density in the plane, see [`Plane::log_density_in_plane`].
    pub logs: Vec<f64>,
    /// The latents, row-major.
    pub z: Vec<f64>,
}

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    /// Tissot's indicatrices on a lattice.
    pub fn indicatrices(&self) -> Vec<Indicatrix> {
        let places = self.lattice();
        let pushed = self.pushed(&places);
        let latent = |n: usize| self.is_whole().then(|| [pushed.z[2 * n], pushed.z[2 * n + 1]]);
        let at = |n: usize| Indicatrix::of(places[n], &pushed.columns[n], pushed.lengths[n], latent(n));
        (0..places.len()).filter_map(at).collect()
    }

    /// The places of the indicatrices.
    pub fn lattice(&self) -> Vec<[f64; 2]> {
        let aspect = self.aspect();
        let shorter = |ratio: f64| (LATTICE * ratio).round().max(4.0) as usize;
        let long = LATTICE as usize;
        let size = if aspect >= 1.0 { [long, shorter(1.0 / aspect)] } else { [shorter(aspect), long] };
        self.centres(size).collect()
    }

    /// What steps of length 1 along the plane's axes become.
    pub fn pushed(&self, places: &[[f64; 2]]) -> Pushed {
        let rows = self.rows(places.iter().copied());
        let entered = self.subject.enter(&rows);
        let walked = self.subject.walk(&entered.y, self.context, false);
        let jacobians = self.subject.jacobians(&entered.y, self.context);
        let lengths = log_lengths(self.metric, &rows, &entered, self.d());
        let (d, directions) = (self.d(), self.directions());
        let column = |n: usize, direction: &[f64]| -> Vec<f64> {
            let step: Vec<f64> = (0..d)
                .map(|k| direction[k] * (entered.slopes[n * d + k] - lengths[n * d + k]).exp())
                .collect();
            (0..d).map(|i| (0..d).map(|k| jacobians[n].entry(i, k) * step[k]).sum()).collect()
        };
        let columns = |n: usize| match entered.inside[n] {
            true => directions.each_ref().map(|direction| column(n, direction)),
            false => Default::default(),
        };
        Pushed {
            columns: (0..places.len()).map(columns).collect(),
            lengths: lengths.chunks(d).map(|lengths| self.axis_lengths(lengths)).collect(),
            logs: self.log_density_in_plane(&entered, &walked),
            z: walked.z,
        }
    }
}

impl Indicatrix {
    /// Where steps of length 1 become `columns`; `None` where these are no numbers, or nothing.
    pub(crate) fn of(
        at: [f64; 2],
        columns: &[Vec<f64>; 2],
        lengths: [f64; 2],
        latent: Option<[f64; 2]>,
    ) -> Option<Self> {
        if columns.iter().flatten().any(|v| !v.is_finite()) {
            return None;
        }
        let (axes, stretch) = stretches([&columns[0], &columns[1]]);
        let along = |a: usize, i: usize| {
            (columns[0][i] * axes[a][0] + columns[1][i] * axes[a][1]) / stretch[a].max(f64::MIN_POSITIVE)
        };
        let latent_axes = match latent {
            Some(_) => [0, 1].map(|a| [along(a, 0), along(a, 1)]),
            None => [[f64::NAN; 2]; 2],
        };
        let short = |v: [f64; 2]| v.map(|v| round::decimals(v, 5));
        let found = Self {
            at: at.map(|v| round::digits(v, 6)),
            latent: latent.unwrap_or([f64::NAN; 2]).map(|v| round::digits(v, 6)),
            stretch: stretch.map(|s| round::digits(s, 6)),
            data_axes: axes.map(short),
            lengths: lengths.map(|l| round::digits(l, 6)),
            latent_axes: latent_axes.map(short),
        };
        (found.stretch[0] > 0.0 && found.lengths.iter().all(|&l| l > 0.0)).then_some(found)
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
