//! What a broken law looks like.

use std::fmt;

/// The laws, by what they promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// The premise: far enough from the identity for the others to mean something.
    Strength,
    /// 1: shapes and number types are kept, values are finite.
    Shapes,
    /// 2: `inverse(forward(x)) = x`.
    Inverse,
    /// 3: the log-dets of both directions cancel.
    LogDetsCancel,
    /// 4: `log_det = log |det J|` of the autodiff Jacobian.
    LogDet,
    /// 5: every trained parameter gets a finite gradient that is not zero.
    Gradients,
    /// 6: saved and loaded, it gives the same numbers.
    File,
    /// 8: at its start a permutation, log-det 0.
    Start,
    /// 9: `initialize` hands on what the next layer sees, and keeps parameters trainable.
    Initialize,
    /// 10: the Jacobian has its zeros, and only those.
    Structure,
    /// 11: extreme inputs give finite values and gradients.
    Extremes,
    /// 12: every device gives the same numbers.
    Devices,
    /// 13: the density sums to 1.
    Normalised,
    /// 14: `walk` adds up to `forward`.
    Walk,
    /// 15: calls agree, and rows do not touch each other.
    Rows,
    /// 16: the rule for tangents gives the autodiff Jacobian.
    Tangents,
}

impl Law {
    /// The number in the list of laws; 0 for their premise.
    pub fn number(self) -> u8 {
        match self {
            Self::Strength => 0,
            Self::Shapes => 1,
            Self::Inverse => 2,
            Self::LogDetsCancel => 3,
            Self::LogDet => 4,
            Self::Gradients => 5,
            Self::File => 6,
            Self::Start => 8,
            Self::Initialize => 9,
            Self::Structure => 10,
            Self::Extremes => 11,
            Self::Devices => 12,
            Self::Normalised => 13,
            Self::Walk => 14,
            Self::Rows => 15,
            Self::Tangents => 16,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Strength => "far from the identity",
            Self::Shapes => "shapes are kept and values finite",
            Self::Inverse => "inverse(forward(x)) = x",
            Self::LogDetsCancel => "the log-dets of both directions cancel",
            Self::LogDet => "log_det = log|det J|",
            Self::Gradients => "every parameter gets a gradient",
            Self::File => "saved and loaded it is the same",
            Self::Start => "at its start a permutation",
            Self::Initialize => "initialize hands on what the next layer sees",
            Self::Structure => "the Jacobian has its zeros, and only those",
            Self::Extremes => "finite at extreme inputs",
            Self::Devices => "devices agree",
            Self::Normalised => "the density sums to 1",
            Self::Walk => "walk adds up to forward",
            Self::Rows => "calls agree and rows do not touch",
            Self::Tangents => "tangents are those of the Jacobian",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strength => write!(f, "premise ({})", self.sentence()),
            law => write!(f, "law {} ({})", law.number(), law.sentence()),
        }
    }
}

/// A law that a bijection breaks: one line that says which, where, and by how much.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{row}: {law}: found {found}, expected {expected}{}", within(*tolerance))]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// The row of the table: the name given to [`Laws::new`](super::Laws::new) and the number type.
    pub row: String,
    /// What was found, and where.
    pub found: String,
    /// What the law asks for.
    pub expected: String,
    /// The tolerance of the comparison, relative to `max(1, |expected|)`; 0 for exact laws.
    pub tolerance: f64,
}

fn within(tolerance: f64) -> String {
    if tolerance == 0.0 { String::new() } else { format!(" within {tolerance:.1e}") }
}
