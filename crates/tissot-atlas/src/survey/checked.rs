//! What an audit says of the model, beside its pictures.

use super::Survey;
use serde::Serialize;
use tissot::inspect::audit::Audit;

/// Whether the model can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Whether nothing was found.
    pub healthy: bool,
    /// What was looked at, and the first cause of trouble: one line.
    pub verdict: String,
    /// All that was found, causes first.
    pub findings: Vec<String>,
}

impl Survey {
    /// The survey with the verdict of an audit of the same model, for the report's head.
    pub fn with_audit(mut self, audit: &Audit) -> Self {
        self.audit = Some(Checked {
            healthy: audit.is_healthy(),
            verdict: audit.verdict(),
            findings: audit.findings.iter().map(ToString::to_string).collect(),
        });
        self
    }
}
