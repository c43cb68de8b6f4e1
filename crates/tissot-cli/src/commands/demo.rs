//! `tissot demo`: a real density from real data, compared and drawn.

use crate::args::DemoArgs;
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::picture;
use crate::progress::Progress;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fmt::Write;
use std::path::Path;
use tissot::columns::{Columns, Domain};
use tissot::{Model, Provenance, presets};
use tissot_train::baseline::{AdaptiveKernelDensity, Baseline, Gaussian, KernelDensity};
use tissot_train::table::{Table, TableWriter};
use tissot_train::{Fit, Rows, Settings, SplitBy, Splits, embedded, fit_columns, snapshot_steps};

/// The model is kept at so many steps of its training, for the report.
const SNAPSHOTS: usize = 8;
/// Rows in `samples.csv`.
const SAMPLES: usize = 1_000;

/// A density that was fitted, and how likely it finds the test rows.
struct Contestant {
    name: &'static str,
    held_out: f64,
}

/// Fits a flow to the embedded earthquakes, compares it on rows that nothing has seen, writes everything to a folder.
pub fn run(args: &DemoArgs, json: bool) -> Outcome {
    let device = device::select(&args.compute)?;
    std::fs::create_dir_all(&args.out).map_err(|error| {
        anyhow::anyhow!("--out {}: the folder cannot be made: {error}", args.out.display())
    })?;
    let quakes = embedded::earthquakes();
    let names = ["longitude", "latitude"].map(String::from);
    let table = Table::from_rows(quakes.columns.iter().map(ToString::to_string).collect(), quakes.values);
    let places = table.select(&names)?;
    let rows = Rows { n: places.rows, values: places.values, context: Vec::new() };
    let splits = Splits::new(&rows, 0.1, 0.2, &SplitBy::Random, args.seed)?;
    if !json {
        let text = format!(
            "{} earthquakes of one week (USGS): {} train, {} validate, {} are held out\n",
            rows.n, splits.train.n, splits.validation.n, splits.test.n
        );
        output::print_bytes(text.as_bytes())?;
    }

    let mut progress = Progress::new(json)?;
    let (model, snapshots) = fit(args, &names, &splits, device, &mut progress)?;
    progress.finish();
    let contestants = contest(&model, &splits)?;
    let (held_out, error) = model.provenance.held_out.unwrap_or_default();

    let file = |name: &str| args.out.join(name);
    model.save(file("model.tissot"))?;
    write_samples(&model, &file("samples.csv"), args.seed)?;
    picture::earthquakes(&model, &rows, &file("density.png"))?;
    picture::report(&model, &rows, &snapshots, &file("report.html"))?;

    let value = serde_json::json!({
        "held_out": held_out, "held_out_error": error, "rows": splits.test.n,
        "contestants": contestants.iter().map(|c| (c.name, c.held_out)).collect::<std::collections::BTreeMap<_, _>>(),
        "out": args.out,
    });
    Ok(output::print(json, &value, || text(&contestants, held_out, error, splits.test.n, &args.out))?)
}

fn fit(
    args: &DemoArgs,
    names: &[String],
    splits: &Splits,
    device: burn::tensor::Device,
    progress: &mut Progress,
) -> Result<(Model, Vec<(u64, Model)>), Failure> {
    let domains = [Domain::Periodic(-180.0, 180.0), Domain::Bounded(-90.0, 90.0)];
    // Faults are thin and far apart: more bins and transforms than a smooth density needs.
    let size = presets::Size::new(2).with_transforms(8).with_bins(32);
    let (seed, steps) = (args.seed, args.steps.unwrap_or(6_000));
    let fit = Fit {
        config: presets::nsf_autoregressive(&size),
        columns: fit_columns(names, &domains, &splits.train.values)?,
        context: Columns::default(),
        splits,
        settings: Settings { seed, steps, batch: 128, learning_rate: 5e-3, ..Settings::default() },
        device,
        run: None,
        resume: false,
        provenance: Provenance {
            source: "earthquakes (embedded)".into(),
            preset: "nsf".into(),
            ..Default::default()
        },
    };
    let mut kept = Vec::new();
    let mut keep = |model: Model| {
        kept.push((model.provenance.steps, model));
        Ok(())
    };
    let fitted =
        fit.run_keeping(&snapshot_steps(steps, SNAPSHOTS), &mut keep, &mut |event| progress.observe(event))?;
    Ok((fitted.model, kept))
}

/// The mean log-density of the test rows under the flow and under what needs no training loop; best first.
fn contest(model: &Model, splits: &Splits) -> Result<Vec<Contestant>, Failure> {
    // The others have no use for validation rows apart: they cross-validate on all that the flow saw.
    let known = [splits.train.values.clone(), splits.validation.values.clone()].concat();
    let others: [(&str, Box<dyn Baseline>); 3] = [
        ("one Gaussian", Box::new(Gaussian::fit(&known, 2)?)),
        ("kernel density, cross-validated bandwidth", Box::new(KernelDensity::fit(&known, 2)?)),
        ("adaptive kernel density, nearest neighbours", Box::new(AdaptiveKernelDensity::fit(&known, 2)?)),
    ];
    let score = |(name, density): &(&'static str, Box<dyn Baseline>)| Contestant {
        name,
        held_out: density.mean_log_likelihood(&splits.test.values),
    };
    let mut contestants: Vec<Contestant> = others.iter().map(score).collect();
    let held_out = model.provenance.held_out.map_or(f64::NAN, |(mean, _)| mean);
    contestants.push(Contestant { name: "normalizing flow", held_out });
    contestants.sort_by(|a, b| b.held_out.total_cmp(&a.held_out));
    Ok(contestants)
}

fn write_samples(model: &Model, path: &Path, seed: u64) -> Outcome {
    let mut writer = TableWriter::create(path, &model.columns.names())?;
    let samples = model.sample(SAMPLES, &[], &mut ChaCha8Rng::seed_from_u64(seed));
    samples.chunks(model.columns.len()).try_for_each(|row| writer.write_row(row))?;
    Ok(writer.finish()?)
}

fn text(contestants: &[Contestant], held_out: f64, error: f64, rows: usize, out: &Path) -> String {
    let mut text = String::from("\nheld-out log-density in nats (degrees), more is better:\n");
    for contestant in contestants {
        let _ = writeln!(text, "  {:8.3}  {}", contestant.held_out, contestant.name);
    }
    let best = contestants.first().map_or("", |contestant| contestant.name);
    let _ = writeln!(
        text,
        "best on these {rows} rows: {best} (the flow: {held_out:.3}, standard error {error:.3}; another --seed is another split)"
    );
    let out = out.display();
    let _ = writeln!(
        text,
        "\nwrote {out}/model.tissot, {out}/samples.csv, {out}/density.png\nand {out}/report.html, which shows what the flow does: open it in a browser\n\ntry next:"
    );
    let _ = writeln!(text, "  tissot info {out}/model.tissot");
    let _ = writeln!(text, "  tissot sample {out}/model.tissot -n 5");
    let _ = writeln!(text, "  tissot score {out}/model.tissot {out}/samples.csv --out scores.csv");
    let _ = writeln!(text, "  tissot fit YOUR.csv --out my.tissot");
    let _ = writeln!(text, "  tissot map my.tissot YOUR.csv");
    let _ = writeln!(text, "(from the source folder, `cargo run --` stands for `tissot`)");
    text
}
