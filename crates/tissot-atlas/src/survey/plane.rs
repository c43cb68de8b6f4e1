//! The map of two columns, the others held.

use super::cells::Cells;
use super::curves::{self, Mesh};
use super::metric::log_lengths;
use super::round;
use super::subject::Subject;
use super::{AxisKind, Grid, Map, MapAxis, Metric};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::columns::Domain;

/// Cells along the longer side of a map, for its fields and for what needs Jacobians.
const FINE: usize = 150;
const COARSE: usize = 72;
/// The latent's grid: lines at multiples of this, up to that.
const STEP: f64 = 0.5;
const REACH: f64 = 3.0;

/// Two columns, and where the others are.
pub(crate) struct Plane<'a, T> {
    pub subject: &'a Subject<'a, T>,
    pub metric: Metric,
    pub x: MapAxis,
    pub y: MapAxis,
    /// A whole row; the values of the two columns do not count.
    pub held: &'a [f64],
    pub context: &'a [f64],
}

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    pub fn d(&self) -> usize {
        self.subject.width()
    }

    pub fn pair(&self) -> [usize; 2] {
        [self.x.column, self.y.column]
    }

    /// Whether the plane is all there is.
    pub fn is_whole(&self) -> bool {
        self.d() == 2
    }

    /// Whole rows at places of the plane, row-major.
    pub fn rows(&self, places: impl IntoIterator<Item = [f64; 2]>) -> Vec<f64> {
        let [i, j] = self.pair();
        let row = |[x, y]: [f64; 2]| {
            let mut row = self.held.to_vec();
            (row[i], row[j]) = (x, y);
            row
        };
        places.into_iter().flat_map(row).collect()
    }

    /// Width over height, in the metric's lengths at the middle.
    pub fn aspect(&self) -> f64 {
        let [i, j] = self.pair();
        let middle = [0.5 * (self.x.from + self.x.to), 0.5 * (self.y.from + self.y.to)];
        let rows = self.rows([middle]);
        let lengths = log_lengths(self.metric, &rows, &self.subject.enter(&rows), self.d());
        let sides = (self.x.to - self.x.from) / (self.y.to - self.y.from);
        (sides * (lengths[i] - lengths[j]).exp()).clamp(0.4, 2.5)
    }

    /// How many cells a grid has, so many along its longer side.
    pub fn size(&self, most: usize) -> [usize; 2] {
        let aspect = self.aspect();
        let shorter = |ratio: f64| ((most as f64 * ratio).round() as usize).max(8);
        if aspect >= 1.0 { [most, shorter(1.0 / aspect)] } else { [shorter(aspect), most] }
    }

    /// The centres of cells.
    pub fn centres(&self, [columns, rows]: [usize; 2]) -> impl Iterator<Item = [f64; 2]> + Clone {
        let at = |axis: &MapAxis, k: usize, n: usize| {
            axis.from + (axis.to - axis.from) * (k as f64 + 0.5) / n as f64
        };
        let x: Vec<f64> = (0..columns).map(|k| at(&self.x, k, columns)).collect();
        let y: Vec<f64> = (0..rows).map(|k| at(&self.y, k, rows)).collect();
        y.into_iter().flat_map(move |y| x.clone().into_iter().map(move |x| [x, y]))
    }

    /// Takes all cells of a grid through the flow.
    pub fn cells(&self, most: usize, keep: bool) -> Cells {
        let size = self.size(most);
        let places = self.rows(self.centres(size));
        let entered = self.subject.enter(&places);
        let walked = self.subject.walk(&entered.y, self.context, keep);
        let lengths = log_lengths(self.metric, &places, &entered, self.d());
        Cells { columns: size[0], rows: size[1], entered, walked, lengths }
    }

    /// The map, with rows of data on it.
    pub fn map(&self, data: &[f64], context: &[f64], names: &[String]) -> Map {
        let cells = self.cells(FINE, false);
        let d = self.d();
        let [i, j] = self.pair();
        let (points, latents) = self.points(data, context);
        let held = (0..d).filter(|k| *k != i && *k != j);
        let latent_range = self.latent_range(&latents);
        let (latent_grid, data_grid) = if self.is_whole() {
            (self.latent_grid(), self.data_grid(latent_range))
        } else {
            Default::default()
        };
        Map {
            held: held.map(|k| (names[k].clone(), round::digits(self.held[k], 5))).collect(),
            log_density: cells.log_density(self.subject, self.context),
            log_det: cells.log_det(),
            digits: if self.is_whole() { self.digits() } else { Grid::default() },
            indicatrices: self.indicatrices(),
            latent_grid,
            data_grid,
            latent_range,
            points,
            latents,
            x: self.x.clone(),
            y: self.y.clone(),
        }
    }

    /// The data in the plane, and in the latent where the plane is all there is.
    fn points(&self, data: &[f64], context: &[f64]) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
        let [i, j] = self.pair();
        let places = data.chunks(self.d()).map(|row| [row[i], row[j]].map(|v| round::digits(v, 6)));
        let latents = if self.is_whole() {
            let entered = self.subject.enter(data);
            pairs(&self.subject.walk(&entered.y, context, false).z)
        } else {
            Vec::new()
        };
        (places.collect(), latents)
    }

    /// What of the latent is shown: where the base is, or without one where the data are.
    fn latent_range(&self, latents: &[[f64; 2]]) -> [[f64; 2]; 2] {
        [0, 1].map(|i| {
            let ends = round::quantiles(latents.iter().map(|z| z[i]), &[0.0, 1.0]);
            let margin = 0.12 * (ends[1] - ends[0]);
            if self.subject.has_base() || margin.is_nan() || margin == 0.0 {
                [-1.1 * REACH, 1.1 * REACH]
            } else {
                [ends[0] - margin, ends[1] + margin].map(|v| round::digits(v, 4))
            }
        })
    }

    /// The digits that survive over the plane.
    fn digits(&self) -> Grid {
        let size = self.size(COARSE);
        let entered = self.subject.enter(&self.rows(self.centres(size)));
        let Some(digits) = self.subject.digits_left(&entered.y, self.context) else { return Grid::default() };
        let value = |(digits, inside): (f64, &bool)| {
            if *inside { round::decimals(digits, 2) } else { f64::NAN }
        };
        let values = digits.into_iter().zip(&entered.inside).map(value).collect();
        Grid { columns: size[0], rows: size[1], values }
    }

    fn window(&self) -> [[f64; 2]; 2] {
        [[self.x.from, self.x.to], [self.y.from, self.y.to]]
    }

    /// The latent's grid in data space.
    fn latent_grid(&self) -> Vec<super::Curve> {
        let lines = (REACH / STEP) as i32;
        let levels: Vec<f64> = (-lines..=lines).map(|k| f64::from(k) * STEP).collect();
        let [i, j] = self.pair();
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
    fn data_grid(&self, window: [[f64; 2]; 2]) -> Vec<super::Curve> {
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
        self.pair().map(|k| {
            let column = &self.subject.columns().0[k];
            matches!(column.domain, Domain::Periodic(..)).then_some(column.cut)
        })
    }
}

fn pairs(values: &[f64]) -> Vec<[f64; 2]> {
    values.chunks(2).map(|p| [p[0], p[1]].map(|v| round::digits(v, 5))).collect()
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
