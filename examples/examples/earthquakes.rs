//! From a CSV file to a model file and back: the library's side of `tissot fit`, `score` and `sample`.
//!
//!     cargo run -p tissot-examples --example earthquakes [FILE.csv]
//!
//! Without a file it writes the embedded earthquakes to one first.

use burn::tensor::Device;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use tissot::{Model, Provenance, columns::Domain, presets};
use tissot_train::table::{ReadOptions, Table, TableWriter};
use tissot_train::{Event, Fit, Rows, Settings, SplitBy, Splits, embedded, fit_columns};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tissot-earthquakes-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = match std::env::args().nth(1) {
        Some(file) => file,
        None => write_embedded(&folder.join("earthquakes.csv").to_string_lossy())?,
    };

    let columns = ["longitude", "latitude"].map(String::from);
    let table =
        Table::read(&file, &ReadOptions { columns: Some(columns.to_vec()), ..ReadOptions::default() })?;
    let rows = Rows { n: table.rows, values: table.values, context: Vec::new() };
    let splits = Splits::new(&rows, 0.1, 0.2, &SplitBy::Random, 0)?;
    let domains = [Domain::Periodic(-180.0, 180.0), Domain::Bounded(-90.0, 90.0)];

    let fit = Fit {
        config: presets::nsf_autoregressive(&presets::Size::new(2)),
        columns: fit_columns(&columns, &domains, &splits.train.values)?,
        context: Default::default(),
        splits: &splits,
        settings: Settings { steps: tissot_examples::steps(1_500), ..Settings::default() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance { source: "earthquakes.csv".into(), ..Default::default() },
    };
    let fitted = fit.run(&mut |event| {
        if let Event::Validation { step, log_prob, best: true } = event {
            println!("step {step:5}: validation {log_prob:.3} nats in degrees");
        }
        ControlFlow::Continue(())
    })?;

    let path = folder.join("earthquakes.tissot");
    fitted.model.save(&path)?;
    let model = Model::load(&path, &Device::flex())?;
    if let Some((mean, error)) = model.provenance.held_out {
        println!("held-out: {mean:.3} +- {error:.3} nats in degrees");
    }
    let california = model.log_prob(&[-119.0, 37.0], &[])[0];
    let atlantic = model.log_prob(&[-30.0, 30.0], &[])[0];
    println!(
        "an event in California is e^{:.1} times as likely as one in the Atlantic",
        california - atlantic
    );
    for row in model.sample(3, &[], &mut ChaCha8Rng::seed_from_u64(1)).chunks(2) {
        println!("a sample: longitude {:8.3}, latitude {:7.3}", row[0], row[1]);
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn write_embedded(path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let quakes = embedded::earthquakes();
    let names: Vec<String> = quakes.columns.iter().map(ToString::to_string).collect();
    let mut writer = TableWriter::create(path, &names)?;
    quakes.values.chunks(names.len()).try_for_each(|row| writer.write_row(row))?;
    writer.finish()?;
    Ok(path.to_owned())
}
