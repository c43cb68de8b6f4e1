//! What is surveyed: a bijection between the columns of a table and a latent, asked in plain numbers.

use burn::module::ModuleDisplay;
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot::base::Base;
use tissot::columns::Columns;
use tissot::inspect::{self, Digits, jacobian::Jacobian};
use tissot::{Bijection, Context, Flow, Model};

/// Rows that go through the flow at a time.
const BLOCK: usize = 8_192;

/// The base's log-density of latents, and the context that it is conditioned on.
type LogBase<'a> = Box<dyn Fn(Tensor<2>, Context<'_>) -> Tensor<1> + 'a>;

/// The decimal digits that are left of inputs.
type DigitsLeft<'a> = Box<dyn Fn(Tensor<2>, Context<'_>) -> Vec<Digits> + 'a>;

/// A bijection, the columns of its data, and the base distribution where there is one.
pub(crate) struct Subject<'a, T> {
    bijection: &'a T,
    columns: &'a Columns,
    context_columns: &'a Columns,
    embed: Option<Box<dyn Fn(Tensor<2>) -> Tensor<2> + 'a>>,
    log_base: Option<LogBase<'a>>,
    digits: Option<DigitsLeft<'a>>,
    device: Device,
    dtype: DType,
}

/// Rows in the model's units.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    /// Standardised values, row-major; zeros where a row is outside.
    pub y: Vec<f64>,
    /// `log dy/dx` of each value, in the user's units.
    pub slopes: Vec<f64>,
    /// Whether each row is inside the columns' domains.
    pub inside: Vec<bool>,
}

/// What passing the layers gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walked {
    /// The layers' names.
    pub names: Vec<String>,
    /// Each layer's output, row-major; empty where they were not kept.
    pub outputs: Vec<Vec<f64>>,
    /// The latent, row-major.
    pub z: Vec<f64>,
    /// Each layer's log-det of each row.
    pub log_dets: Vec<Vec<f64>>,
}

impl Walked {
    /// The sum of the layers' log-dets, of one row.
    pub fn log_det(&self, row: usize) -> f64 {
        self.log_dets.iter().map(|layer| layer[row]).sum()
    }
}

impl<'a> Subject<'a, tissot::Chain<tissot::Layer>> {
    /// A model.
    pub fn of_model(model: &'a Model) -> Self {
        let Flow { bijection, base, .. } = &model.flow;
        let embedded = model.flow.embedding.is_some();
        Self {
            bijection,
            columns: &model.columns,
            context_columns: &model.context,
            embed: embedded.then(|| -> Box<dyn Fn(Tensor<2>) -> Tensor<2>> {
                Box::new(|c: Tensor<2>| model.flow.embed(Context::of(&c)).unwrap_or(c))
            }),
            log_base: Some(Box::new(|z, context| base.log_prob(z, context))),
            digits: Some(Box::new(|x, context| inspect::digits_left(bijection, &x, context))),
            device: model.flow.device(),
            dtype: model.flow.dtype(),
        }
    }
}

impl<'a, T: Bijection<2> + ModuleDisplay> Subject<'a, T> {
    /// A bijection without a base.
    pub fn of_bijection(bijection: &'a T, columns: &'a Columns, none: &'a Columns, device: Device) -> Self {
        let dtype = DType::F64;
        Self {
            bijection,
            columns,
            context_columns: none,
            embed: None,
            log_base: None,
            digits: None,
            device,
            dtype,
        }
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    pub fn columns(&self) -> &'a Columns {
        self.columns
    }

    pub fn has_base(&self) -> bool {
        self.log_base.is_some()
    }

    /// What it computes in.
    pub fn number_type(&self) -> &'static str {
        if self.dtype == DType::F64 { "f64" } else { "f32" }
    }

    /// Rows in the user's units, in the model's; whole numbers are taken in the middle of their cells.
    pub fn enter(&self, rows: &[f64]) -> Entered {
        let d = self.width();
        let mut entered = Entered {
            y: Vec::with_capacity(rows.len()),
            slopes: Vec::with_capacity(rows.len()),
            inside: Vec::with_capacity(rows.len() / d),
        };
        for row in rows.chunks(d) {
            let values: Option<Vec<(f64, f64)>> =
                self.columns.0.iter().zip(row).map(|(column, &x)| column.unbounded(x, || 0.5)).collect();
            entered.inside.push(values.is_some());
            let values = values.unwrap_or_else(|| self.columns.0.iter().map(|c| (c.mean, 0.0)).collect());
            for (column, (y, slope)) in self.columns.0.iter().zip(values) {
                entered.y.push((y - column.mean) / column.std);
                entered.slopes.push(slope - column.std.ln());
            }
        }
        entered
    }

    /// Values in the model's units, in the user's.
    pub fn leave(&self, y: &[f64]) -> Vec<f64> {
        let mut rows = Vec::with_capacity(y.len());
        y.chunks(self.width()).for_each(|row| self.columns.inverse(row, &mut rows));
        rows
    }

    /// Through the layers, with the context of each row in the user's units (one row of context serves all). The outputs
    /// of all layers are kept, or of the last alone.
    pub fn walk(&self, y: &[f64], context: &[f64], keep: bool) -> Walked {
        let d = self.width();
        let mut walked = Walked::default();
        for block in blocks(y.len() / d) {
            let context = self.context(context, block.clone());
            let x = self.tensor(&y[block.start * d..block.end * d], d);
            let mut k = 0;
            let last = self.bijection.walk(x, of(context.as_ref()), &mut |name, z, log_det| {
                if walked.names.len() == k {
                    walked.names.push(name.to_owned());
                    walked.outputs.push(Vec::new());
                    walked.log_dets.push(Vec::new());
                }
                if keep {
                    walked.outputs[k].extend(host(z.clone()));
                }
                walked.log_dets[k].extend(host(log_det.clone()));
                k += 1;
            });
            walked.z.extend(host(last));
        }
        walked
    }

    /// `log p_base` of latents; nothing without a base.
    pub fn log_base(&self, z: &[f64], context: &[f64]) -> Option<Vec<f64>> {
        let d = self.width();
        let log_base = self.log_base.as_ref()?;
        let part = |block: std::ops::Range<usize>| {
            let context = self.context(context, block.clone());
            host(log_base(self.tensor(&z[block.start * d..block.end * d], d), of(context.as_ref())))
        };
        Some(blocks(z.len() / d).flat_map(part).collect())
    }

    /// From latents back to the user's units, under one row of context.
    pub fn back(&self, z: &[f64], context: &[f64]) -> Vec<f64> {
        let d = self.width();
        let part = |block: std::ops::Range<usize>| {
            let context = self.context(context, block.clone());
            host(
                self.bijection
                    .inverse(self.tensor(&z[block.start * d..block.end * d], d), of(context.as_ref()))
                    .0,
            )
        };
        self.leave(&blocks(z.len() / d).flat_map(part).collect::<Vec<f64>>())
    }

    /// The decimal digits of rows that survive the way to the latent and back in f32; nothing where layers are not known
    /// one by one.
    pub fn digits_left(&self, y: &[f64], context: &[f64]) -> Option<Vec<f64>> {
        let d = self.width();
        let digits = self.digits.as_ref()?;
        let part = |block: std::ops::Range<usize>| {
            let context = self.context(context, block.clone());
            digits(self.tensor(&y[block.start * d..block.end * d], d), of(context.as_ref()))
        };
        Some(blocks(y.len() / d).flat_map(part).map(|digits| digits.expected).collect())
    }

    /// The exact Jacobians of the bijection, in the model's units.
    pub fn jacobians(&self, y: &[f64], context: &[f64]) -> Vec<Jacobian> {
        let d = self.width();
        let part = |block: std::ops::Range<usize>| {
            let context = self.context(context, block.clone());
            let x = self.tensor(&y[block.start * d..block.end * d], d);
            inspect::jacobians(self.bijection, &x, of(context.as_ref()))
        };
        blocks(y.len() / d).flat_map(part).collect()
    }

    /// The context of a block of rows, in the model's units and embedded.
    fn context(&self, context: &[f64], block: std::ops::Range<usize>) -> Option<Tensor<2>> {
        let c = self.context_columns.len();
        (c > 0).then(|| {
            let mut values = Vec::with_capacity(block.len() * c);
            for row in block {
                let row = if context.len() == c { context } else { &context[row * c..(row + 1) * c] };
                values.extend(self.context_columns.0.iter().zip(row).map(|(column, &x)| {
                    column.unbounded(x, || 0.5).map_or(0.0, |(y, _)| (y - column.mean) / column.std)
                }));
            }
            let features = self.tensor(&values, c);
            match &self.embed {
                Some(embed) => embed(features),
                None => features,
            }
        })
    }

    fn tensor(&self, values: &[f64], columns: usize) -> Tensor<2> {
        let shape = [values.len() / columns, columns];
        Tensor::from_data(TensorData::new(values.to_vec(), shape), (&self.device, self.dtype))
    }
}

fn of(features: Option<&Tensor<2>>) -> Context<'_> {
    Context { features, maps: None }
}

fn blocks(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |start| start..rows.min(start + BLOCK))
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
