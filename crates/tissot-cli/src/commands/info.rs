//! `tissot info`.

use crate::failure::Outcome;
use crate::output;
use burn::tensor::Device;
use std::fmt::Write;
use std::path::Path;
use tissot::columns::Columns;
use tissot::{LayerConfig, Model};

/// Says what a model is.
pub fn run(path: &Path, json: bool) -> Outcome {
    let model = Model::load(path, &Device::flex())?;
    let known = &model.provenance;
    let value = serde_json::json!({
        "flow": model.config, "columns": model.columns, "context": model.context, "parameters": model.num_params(),
        "provenance": known,
    });
    output::print(json, &value, || {
        let mut text = String::new();
        let mut line = |name: &str, what: String| {
            let _ = writeln!(text, "{name:12} {what}");
        };
        line(
            "flow",
            format!(
                "{}, {} layers, {} parameters",
                known.preset,
                model.config.layers.len(),
                model.num_params()
            ),
        );
        line("layers", model.config.layers.iter().map(name).collect::<Vec<_>>().join(", "));
        line("columns", columns(&model.columns));
        if !model.context.is_empty() {
            line("context", columns(&model.context));
        }
        if let Some(embedding) = &model.config.embedding {
            line("embedding", format!("of the context, to {} features", embedding.features));
        }
        line("source", known.source.clone());
        line(
            "rows",
            format!(
                "{} train, {} validation, {} test",
                known.train_rows, known.validation_rows, known.test_rows
            ),
        );
        line("training", format!("{} steps, seed {}, tissot {}", known.steps, known.seed, known.version));
        let bound =
            if model.columns.any_integer() { " (a lower bound: whole numbers were dequantised)" } else { "" };
        if let Some(best) = known.validation_log_prob {
            line("validation", format!("{best:.4} nats a row"));
        }
        if let Some((mean, error)) = known.held_out {
            line("held-out", format!("{mean:.4} +- {error:.4} nats a row{bound}"));
        }
        text
    })?;
    Ok(())
}

/// Names with their domains and standardisation.
fn columns(columns: &Columns) -> String {
    let column = |c: &tissot::columns::Column| {
        format!("{} ({}, mean {:.6}, deviation {:.6})", c.name, c.domain, c.mean, c.std)
    };
    columns.0.iter().map(column).collect::<Vec<_>>().join(", ")
}

fn name(layer: &LayerConfig) -> String {
    let text = format!("{layer:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}
