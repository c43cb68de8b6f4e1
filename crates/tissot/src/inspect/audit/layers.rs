//! Every layer alone.

use super::layer::LayerAudit;
use super::spread::{Spread, by_row, relative};
use super::subject::{Conditions, Subject, select, spaced};
use crate::base::Base;
use crate::bijection::Bijection;
use crate::flow::Flow;
use crate::inspect::jacobian::{Jacobian, host};
use crate::inspect::{Part, Sign};
use burn::tensor::{DType, Tensor};

/// Rows that each layer is asked about.
const ROWS: usize = 1_024;
/// Rows that tell whether the layers can be evaluated at all.
const PROBE: usize = 4;

/// All layers, and what they make of the rows together.
pub(super) struct Layers {
    pub layers: Vec<LayerAudit>,
    /// The exact Jacobians of the whole flow, the product of the layers', with the rows of the subject that they are at.
    pub jacobians: Vec<(usize, Jacobian)>,
}

/// The weights and orders of all layers, on a few rows; whether every layer can be evaluated: an index out of range
/// would stop the program.
pub(super) fn probe<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
) -> (Vec<LayerAudit>, bool) {
    let rows = spaced(subject.rows(), PROBE);
    let (mut x, given) = (select(&subject.x, &rows), subject.given.select(&rows));
    let (mut layers, mut possible) = (Vec::new(), true);
    subject.flow.bijection.parts(&mut |name, part| {
        let mut layer =
            LayerAudit { name: name.into(), bad_weights: part.bad_weights(), ..LayerAudit::default() };
        if possible {
            part.examine(&x, given.context(), &mut |sign| layer.signs.push(sign));
            possible = !layer.signs.iter().any(|sign| matches!(sign, Sign::Order { .. }));
        }
        if possible {
            x = part.forward(x.clone(), given.context()).0;
        }
        layers.push(layer);
    });
    (layers, possible)
}

/// Asks every layer about some of the rows, `suspects` among them; `exact` is the flow in f64, where there is one.
pub(super) fn look<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
    exact: Option<&Flow<T, B>>,
    suspects: &[usize],
) -> Layers {
    let mut rows = spaced(subject.rows(), ROWS);
    rows.extend(suspects.iter().filter(|row| rows.binary_search(row).is_err()).copied().collect::<Vec<_>>());
    let mut stage = Stage::new(subject, &rows);
    let mut layers = Vec::new();
    let mut seen = Vec::new();
    subject.flow.bijection.parts(&mut |name, part| {
        let (layer, input) = stage.pass(name, part);
        layers.push(layer);
        seen.push(input);
    });
    let count = subject.effort.jacobian_rows(subject.width());
    let mut volume = Volume::new(subject.width(), spaced(rows.len(), count));
    let bijection = exact.map_or(&subject.flow.bijection, |exact| &exact.bijection);
    let mut place = 0;
    bijection.parts(&mut |_, part| {
        volume.pass(part, &seen[place], exact.is_some(), &mut layers[place]);
        place += 1;
    });
    Layers { layers, jacobians: volume.finish(&rows) }
}

/// What a layer saw: its input, the conditions, which of the chosen rows these are, and its log-dets there.
struct Seen<const D: usize> {
    x: Tensor<D>,
    given: Conditions,
    rows: Vec<usize>,
    log_dets: Vec<f64>,
}

/// The rows on their way through the layers.
struct Stage<const D: usize> {
    x: Tensor<D>,
    given: Conditions,
    /// Which of the chosen rows are still finite.
    rows: Vec<usize>,
    width: usize,
}

impl<const D: usize> Stage<D> {
    fn new<T: Bijection<D>, B: Base<D>>(subject: &Subject<'_, D, T, B>, rows: &[usize]) -> Self {
        let (x, given) = (select(&subject.x, rows), subject.given.select(rows));
        Self { x, given, rows: (0..rows.len()).collect(), width: subject.width() }
    }

    fn pass(&mut self, name: &str, part: &dyn Part<D>) -> (LayerAudit, Seen<D>) {
        let bad_weights = part.bad_weights();
        let mut layer =
            LayerAudit { name: name.into(), bad_weights, rows: self.rows.len(), ..LayerAudit::default() };
        let seen = |stage: &Self, log_dets| Seen {
            x: stage.x.clone(),
            given: stage.given.clone(),
            rows: stage.rows.clone(),
            log_dets,
        };
        if self.rows.is_empty() {
            return (layer, seen(self, Vec::new()));
        }
        part.examine(&self.x, self.given.context(), &mut |sign| layer.signs.push(sign));
        let (z, log_det) = part.forward(self.x.clone(), self.given.context());
        let (values, log_dets) = (host(z.clone()), host(log_det));
        let finite = |row: usize| {
            log_dets[row].is_finite()
                && values[row * self.width..(row + 1) * self.width].iter().all(|v| v.is_finite())
        };
        let alive: Vec<usize> = (0..self.rows.len()).filter(|&row| finite(row)).collect();
        layer.not_finite = self.rows.len() - alive.len();
        let whole = alive.len() == self.rows.len();
        if !whole {
            self.x = select(&self.x, &alive);
            self.given = self.given.select(&alive);
            self.rows = alive.iter().map(|&row| self.rows[row]).collect();
        }
        let log_dets: Vec<f64> = alive.iter().map(|&row| log_dets[row]).collect();
        let z = if whole { z } else { select(&z, &alive) };
        if !alive.is_empty() {
            let (back, inverse) = part.inverse(z.clone(), self.given.context());
            layer.round_trip = Spread::of(&by_row(&host(back.clone()), &host(self.x.clone()), self.width));
            let (again, _) = part.forward(back, self.given.context());
            layer.from_latent = Spread::of(&by_row(&host(again), &host(z.clone()), self.width));
            let sums: Vec<f64> = host(inverse)
                .iter()
                .zip(&log_dets)
                .map(|(inverse, forward)| relative(-inverse, *forward))
                .collect();
            layer.log_dets_cancel = Spread::of(&sums);
        }
        let seen = seen(self, log_dets);
        self.x = z;
        (layer, seen)
    }
}

/// Exact Jacobians on their way through the layers.
struct Volume {
    width: usize,
    /// The chosen rows that have one, and the product so far; `None` for a row that was lost.
    products: Vec<(usize, Option<Jacobian>)>,
}

impl Volume {
    fn new(width: usize, rows: Vec<usize>) -> Self {
        let identity = Jacobian::new(
            width,
            width,
            (0..width * width).map(|k| f64::from(k / width == k % width)).collect(),
        );
        Self { width, products: rows.into_iter().map(|row| (row, Some(identity.clone()))).collect() }
    }

    /// Compares a layer's log-dets with its Jacobians' and, in f64, with those in f32.
    fn pass<const D: usize>(
        &mut self,
        part: &dyn Part<D>,
        seen: &Seen<D>,
        exact: bool,
        layer: &mut LayerAudit,
    ) {
        if seen.rows.is_empty() {
            self.products.iter_mut().for_each(|(_, product)| *product = None);
            return;
        }
        let dtype = if exact { DType::F64 } else { seen.x.dtype() };
        let (x, given) = (seen.x.clone().cast(dtype), seen.given.cast(dtype));
        if exact {
            let log_dets = host(part.forward(x.clone(), given.context()).1);
            let off: Vec<f64> = seen.log_dets.iter().zip(&log_dets).map(|(a, b)| relative(*a, *b)).collect();
            layer.precision = Some(Spread::of(&off));
        }
        let places: Vec<Option<usize>> =
            self.products.iter().map(|(row, _)| seen.rows.binary_search(row).ok()).collect();
        let present: Vec<usize> = places.iter().flatten().copied().collect();
        if present.is_empty() {
            return;
        }
        let (x, given) = (select(&x, &present), given.select(&present));
        let log_dets = host(part.forward(x.clone(), given.context()).1);
        let mut derivatives = part.derivatives(&x, given.context()).into_iter().map(|at| at.by_x);
        let mut exact = Vec::new();
        for ((_, product), place) in self.products.iter_mut().zip(places) {
            let jacobian = place.and_then(|_| derivatives.next());
            exact.extend(jacobian.as_ref().map(Jacobian::log_abs_det));
            *product = product.take().zip(jacobian).map(|(before, own)| times(&own, &before, self.width));
        }
        let off = |sign: f64| -> Vec<f64> {
            log_dets.iter().zip(&exact).map(|(found, exact)| relative(sign * found, *exact)).collect()
        };
        let spread = Spread::of(&off(1.0));
        let turned = Spread::of(&off(-1.0));
        layer.wrong_sign = turned.max < 1e-3 && spread.max > 1e-3;
        layer.log_det = Some(spread);
    }

    fn finish(self, rows: &[usize]) -> Vec<(usize, Jacobian)> {
        self.products.into_iter().filter_map(|(row, product)| product.map(|j| (rows[row], j))).collect()
    }
}

/// The product of two square matrices.
fn times(a: &Jacobian, b: &Jacobian, n: usize) -> Jacobian {
    let (a, b) = (a.values(), b.values());
    let mut product = vec![0.0; n * n];
    for (row, out) in a.chunks(n).zip(product.chunks_mut(n)) {
        for (factor, other) in row.iter().zip(b.chunks(n)) {
            // Triangular and sparse layers are common.
            if *factor != 0.0 {
                out.iter_mut().zip(other).for_each(|(out, v)| *out += factor * v);
            }
        }
    }
    Jacobian::new(n, n, product)
}
