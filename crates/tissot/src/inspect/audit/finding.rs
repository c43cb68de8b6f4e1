//! What an audit finds.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a finding is about; in the order in which a cause comes before what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A weight is NaN or infinite.
    Weight,
    /// An order of features is no permutation.
    Order,
    /// An entry of an LU diagonal is nearly 0.
    Diagonal,
    /// A scale is so large or small that f32 loses its digits.
    Scale,
    /// A bin of a spline has hardly any slope, or hardly any width.
    Bin,
    /// A layer makes NaN or infinity of finite numbers.
    NotFinite,
    /// A log-det is not that of the exact Jacobian.
    LogDet,
    /// The log-dets of forward and inverse do not cancel.
    LogDetsCancel,
    /// A round trip does not come back.
    RoundTrip,
    /// f32 and f64 disagree.
    Precision,
    /// Directions are stretched so unlike that f32 cannot hold both.
    Condition,
    /// Values are outside a spline's box.
    Outside,
    /// Scales do not learn any more.
    Saturated,
    /// The density does not sum to 1.
    Mass,
    /// The rows lie on fewer dimensions than they have columns.
    Manifold,
    /// The latents are not distributed as the base.
    Calibration,
    /// Highest-density regions hold too many or too few of the rows.
    Coverage,
    /// The data's tails are heavier than the model's.
    Tail,
    /// The model puts mass where no data are.
    Bridge,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// Where: a layer's name as `walk` has it, `base`, `embedding`, a column's name; `None` for the whole flow.
    pub place: Option<String>,
    /// The number found.
    pub found: f64,
    /// The number that it must not pass.
    pub limit: f64,
    /// A sentence.
    pub message: String,
}

impl Finding {
    /// A finding at a layer.
    pub(super) fn at(kind: Kind, place: &str, found: f64, limit: f64, message: String) -> Self {
        Self {
            kind,
            place: Some(place.to_owned()),
            found,
            limit,
            message: format!("{}: {message}", said(place)),
        }
    }

    /// A finding about the whole flow.
    pub(super) fn whole(kind: Kind, found: f64, limit: f64, message: String) -> Self {
        Self { kind, place: None, found, limit, message }
    }
}

/// A place in a sentence: layers have numbers.
fn said(place: &str) -> String {
    match place {
        "base" => "the base".to_owned(),
        "embedding" => "the embedding of the context".to_owned(),
        _ if place.starts_with(|c: char| c.is_ascii_digit()) => format!("layer {place}"),
        _ => place.to_owned(),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
