//! `tissot info`.

use crate::failure::Outcome;
use crate::output;
use burn::tensor::Device;
use std::fmt::Write;
use std::path::Path;
use tissot::columns::Columns;
use tissot::image::ImageModel;
use tissot::{AnyModel, LayerConfig, Model};
use tissot_train::bits_per_dim;

/// Says what a model is.
pub fn run(path: &Path, json: bool) -> Outcome {
    match AnyModel::load(path, &Device::flex())? {
        AnyModel::Table(model) => table(&model, json),
        AnyModel::Image(model) => images(&model, json),
    }
}

/// Of images.
fn images(model: &ImageModel, json: bool) -> Outcome {
    let (known, pixels) = (&model.provenance, &model.pixels);
    let value = serde_json::json!({
        "flow": model.config, "dequantiser": model.dequantiser, "pixels": pixels, "classes": model.classes,
        "parameters": model.num_params(), "provenance": known,
    });
    output::print(json, &value, || {
        let per_dimension = |nats: f64| bits_per_dim(nats, pixels.dimensions());
        let mut lines = vec![
            ("flow", format!("{}, {} parameters", known.preset, model.num_params())),
            (
                "images",
                format!(
                    "{} x {}, {} channels of {} levels",
                    pixels.height, pixels.width, pixels.channels, pixels.levels
                ),
            ),
            ("pixels", format!("{:?}, {} dequantisation", pixels.squash, noise(model))),
        ];
        if !model.classes.is_empty() {
            lines.push(("classes", model.classes.join(", ")));
        }
        lines.push(("source", known.source.clone()));
        let (train, validation, test) = (known.train_rows, known.validation_rows, known.test_rows);
        lines.push(("sets", format!("{train} train, {validation} validation, {test} test")));
        lines.push((
            "training",
            format!("{} steps, seed {}, tissot {}", known.steps, known.seed, known.version),
        ));
        if let Some(best) = known.validation_log_prob {
            lines.push(("validation", format!("{:.4} bits per dimension", per_dimension(best))));
        }
        if let Some((mean, error)) = known.held_out {
            let (mean, error) = (per_dimension(mean), -per_dimension(error));
            lines.push(("held-out", format!("{mean:.4} +- {error:.4} bits per dimension (an upper bound)")));
        }
        lines.iter().map(|(name, what)| format!("{name:12} {what}\n")).collect()
    })?;
    Ok(())
}

fn noise(model: &ImageModel) -> &'static str {
    if model.dequantiser.is_some() { "variational" } else { "uniform" }
}

/// Of a table.
fn table(model: &Model, json: bool) -> Outcome {
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
