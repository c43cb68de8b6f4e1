//! The log-det ledger: how much each layer added to the log-density of each row.

use super::inputs::Inputs;
use super::jacobian::host;
use crate::base::Base;
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use crate::model::Model;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The levels of [`Term::quantiles`].
pub const LEVELS: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

/// Rows that go through the flow at a time.
const BLOCK: usize = 8_192;

/// The account of `log p(row) = preprocessing + sum_l log_det_l + base`, in nats, for each row and each layer `l`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The paths of the elementary layers, such as `3.Coupling`, the one that sees the data first.
    pub layers: Vec<String>,
    /// The log-det of each layer at each row: `log_dets[layer][row]`.
    pub log_dets: Vec<Vec<f64>>,
    /// The log-det of domains and standardisation at each row; 0 without a table, -infinity outside a domain.
    pub preprocessing: Vec<f64>,
    /// `log p_base(z)` of each row.
    pub base: Vec<f64>,
    /// The log-det of the whole bijection at each row, from a `forward` of its own: not the sum of `log_dets`, to which
    /// [`Balance`](super::Balance) compares it.
    pub total: Vec<f64>,
    /// The log-density of each row, `preprocessing + total + base`; in the user's units where there is a table.
    pub log_prob: Vec<f64>,
}

/// What a [`Term`] of the account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Domains and standardisation.
    Preprocessing,
    /// A layer's log-det.
    Layer,
    /// The log-density of the latent.
    Base,
}

/// One term of `log p` over all rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// A layer's path, `preprocessing` or `base`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The value, where it is the same for every row (ActNorm, a linear map): it moves the mean of `log p` and no row
    /// against another.
    pub constant: Option<f64>,
    /// The mean, in nats.
    pub mean: f64,
    /// The quantiles at [`LEVELS`], in nats.
    pub quantiles: [f64; LEVELS.len()],
    /// `cov(term, log p) / var(log p)`: the share of the differences between rows that it makes. Shares add up to 1;
    /// one below 0 works against the others. NaN where `log p` is the same for all rows.
    pub share: f64,
}

/// The account summed up over the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows that were counted.
    pub rows: usize,
    /// Rows that were left out, because a term of theirs is not finite.
    pub left_out: usize,
    /// The mean of `log p`, in nats.
    pub mean: f64,
    /// The variance of `log p` over the rows (divided by their number), in nats squared.
    pub variance: f64,
    /// Preprocessing, then the layers in their order, then the base.
    pub terms: Vec<Term>,
}

impl Ledger {
    /// The account of a flow at `x`, in the units of its inputs.
    ///
    /// Pass `flow.valid()` for a flow that is being trained.
    ///
    /// # Shapes
    /// `x`: `[rows, features, ..]`; context features `[rows, context]`.
    ///
    /// # Panics
    /// Where the shapes do not fit the flow.
    ///
    /// # Cost
    /// Two forward passes.
    pub fn of_flow<const D: usize, T, B>(flow: &Flow<T, B>, x: &Tensor<D>, context: Context<'_>) -> Self
    where
        T: Bijection<D>,
        B: Base<D> + Module + ModuleDisplay,
    {
        let features = flow.embed(context);
        let context = Context { features: features.as_ref(), ..context };
        Self::new(&flow.bijection, &flow.base, x, context, vec![0.0; x.dims()[0]])
    }

    /// The account of a model at row-major `rows` and `context` in the user's units.
    ///
    /// Whole numbers are dequantised once, so their `log_prob` is not the average that [`Model::log_prob`] takes.
    ///
    /// # Panics
    /// Where the lengths do not fit the model.
    pub fn of_model(model: &Model, rows: &[f64], context: &[f64]) -> Self {
        let inputs = Inputs::of(model, rows, context);
        let (flow, log_det) = (&model.flow, inputs.log_det.clone());
        Self::new(&flow.bijection, &flow.base, &inputs.x, inputs.context(), log_det)
    }

    /// The account with the log-dets of preprocessing given; the context as the bijection sees it.
    fn new<const D: usize, T: Bijection<D>, B: Base<D>>(
        bijection: &T,
        base: &B,
        x: &Tensor<D>,
        context: Context<'_>,
        preprocessing: Vec<f64>,
    ) -> Self {
        let rows = x.dims()[0];
        let mut ledger = Self {
            layers: Vec::new(),
            log_dets: Vec::new(),
            preprocessing,
            base: Vec::with_capacity(rows),
            total: Vec::with_capacity(rows),
            log_prob: Vec::new(),
        };
        for start in (0..rows.max(1)).step_by(BLOCK) {
            let n = BLOCK.min(rows - start);
            let x = x.clone().narrow(0, start, n);
            let features = context.features.map(|c| c.clone().narrow(0, start, n));
            let maps = context.maps.map(|c| c.clone().narrow(0, start, n));
            let context = Context { features: features.as_ref(), maps: maps.as_ref() };
            let mut index = 0;
            bijection.walk(x.clone(), context, &mut |name, _, log_det| {
                if start == 0 {
                    ledger.layers.push(name.to_owned());
                    ledger.log_dets.push(Vec::with_capacity(rows));
                }
                ledger.log_dets[index].extend(host(log_det.clone()));
                index += 1;
            });
            let (z, total) = bijection.forward(x, context);
            ledger.total.extend(host(total));
            ledger.base.extend(host(base.log_prob(z, context)));
        }
        let sum = |row: usize| ledger.preprocessing[row] + ledger.total[row] + ledger.base[row];
        ledger.log_prob = (0..rows).map(sum).collect();
        ledger
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.log_prob.len()
    }

    /// Means, quantiles and shares of every term, over the rows whose terms are all finite.
    ///
    /// The layers' log-dets are taken from the walk, and `log p` as their sum, so that the shares add up to 1 exactly.
    pub fn summary(&self) -> Summary {
        let columns = || {
            let layers = self.log_dets.iter();
            std::iter::once(&self.preprocessing).chain(layers).chain(std::iter::once(&self.base))
        };
        let counted: Vec<usize> =
            (0..self.rows()).filter(|&row| columns().all(|column| column[row].is_finite())).collect();
        let log_p: Vec<f64> = counted.iter().map(|&row| columns().map(|column| column[row]).sum()).collect();
        let centre = mean(&log_p);
        let deviations: Vec<f64> = log_p.iter().map(|v| v - centre).collect();
        let squares: f64 = deviations.iter().map(|d| d * d).sum();
        let names = std::iter::once(("preprocessing", Kind::Preprocessing))
            .chain(self.layers.iter().map(|name| (name.as_str(), Kind::Layer)))
            .chain(std::iter::once(("base", Kind::Base)));
        let term = |((name, kind), column): ((&str, Kind), &Vec<f64>)| {
            let mut values: Vec<f64> = counted.iter().map(|&row| column[row]).collect();
            let centre = mean(&values);
            let together: f64 = values.iter().zip(&deviations).map(|(v, d)| (v - centre) * d).sum();
            values.sort_unstable_by(f64::total_cmp);
            let constant = (values.first() == values.last()).then(|| values.first().copied()).flatten();
            let share = match constant {
                Some(_) if squares > 0.0 => 0.0,
                _ => together / squares,
            };
            let name = name.to_owned();
            Term {
                name,
                kind,
                constant,
                mean: centre,
                quantiles: LEVELS.map(|q| quantile(&values, q)),
                share,
            }
        };
        Summary {
            rows: counted.len(),
            left_out: self.rows() - counted.len(),
            mean: centre,
            variance: squares / counted.len() as f64,
            terms: names.zip(columns()).map(term).collect(),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The quantile at `level` of sorted values, linear between neighbours; NaN without values.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = level.clamp(0.0, 1.0) * last as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    if part == 0.0 { sorted[low] } else { sorted[low] + part * (sorted[low + 1] - sorted[low]) }
}
