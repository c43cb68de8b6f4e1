//! The report of an audit.

use super::bridges::Bridges;
use super::calibration::Calibration;
use super::finding::{Finding, Kind};
use super::fooled::Fooled;
use super::layer::LayerAudit;
use super::round_trip::RoundTrip;
use super::spread::Spread;
use super::thresholds::Thresholds;
use super::volume::Volume;
use crate::inspect::Mass;
use burn::tensor::DType;
use serde::Serialize;

/// What an audit measured and found. Numbers that are not finite are `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// What is wrong, causes before what follows from them; nothing for a healthy model.
    pub findings: Vec<Finding>,
    /// What one should know, though it is no fault.
    pub notes: Vec<String>,
    /// Rows that were looked at.
    pub rows: usize,
    /// Numbers in a row.
    pub features: usize,
    /// Whether the rows are data; the model's own samples otherwise.
    pub on_data: bool,
    /// The number type of the weights.
    pub dtype: String,
    /// Whether it stopped early, because the flow cannot be evaluated: the rest is not measured.
    pub stopped: bool,
    /// Every layer alone.
    pub layers: Vec<LayerAudit>,
    /// The whole flow there and back.
    pub round_trip: RoundTrip,
    /// The differences of log-densities in f32 from f64, relative to `max(1, |log-density|)`; `None` where the flow is in
    /// f64, or its device has none.
    pub precision: Option<Spread>,
    /// The whole flow's exact Jacobians; `None` above 512 features.
    pub volume: Option<Volume>,
    /// The probability on a grid; `None` in more than 2 dimensions, or under a context.
    pub mass: Option<Mass>,
    /// The latents against the base; `None` without data.
    pub calibration: Option<Calibration>,
    /// The known ways to be fooled; `None` without data.
    pub fooled: Option<Fooled>,
    /// The thresholds of the findings.
    pub thresholds: Thresholds,
}

impl Audit {
    pub(super) fn new(rows: usize, features: usize, on_data: bool, dtype: DType) -> Self {
        Self {
            findings: Vec::new(),
            notes: Vec::new(),
            rows,
            features,
            on_data,
            dtype: format!("{dtype:?}").to_lowercase(),
            stopped: false,
            layers: Vec::new(),
            round_trip: RoundTrip::default(),
            precision: None,
            volume: None,
            mass: None,
            calibration: None,
            fooled: None,
            thresholds: Thresholds::default(),
        }
    }

    pub(super) fn add_all(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    pub(super) fn add_precision(&mut self, limits: &Thresholds, layers: &[LayerAudit]) {
        let Some(error) = self.precision.filter(|error| error.max > limits.precision) else { return };
        let of = |layer: &LayerAudit| layer.precision.map_or(0.0, |precision| precision.max);
        let worst = layers.iter().max_by(|a, b| of(a).total_cmp(&of(b)));
        let message = format!(
            "a log-density in f32 is {:.3e} off f64 (99 % within {:.1e}), expected at most {:.0e}",
            error.max, error.q99, limits.precision
        );
        self.findings.push(Finding {
            place: worst.map(|layer| layer.name.clone()),
            ..Finding::whole(Kind::Precision, error.max, limits.precision, message)
        });
    }

    pub(super) fn add_lost_samples(&mut self, lost: usize, of: usize) {
        let message = format!("{lost} of {of} samples of the model are NaN or infinite, expected none");
        self.findings.push(Finding::whole(Kind::NotFinite, lost as f64, 0.0, message));
        self.findings.sort_by_key(|finding| finding.kind);
    }

    /// Puts causes first, and what a user should know beside them.
    pub(super) fn finished(mut self, limits: &Thresholds) -> Self {
        self.thresholds = limits.clone();
        self.findings.sort_by_key(|finding| finding.kind);
        if let Some(note) = self.fooled.as_ref().map(|f| f.simple.note.clone()).filter(|n| !n.is_empty()) {
            self.notes.push(note);
        }
        if self.stopped {
            self.notes.push("the rest was not measured: the flow cannot be evaluated as it is".into());
        } else if self.volume.is_none() {
            self.notes.push(
                "no exact Jacobian was made: there are more than 512 features, or no row stayed finite"
                    .into(),
            );
        }
        self
    }

    /// Whether nothing was found.
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty()
    }

    /// One line: what was looked at, and the first cause of trouble.
    pub fn verdict(&self) -> String {
        let rows = if self.on_data { "rows" } else { "of its own samples" };
        let over = format!("{} layers on {} {rows}", self.layers.len(), self.rows);
        match &self.findings[..] {
            [] => format!("healthy: nothing found in {over}"),
            [one] => format!("1 finding in {over}: {one}"),
            [first, rest @ ..] => format!("{} findings in {over}, first: {first}", rest.len() + 1),
        }
    }

    /// The name that columns have in the user's table, in place of x1, x2, ..
    pub(super) fn name_columns(&mut self, names: &[String]) {
        let Some(fooled) = &mut self.fooled else { return };
        for tail in &mut fooled.tails {
            let known = tail.column.strip_prefix('x').and_then(|k| k.parse::<usize>().ok());
            let Some(name) = known.and_then(|k| names.get(k.checked_sub(1)?)) else { continue };
            let (old, new) = (format!("column {}:", tail.column), format!("column {name}:"));
            for finding in &mut self.findings {
                if finding.kind == Kind::Tail && finding.place.as_deref() == Some(&tail.column) {
                    finding.place = Some(name.clone());
                    finding.message = finding.message.replacen(&old, &new, 1);
                }
            }
            tail.column = name.clone();
        }
    }

    /// Forgets what was said of these columns' tails.
    pub(super) fn forget_tails(&mut self, columns: &[String]) {
        if let Some(fooled) = &mut self.fooled {
            fooled.tails.retain(|tail| !columns.contains(&tail.column));
        }
        let of_these = |place: &Option<String>| place.as_ref().is_some_and(|place| columns.contains(place));
        self.findings.retain(|finding| finding.kind != Kind::Tail || !of_these(&finding.place));
    }

    /// The mass of samples with no data near, where it was measured.
    pub fn bridges(&self) -> Option<Bridges> {
        self.fooled.as_ref().and_then(|fooled| fooled.bridges)
    }
}
