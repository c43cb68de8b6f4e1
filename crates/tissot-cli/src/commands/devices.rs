//! `tissot devices`.

use crate::args::DevicesArgs;
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::output;
use burn::tensor::Device;
use std::fmt::Write;
use tissot::dtype::{Precision, has_f64};
use tissot_train::{Agreement, agreement};

/// Lists the devices: which are built in, what they are, how to get the others; or compares them.
pub fn run(args: &DevicesArgs, json: bool) -> Outcome {
    if args.check {
        return check(json);
    }
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

/// One device in one precision, and how far it is off.
struct Column {
    name: String,
    rows: Vec<Agreement>,
}

/// Every device that is here beside Flex in f64, as a table.
fn check(json: bool) -> Outcome {
    let reference = Device::flex();
    let mut columns = Vec::new();
    for known in device::known() {
        let Some(device) = device::present(&known) else { continue };
        for precision in [Precision::F32, Precision::F64] {
            if precision == Precision::F64 && !has_f64(&device) {
                continue;
            }
            let rows = agreement(&device, precision, &reference)?;
            columns.push(Column { name: format!("{} {precision:?}", known.name).to_lowercase(), rows });
        }
    }
    let holds = columns.iter().all(|column| column.rows.iter().all(Agreement::holds));
    let row = |column: &Column| {
        let of = |row: &Agreement| {
            serde_json::json!({
                "device": column.name, "flow": row.flow, "what": row.what, "off": output::number(row.off),
                "tolerance": row.tolerance, "holds": row.holds(),
            })
        };
        column.rows.iter().map(of).collect::<Vec<_>>()
    };
    let value = serde_json::json!({"agree": holds, "rows": columns.iter().flat_map(row).collect::<Vec<_>>()});
    output::print(json, &value, || table(&columns, holds))?;
    if holds { Ok(()) } else { Err(Failure::Answered) }
}

fn table(columns: &[Column], holds: bool) -> String {
    let mut text = format!("{:38}", "off from flex in f64, by max(1, |v|)");
    columns.iter().for_each(|column| {
        let _ = write!(text, "{:>14}", column.name);
    });
    let Some(first) = columns.first() else { return text };
    for (k, row) in first.rows.iter().enumerate() {
        let _ = write!(text, "\n{:19} {:18}", row.flow, row.what);
        for column in columns {
            let Agreement { off, .. } = column.rows[k];
            let mark = if column.rows[k].holds() { " " } else { "!" };
            let _ = write!(text, "{:>13}{mark}", format!("{off:.1e}"));
        }
    }
    let single: Vec<String> =
        first.rows[..5].iter().map(|row| format!("{} {:.0e}", row.what, row.tolerance)).collect();
    let verdict = if holds { "all agree" } else { "where a ! stands a device is off by more than it may be" };
    let _ = write!(text, "\n\n{verdict}; in f32: {}; in f64 1e-9, after 50 steps 1e-7", single.join(", "));
    text
}
