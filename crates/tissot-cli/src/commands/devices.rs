//! `tissot devices`.

use crate::device;
use crate::failure::Outcome;
use crate::output;
use std::fmt::Write;

/// Lists the devices: which are built in, what they are, how to get the others.
pub fn run(json: bool) -> Outcome {
    let known = device::known();
    let value = known
        .iter()
        .map(|d| serde_json::json!({"name": d.name, "what": d.what, "built_in": d.make.is_some(), "feature": d.feature}))
        .collect();
    output::print(json, &value, || {
        let mut text = String::new();
        for device in &known {
            let how = match device.make {
                Some(_) => "here".into(),
                None => format!("not built in: cargo build --release --features {}", device.feature),
            };
            let _ = writeln!(text, "{:8} {:36} {how}", device.name, device.what);
        }
        let _ = write!(
            text,
            "\n{} threads. Choose with --device NAME and --threads N.",
            rayon::current_num_threads()
        );
        text
    })?;
    Ok(())
}
