//! What a checkpoint does not say.

use super::Checkpoint;
use crate::columns::Columns;
use crate::dtype::Precision;
use crate::error::Error;
use crate::nets::Activation;
use crate::univariate::LogScale;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A library whose checkpoints can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Library {
    /// nflows (Durkan et al. 2020), 0.14.
    Nflows,
    /// zuko (Rozet et al. 2022), 1.6.
    Zuko,
    /// normflows (Stimper et al. 2023), 1.7.
    Normflows,
    /// FrEIA (Ardizzone et al. 2018-2022), 0.2.
    Freia,
    /// FlowJAX (Ward 2023), 19.
    Flowjax,
}

/// How FrEIA's `AllInOneBlock` makes its global scale of `global_scale`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GlobalAffine {
    /// `0.2 softplus(q / 2)`.
    #[default]
    Softplus,
    /// `10 sigmoid(q - 2)`.
    Sigmoid,
    /// `exp(q)`.
    Exp,
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nflows => "nflows",
            Self::Zuko => "zuko",
            Self::Normflows => "normflows",
            Self::Freia => "FrEIA",
            Self::Flowjax => "FlowJAX",
        })
    }
}

/// What the names and shapes of a checkpoint do not say; everything has the library's own default.
///
/// As JSON, a missing field takes its default and an unknown one is an error.
///
/// ```
/// use tissot::interop::Architecture;
///
/// let architecture = Architecture::from_json(r#"{"library": "nflows", "bound": 3.0}"#)?;
/// assert_eq!(architecture.bound, Some(3.0));
/// # Ok::<(), tissot::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Architecture {
    /// The library; told by the names without it.
    pub library: Option<Library>,
    /// The height and width of images; empty for tables.
    pub positions: Vec<usize>,
    /// What follows each hidden layer of the networks, `max(u, 0)` by default.
    pub activation: Activation,
    /// Where splines end: nflows' `tail_bound` (1 by default), zuko's `bound` (5), FlowJAX's `interval` (4), of which both ends
    /// must be as far from 0.
    pub bound: Option<f64>,
    /// Whether nflows divides the widths and heights of a coupling's bins by the root of the hidden units. It does where the
    /// network has an attribute `hidden_features`: by default for its residual networks, not for others.
    pub logits_over_root_hidden: Option<bool>,
    /// The law of affine scales, where it is not the library's own: of FrEIA with another `clamp` than 2 it is `{"Atan": {"clamp":
    /// 1.5}}`, of its `AllInOneBlock` `{"Tanh": {"bound": 1.5}}`.
    pub scale: Option<LogScale>,
    /// FrEIA's `global_affine_type`.
    pub global_affine: GlobalAffine,
    /// The precision of the model; by default f64 where the checkpoint holds f64 numbers, else f32.
    pub precision: Option<Precision>,
    /// The columns of the rows, with domains and standardisation if there are; `x1, x2, ..` as they are by default.
    pub columns: Columns,
    /// Those of the context; `c1, c2, ..` by default.
    pub context_columns: Columns,
}

impl Architecture {
    /// From JSON.
    ///
    /// # Errors
    /// [`Error::Config`] with the line and column of what does not fit.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            Error::config("architecture", error, "an architecture as JSON, see docs/import.md")
        })
    }

    /// The library of a checkpoint, and what stands before all names of its flow.
    pub(super) fn library_of(&self, checkpoint: &Checkpoint) -> Result<(Library, String), Error> {
        let names: Vec<&str> = checkpoint.arrays().keys().map(String::as_str).collect();
        let first = names.first().copied().unwrap_or_default();
        // A flow is often a field of a module of its user's.
        let mut prefix = String::new();
        for part in first.split_inclusive('.') {
            let under: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(&prefix)).collect();
            if under.len() != names.len() {
                break;
            }
            let found = told_by(&under);
            if let Some(library) = found.filter(|found| self.library.is_none_or(|given| given == *found)) {
                return Ok((library, prefix));
            }
            prefix += part;
        }
        let whose = self
            .library
            .map_or("nflows, zuko, normflows, FrEIA or FlowJAX".into(), |library| library.to_string());
        Err(Error::checkpoint(checkpoint.path(), first, format!("such names are not those of {whose}")))
    }
}

/// The library that gives such names, if one does.
fn told_by(names: &[&str]) -> Option<Library> {
    let begins = |with: &str| names.iter().any(|name| name.starts_with(with));
    let has = |name: &str| names.contains(&name);
    let layers = ["identity_features", "_permutation", "lower_entries", "initialized"];
    let nflows = ["_transforms.", "_transform.", "autoregressive_net."].into_iter().any(begins)
        || layers.into_iter().any(has)
        || (has("log_scale") && has("shift"));
    if begins("transform.transforms.") {
        Some(Library::Zuko)
    } else if begins("module_list.") {
        Some(Library::Freia)
    } else if begins("bijection.bijection.") {
        Some(Library::Flowjax)
    } else if begins("flows.") || (has("log_S") && has("sign_S")) {
        Some(Library::Normflows)
    } else {
        nflows.then_some(Library::Nflows)
    }
}
