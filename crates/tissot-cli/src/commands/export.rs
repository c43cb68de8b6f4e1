//! `tissot export`.

use crate::args::ExportArgs;
use crate::failure::Outcome;
use crate::output;
use burn::tensor::Device;
use tissot::{AnyModel, interop};

/// Writes a model's weights and description to a file that PyTorch reads.
pub fn run(args: &ExportArgs, json: bool) -> Outcome {
    output::keep(&[&args.model], Some(&args.out))?;
    let model = AnyModel::load(&args.model, &Device::flex())?;
    interop::export(&model, &args.out)?;
    let parameters = match &model {
        AnyModel::Table(model) => model.num_params(),
        AnyModel::Image(model) => model.num_params(),
    };
    let value = serde_json::json!({"parameters": parameters, "out": args.out.display().to_string()});
    output::print(json, &value, || format!("{parameters} parameters in {}", args.out.display()))?;
    Ok(())
}
