//! What f32 can and cannot invert: `limits [ROWS] [STEPS]`.
//!
//! Trained flows of the presets, with the bounded laws of this crate and with laws without bounds, and the flows of the golden
//! files of other libraries, at rows of the standard normal times 1, 10, 100 and 10,000. A row is wrong where it comes back off
//! by more than 1e-3, relative to `max(1, |x|)`. `floor` is the share that an exact inverse gets wrong when only `z` is rounded
//! to f32: forward and inverse in f64. `f32` is what the flow's layers get wrong on tensors of f32, `model` what
//! `Model::transform` and `Model::inverse_transform` of the same f32 weights do, whose z is then rounded to f32. `nan` and
//! `inf` count such numbers, of the model and of the layers. `flagged` is the share of rows that `digits_left` foresees with fewer than
//! `DIGITS` digits in some column, `recall` how many of the wrong ones are among them.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::path::Path;
use tissot::columns::{Column, Columns, Domain};
use tissot::inspect::digits_left;
use tissot::interop::{Architecture, Checkpoint, import};
use tissot::{Context, FlowConfig, Model, Provenance};
use tissot_benches::planted::{Preset, train};

type Failure = Box<dyn std::error::Error>;

/// A row that comes back further off is wrong.
const WRONG: f64 = 1e-3;
/// Rows with fewer digits left than these are flagged.
const DIGITS: f64 = 4.0;
const SCALES: [f64; 4] = [1.0, 10.0, 100.0, 10_000.0];

/// A model whose columns are as they are.
struct Subject {
    name: String,
    model: Model,
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: usize| args.next().map_or(Ok(default), |arg| arg.parse());
    let (rows, steps) = (number(2_000)?, number(1_500)?);
    println!(
        "{:36} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>8}",
        "flow", "scale", "floor %", "model %", "f32 %", "f64 %", "nan", "inf", "flagged%", "recall %"
    );
    let mut beyond = [0.0_f64; 2];
    for subject in trained(steps as u32).into_iter().chain(golden()?) {
        for scale in SCALES {
            let found = measure(&subject, scale, rows)?;
            beyond.iter_mut().zip(found).for_each(|(most, found)| *most = most.max(found));
        }
    }
    let [model, layers] = beyond;
    println!(
        "largest share of wrong rows beyond 1.1 floor + 0.1 points: model {model:.2}, layers in f32 {layers:.2}"
    );
    Ok(())
}

fn trained(steps: u32) -> Vec<Subject> {
    let presets = [Preset::RealNvp, Preset::Maf, Preset::NsfCoupling, Preset::NsfAutoregressive];
    let all = presets.into_iter().flat_map(|preset| [(preset, false), (preset, true)]);
    all.map(|(preset, free)| {
        let law = if free { "unbounded laws" } else { "default laws" };
        let flow = train(preset, 6, free, steps, 1).flow;
        let column =
            |i| Column { name: format!("x{i}"), domain: Domain::Real, cut: 0.0, mean: 0.0, std: 1.0 };
        let model = Model {
            flow,
            config: FlowConfig::default(),
            columns: Columns((0..6).map(column).collect()),
            context: Columns::default(),
            provenance: Provenance::default(),
        };
        Subject { name: format!("{preset:?}, {law}"), model }
    })
    .collect()
}

fn golden() -> Result<Vec<Subject>, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/tissot/tests/golden");
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(folder.join("architectures.json"))?)?;
    let mut subjects = Vec::new();
    for (name, architecture) in all {
        let architecture = Architecture::from_json(&architecture.to_string())?;
        if !architecture.positions.is_empty() || name.starts_with("parity_") {
            continue;
        }
        let file = Checkpoint::open(folder.join(format!("{name}.safetensors")))?.under("weights.")?;
        let model = import(&file, &architecture, &Device::flex())?;
        subjects.push(Subject { name, model });
    }
    Ok(subjects)
}

/// Prints a line; returns how many points of wrong rows there are beyond what is asked for, of the model and of its layers in f32.
fn measure(subject: &Subject, scale: f64, rows: usize) -> Result<[f64; 2], Failure> {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let device = Device::flex();
    let mut normal = |width: usize, scale: f64| {
        let draw = |_| {
            let value: f64 = StandardNormal.sample(rng);
            f64::from((scale * value) as f32)
        };
        let values: Vec<f64> = (0..rows * width).map(draw).collect();
        Tensor::<2>::from_data(TensorData::new(values, [rows, width]), (&device, DType::F64))
    };
    let (features, context) = (subject.model.columns.len(), subject.model.context.len());
    let x = normal(features, scale);
    let c = (context > 0).then(|| normal(context, 1.0));
    let (single, double) = (&subject.model.flow, subject.model.flow.clone().to_dtype(FloatDType::F64)?);
    let c32 = c.clone().map(|c| c.cast(FloatDType::F32));
    let (given, given32) =
        (Context { features: c.as_ref(), maps: None }, Context { features: c32.as_ref(), maps: None });

    let (z, _) = double.forward(x.clone(), given);
    let exact = wrong(&double.inverse(z.clone(), given).0, &x);
    let rounded = z.cast(FloatDType::F32).cast(FloatDType::F64);
    let floor = wrong(&double.inverse(rounded, given).0, &x);
    let given_rows = c.as_ref().map(host).unwrap_or_default();
    let latent = subject.model.transform(&host(&x), &given_rows);
    let latent: Vec<f64> = latent.into_iter().map(|z| f64::from(z as f32)).collect();
    let back = subject.model.inverse_transform(&latent, &given_rows);
    let model_back = Tensor::from_data(TensorData::new(back, [rows, features]), (&device, DType::F64));
    let by_model = wrong(&model_back, &x);
    let x32 = x.clone().cast(FloatDType::F32);
    let (z32, log_det) = single.forward(x32.clone(), given32);
    let back = single.inverse(z32.clone(), given32).0;
    let found = wrong(&back.clone().cast(FloatDType::F64), &x);
    let log_prob = single.log_prob(x32, given32);
    let numbers: Vec<f64> = [host(&z32), host(&log_det.reshape([rows, 1])), host(&back)].concat();
    let by_layers = [numbers, host(&log_prob.reshape([rows, 1]))].concat();
    let model_log_prob = subject.model.log_prob(&host(&x), &given_rows);
    let by_model_numbers = [latent, host(&model_back), model_log_prob].concat();
    let counts = |is: fn(f64) -> bool| {
        let count = |numbers: &[f64]| numbers.iter().filter(|&&v| is(v)).count();
        format!("{}/{}", count(&by_model_numbers), count(&by_layers))
    };
    let (nan, infinite) = (counts(f64::is_nan), counts(f64::is_infinite));

    let digits = digits_left(&double.bijection, &x, given);
    let flagged: Vec<bool> = digits
        .iter()
        .map(|row| row.columns.iter().any(|&digits| digits.is_nan() || digits < DIGITS))
        .collect();
    let caught = flagged.iter().zip(&found).filter(|(flag, wrong)| **flag && **wrong).count();
    let share =
        |rows: &[bool]| 100.0 * rows.iter().filter(|&&wrong| wrong).count() as f64 / rows.len() as f64;
    let all = found.iter().filter(|&&wrong| wrong).count();
    let recall = if all == 0 { "-".into() } else { format!("{:.1}", 100.0 * caught as f64 / all as f64) };
    println!(
        "{:36} {scale:>7} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {nan:>9} {infinite:>9} {:>8.2} {recall:>8}",
        subject.name,
        share(&floor),
        share(&by_model),
        share(&found),
        share(&exact),
        share(&flagged)
    );
    Ok([by_model, found].map(|rows| share(&rows) - 1.1 * share(&floor) - 0.1))
}

fn host(x: &Tensor<2>) -> Vec<f64> {
    x.clone().into_data().iter().collect()
}

/// Whether each row is off by more than [`WRONG`].
fn wrong(found: &Tensor<2>, expected: &Tensor<2>) -> Vec<bool> {
    let width = expected.dims()[1];
    let (found, expected) = (host(found), host(expected));
    let bad = |(found, expected): (&f64, &f64)| {
        let off = (found - expected).abs();
        off.is_nan() || off > WRONG * expected.abs().max(1.0)
    };
    found.chunks(width).zip(expected.chunks(width)).map(|(f, e)| f.iter().zip(e).any(bad)).collect()
}
