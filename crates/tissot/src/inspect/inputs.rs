//! Rows of a table as what a model's flow sees.

use crate::bijection::Context;
use crate::model::Model;
use burn::tensor::Tensor;

/// Rows of a table in the units of a model's flow: standardised, on its device and in its number type.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The rows, `[rows, columns]`; zeros where a value is outside its column's domain.
    pub x: Tensor<2>,
    /// The context as the bijection and the base see it (embedded), `[rows, ..]`.
    pub features: Option<Tensor<2>>,
    /// `log |det|` of the domains and of the standardisation, in nats a row; -infinity outside a domain.
    pub log_det: Vec<f64>,
}

impl Inputs {
    /// Row-major `rows` and `context` in the user's units, as [`Model::log_prob`] takes them.
    ///
    /// Whole numbers are dequantised once, by a draw that depends on the row alone; a density of theirs is that of this
    /// one draw.
    ///
    /// # Panics
    /// Where the lengths do not fit the model.
    pub fn of(model: &Model, rows: &[f64], context: &[f64]) -> Self {
        let (x, log_det) = model.inputs(rows);
        let n = log_det.len();
        let width = model.context.len();
        assert_eq!(context.len(), n * width, "one context row of {width} columns a row");
        let features = model.context_tensor(context);
        let features = model.flow.embed(Context { features: features.as_ref(), maps: None });
        Self { x, features, log_det }
    }

    /// The context of the bijection.
    pub fn context(&self) -> Context<'_> {
        Context { features: self.features.as_ref(), maps: None }
    }
}
