//! The map of two columns or of two principal components, what is off it held or averaged.

use super::cells::Cells;
use super::grids::REACH;
use super::marginal::{Averaged, Over};
use super::metric::log_lengths;
use super::round;
use super::subject::{Entered, Subject, Walked};
use super::{Grid, Map, MapAxis, Metric, Principal};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// Cells along the longer side of a map, for its fields and for what needs Jacobians.
const FINE: usize = 150;
const COARSE: usize = 72;

/// The two directions of a plane.
#[derive(Clone)]
pub(crate) enum Span<'a> {
    /// Two columns.
    Columns([usize; 2]),
    /// Two principal components, in lengths of standardised columns.
    Principal(&'a Principal),
}

/// A plane through data space.
pub(crate) struct Plane<'a, T> {
    pub subject: &'a Subject<'a, T>,
    pub metric: Metric,
    pub span: Span<'a>,
    pub x: MapAxis,
    pub y: MapAxis,
    /// A row that it goes through.
    pub held: &'a [f64],
    pub context: &'a [f64],
}

impl<T> Clone for Plane<'_, T> {
    fn clone(&self) -> Self {
        Self { x: self.x.clone(), y: self.y.clone(), span: self.span.clone(), ..*self }
    }
}

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    pub fn d(&self) -> usize {
        self.subject.width()
    }

    /// Whether the plane is all there is.
    pub fn is_whole(&self) -> bool {
        self.d() == 2
    }

    /// Whole rows at places of the plane, row-major.
    pub fn rows(&self, places: impl IntoIterator<Item = [f64; 2]>) -> Vec<f64> {
        match self.span {
            Span::Columns([i, j]) => {
                let row = |[x, y]: [f64; 2]| {
                    let mut row = self.held.to_vec();
                    (row[i], row[j]) = (x, y);
                    row
                };
                places.into_iter().flat_map(row).collect()
            }
            Span::Principal(principal) => {
                let held = self.subject.enter(self.held).y;
                let y: Vec<f64> =
                    places.into_iter().flat_map(|place| principal.moved(&held, place)).collect();
                self.subject.leave(&y)
            }
        }
    }

    /// The plane's axes, in steps of length 1 of the columns.
    pub fn directions(&self) -> [Vec<f64>; 2] {
        match self.span {
            Span::Columns(pair) => pair.map(|k| (0..self.d()).map(|i| f64::from(u8::from(i == k))).collect()),
            Span::Principal(principal) => principal.directions.clone(),
        }
    }

    /// Lengths of a step of 1 along the plane's axes, from the logarithms of those of the columns.
    pub fn axis_lengths(&self, lengths: &[f64]) -> [f64; 2] {
        match self.span {
            Span::Columns(pair) => pair.map(|k| lengths[k].exp()),
            Span::Principal(_) => [1.0; 2],
        }
    }

    /// Where rows are in the plane, whatever is off it.
    fn project(&self, rows: &[f64]) -> Vec<[f64; 2]> {
        let d = self.d();
        match self.span {
            Span::Columns([i, j]) => rows.chunks(d).map(|row| [row[i], row[j]]).collect(),
            Span::Principal(principal) => {
                let entered = self.subject.enter(rows);
                let inside = entered.y.chunks(d).zip(&entered.inside).filter(|(_, inside)| **inside);
                inside.map(|(row, _)| principal.place(row)).collect()
            }
        }
    }

    /// The logarithm of a density over the plane's axes, up to what is the same in all of the plane; 0 without a base, NaN
    /// outside the columns' domains.
    pub fn log_density_in_plane(&self, entered: &Entered, walked: &Walked) -> Vec<f64> {
        let d = self.d();
        let base = self.subject.log_base(&walked.z, self.context);
        let log = |n: usize| match (&base, &self.span) {
            _ if !entered.inside[n] => f64::NAN,
            (None, _) => 0.0,
            (Some(base), Span::Principal(_)) => base[n] + walked.log_det(n),
            (Some(base), Span::Columns(_)) => {
                base[n] + walked.log_det(n) + entered.slopes[n * d..(n + 1) * d].iter().sum::<f64>()
            }
        };
        (0..entered.inside.len()).map(log).collect()
    }

    /// Width over height, in the metric's lengths at the middle.
    pub fn aspect(&self) -> f64 {
        let middle = [0.5 * (self.x.from + self.x.to), 0.5 * (self.y.from + self.y.to)];
        let rows = self.rows([middle]);
        let lengths = log_lengths(self.metric, &rows, &self.subject.enter(&rows), self.d());
        let [across, up] = self.axis_lengths(&lengths);
        let sides = (self.x.to - self.x.from) / (self.y.to - self.y.from);
        (sides * across / up).clamp(0.4, 2.5)
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

    /// The map, with rows of data on it; averaged over some rows, where these are given.
    pub fn map(&self, data: &[f64], context: &[f64], names: &[String], over: Option<&Over<'_>>) -> Map {
        let points: Vec<[f64; 2]> =
            self.project(data).into_iter().map(|p| p.map(|v| round::digits(v, 6))).collect();
        let (held, principal) = match self.span {
            Span::Columns([i, j]) => {
                let off = (0..self.d()).filter(|k| *k != i && *k != j);
                (off.map(|k| (names[k].clone(), round::digits(self.held[k], 5))).collect(), None)
            }
            Span::Principal(principal) => (Vec::new(), Some(principal.clone())),
        };
        let found = match over {
            Some(over) => self.averaged(over),
            None => {
                let cells = self.cells(FINE, false);
                Averaged {
                    log_density: cells.log_density(self.subject, self.context),
                    log_det: cells.log_det(),
                    indicatrices: self.indicatrices(),
                }
            }
        };
        let mut map = Map {
            held: if over.is_some() { Vec::new() } else { held },
            averaged: over.map(|over| over.rows.len() / self.d()),
            principal,
            log_density: found.log_density,
            log_det: found.log_det,
            digits: Grid::default(),
            indicatrices: found.indicatrices,
            latent_grid: Vec::new(),
            data_grid: Vec::new(),
            latent_range: self.latent_range(&[]),
            points,
            latents: Vec::new(),
            x: self.x.clone(),
            y: self.y.clone(),
        };
        if self.is_whole() {
            let entered = self.subject.enter(data);
            map.latents = pairs(&self.subject.walk(&entered.y, context, false).z);
            map.latent_range = self.latent_range(&map.latents);
            map.digits = self.digits();
            map.latent_grid = self.latent_grid();
            map.data_grid = self.data_grid(map.latent_range);
        }
        map
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
}

fn pairs(values: &[f64]) -> Vec<[f64; 2]> {
    values.chunks(2).map(|p| [p[0], p[1]].map(|v| round::digits(v, 5))).collect()
}
