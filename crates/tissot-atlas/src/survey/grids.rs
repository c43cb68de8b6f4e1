//! The latent's grid in data space, the data's grid in the latent; of flows of two columns.

use super::curves::{self, Mesh};
use super::plane::{Plane, Span};
use super::{AxisKind, Curve};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::columns::Domain;

/// The latent's grid: lines at multiples of this, up to that.
const STEP: f64 = 0.5;
pub(crate) const REACH: f64 = 3.0;

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    fn window(&self) -> [[f64; 2]; 2] {
        [[self.x.from, self.x.to], [self.y.from, self.y.to]]
    }

    /// The latent's grid in data space.
    pub fn latent_grid(&self) -> Vec<Curve> {
        let lines = (REACH / STEP) as i32;
        let levels: Vec<f64> = (-lines..=lines).map(|k| f64::from(k) * STEP).collect();
        let Span::Columns([i, j]) = self.span else { return Vec::new() };
        let mesh = Mesh {
            levels: [levels.clone(), levels],
            range: [[-REACH, REACH]; 2],
            window: self.window(),
            periodic: self.cuts().map(|cut| cut.is_some()),
            tears: [None; 2],
        };
        curves::grid(&mesh, &|z| {
            let rows = self.subject.back(z, self.context);
            rows.chunks(2).flat_map(|row| [row[i], row[j]]).collect()
        })
    }

    /// Lines of the data's grid: twelve or so each way.
    fn data_levels(&self) -> [Vec<f64>; 2] {
        [&self.x, &self.y].map(|axis| {
            let step = nice((axis.to - axis.from) / 12.0, axis.kind);
            let (first, last) = ((axis.from / step).ceil() as i64, (axis.to / step).floor() as i64);
            let inside = |v: &f64| *v > axis.from && *v < axis.to;
            (first..=last).map(|k| k as f64 * step).filter(inside).collect()
        })
    }

    /// The data's grid in the latent.
    pub fn data_grid(&self, window: [[f64; 2]; 2]) -> Vec<Curve> {
        curves::grid(&self.data_mesh(window), &|places| {
            let rows = self.rows(places.chunks(2).map(|p| [p[0], p[1]]));
            let entered = self.subject.enter(&rows);
            self.subject.walk(&entered.y, self.context, false).z
        })
    }

    /// The data's grid, whose image is looked at through a window. It keeps off the edges, which may be a domain's.
    pub fn data_mesh(&self, window: [[f64; 2]; 2]) -> Mesh {
        let range = self.window().map(|[from, to]| [from + 1e-3 * (to - from), to - 1e-3 * (to - from)]);
        Mesh { levels: self.data_levels(), range, window, periodic: [false; 2], tears: self.cuts() }
    }

    /// Where periodic columns are cut: neighbours on both sides of it are far apart for the flow.
    fn cuts(&self) -> [Option<f64>; 2] {
        let Span::Columns(pair) = self.span else { return [None; 2] };
        pair.map(|k| {
            let column = &self.subject.columns().0[k];
            matches!(column.domain, Domain::Periodic(..)).then_some(column.cut)
        })
    }
}

/// The largest of 1, 2, 5 times a power of ten that is not above; of degrees, what divides a circle.
fn nice(step: f64, kind: AxisKind) -> f64 {
    if kind != AxisKind::Plain && step >= 10.0 {
        return if step >= 30.0 {
            30.0
        } else if step >= 15.0 {
            15.0
        } else {
            10.0
        };
    }
    let power = 10f64.powi(step.log10().floor() as i32);
    [5.0, 2.0, 1.0].into_iter().map(|d| d * power).find(|&s| s <= step * (1.0 + 1e-9)).unwrap_or(power)
}
