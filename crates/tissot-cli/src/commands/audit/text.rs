//! An audit in words.

use std::fmt::Write;
use std::path::Path;
use tissot::inspect::audit::{Audit, Spread};

/// The verdict, the findings, what was measured, what one should know.
pub fn of(audit: &Audit, model: &Path, table: Option<(u64, u64)>) -> String {
    let mut text = format!("{}: {}\n", model.display(), headline(audit));
    for finding in &audit.findings {
        let _ = writeln!(text, "  - {finding}");
    }
    if !audit.stopped {
        let _ = writeln!(text, "\nmeasured (the flow's units: standardised columns)");
        for (name, what) in measured(audit) {
            let _ = writeln!(text, "  {name:18} {what}");
        }
    }
    let mut notes = audit.notes.clone();
    match table {
        None => notes.push(
            "without DATA nothing can be said of calibration and coverage; give rows that did not train the model".into(),
        ),
        Some((seen, dropped)) => {
            if seen > audit.rows as u64 {
                notes.push(format!("{} of {seen} rows of the table were looked at, evenly spaced", audit.rows));
            }
            if dropped > 0 {
                notes.push(format!("{dropped} rows with missing values were left out"));
            }
        }
    }
    for note in notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn headline(audit: &Audit) -> String {
    match audit.findings.len() {
        0 => audit.verdict(),
        n => {
            let verdict = audit.verdict();
            // The findings follow one a line.
            let end = verdict.find(if n == 1 { ": " } else { ", first: " }).unwrap_or(verdict.len());
            verdict[..end].to_owned()
        }
    }
}

fn spread(errors: &Spread) -> String {
    format!("at most {:.1e}, 99 % of {} rows within {:.1e}", errors.max, errors.rows, errors.q99)
}

/// What was measured, a line each.
fn measured(audit: &Audit) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("round trip", spread(&audit.round_trip.from_data)),
        ("from the latent", spread(&audit.round_trip.from_latent)),
    ];
    if let Some(precision) = &audit.precision {
        lines.push(("f32 against f64", format!("log-density off by {}", spread(precision))));
    }
    if let Some(volume) = &audit.volume {
        lines.push(("log-det", format!("off the exact Jacobian's by {}", spread(&volume.log_det))));
        lines.push((
            "stretch",
            format!(
                "singular values {:.2e} to {:.2e}, at a row up to {:.1e} times one another",
                volume.least, volume.greatest, volume.condition.max
            ),
        ));
    }
    lines.push((
        "good for",
        match audit.round_trip.valid_up_to {
            None => "not even the rows themselves".into(),
            Some(1.0) => "the rows themselves; not for 10 times their values".into(),
            Some(scale) => format!("inputs of up to {scale:.0} times the rows' values"),
        },
    ));
    if let Some(mass) = &audit.mass {
        let error = mass.error.abs();
        let sum = format!("{:.4} on a grid, itself exact to {error:.4}", mass.integral);
        let finer = ": the density is finer than the grid";
        lines.push(("total probability", if error > audit.thresholds.mass { sum + finer } else { sum }));
    }
    if let Some(calibration) = &audit.calibration {
        let worst = calibration.columns.iter().copied().fold(calibration.radius, f64::max);
        lines.push((
            "latents",
            format!(
                "at most {worst:.3} off the base's distribution function ({:.3} by chance)",
                calibration.by_chance
            ),
        ));
        let regions = calibration.coverage.iter();
        let regions = regions.map(|c| format!("{:.0} %: {:.1} %", 100.0 * c.region, 100.0 * c.found));
        lines.push(("regions hold", regions.collect::<Vec<_>>().join(", ")));
    }
    if let Some(fooled) = &audit.fooled {
        if let Some(manifold) = &fooled.manifold {
            lines.push(("thin directions", format!("{:.2} of {}", manifold.collapsed, audit.features)));
        }
        if let Some(bridges) = fooled.bridges {
            lines.push((
                "mass without data",
                format!("{:.1} % of the model's samples", 100.0 * bridges.share),
            ));
        }
        let worst = fooled.tails.iter().max_by(|a, b| (a.data - a.model).total_cmp(&(b.data - b.model)));
        if let Some(tail) = worst {
            lines.push((
                "heaviest tail",
                format!(
                    "{}: shape {:.2} in the data, {:.2} in the model",
                    tail.column, tail.data, tail.model
                ),
            ));
        }
    }
    lines
}
