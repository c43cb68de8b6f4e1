//! What Tissot says of a model, in a file for PyTorch to be held against.

use burn::tensor::{DType, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::path::Path;
use tissot::columns::{Columns, Domain};
use tissot::image::{ImageModel, one_hot};
use tissot::{Context, Model};

/// Rows or images of each model.
const N: usize = 24;
/// Dequantisation draws of a table with whole numbers, and of images.
const DRAWS: [usize; 2] = [16, 3];
/// Uniform noise of images is a multiple of `1 / STEPS` and a half.
const STEPS: u32 = 1 << 15;

/// Named tensors of f64.
#[derive(Default)]
pub struct Expected(Vec<(&'static str, Vec<usize>, Vec<u8>)>);

impl Expected {
    fn add(&mut self, name: &'static str, shape: &[usize], values: impl IntoIterator<Item = f64>) {
        self.0.push((name, shape.to_vec(), values.into_iter().flat_map(f64::to_le_bytes).collect()));
    }

    pub fn write(&self, path: &Path) {
        let view = |shape: &Vec<usize>, bytes| TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap();
        let views = self.0.iter().map(|(name, shape, bytes)| (*name, view(shape, bytes)));
        std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
    }
}

fn normals(n: usize, rng: &mut dyn Rng) -> Vec<f64> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

/// Rows in the user's units.
fn rows(columns: &Columns, rng: &mut dyn Rng) -> Vec<f64> {
    let mut rows = Vec::new();
    for row in normals(N * columns.len(), rng).chunks(columns.len().max(1)) {
        columns.inverse(row, &mut rows);
    }
    rows
}

/// The noise that a model adds to whole numbers, which depends on a row alone: `[draws, n, columns]`.
fn noise(columns: &Columns, rows: &[f64], draws: usize) -> Vec<f64> {
    let rows = rows.chunks(columns.len());
    let seed = |row: &[f64]| {
        let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
        ChaCha8Rng::from_seed(*blake3::hash(&bytes).as_bytes())
    };
    let mut rngs: Vec<ChaCha8Rng> = rows.map(seed).collect();
    let mut noise = Vec::new();
    for _ in 0..draws {
        for rng in &mut rngs {
            let one = |domain| if domain == Domain::Integer { rng.random::<f64>() } else { 0.0 };
            noise.extend(columns.0.iter().map(|column| column.domain).map(one));
        }
    }
    noise
}

/// Of a table: log-densities, latents, rows of latents.
pub fn of_table(model: &Model) -> Expected {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (d, c) = (model.columns.len(), model.context.len());
    let mut x = rows(&model.columns, &mut rng);
    if model.columns.any_integer() {
        // Outside their domains, on a bound, and not finite.
        (x[1], x[d + 4], x[2 * d + 2], x[3 * d]) = (-1.0, 0.5, 9.0, f64::INFINITY);
    }
    let context = rows(&model.context, &mut rng);
    let z = normals(N * d, &mut rng);
    let mut expected = Expected::default();
    if model.columns.any_integer() {
        expected.add("noise", &[DRAWS[0], N, d], noise(&model.columns, &x, DRAWS[0]));
    }
    if c > 0 {
        expected.add("context_noise", &[N, c], noise(&model.context, &context, 1));
    }
    expected.add("log_prob", &[N], model.log_prob(&x, &context));
    expected.add("latents", &[N, d], model.transform(&x, &context));
    expected.add("samples", &[N, d], model.inverse_transform(&z, &context));
    expected.add("context", &[N, c], context);
    expected.add("rows", &[N, d], x);
    expected.add("z", &[N, d], z);
    expected
}

/// Of images: bits, latents, images of latents.
pub fn of_images(model: &ImageModel) -> Expected {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (pixels, flow) = (&model.pixels, &model.flow.flow);
    let (device, dtype, d) = (flow.device(), flow.dtype(), pixels.dimensions());
    let event = pixels.event();
    let shape = [N, event[0], event[1], event[2]];
    let levels = pixels.source_levels as u32;
    let images: Vec<u8> = (0..N * d).map(|_| rng.random_range(0..levels) as u8).collect();
    let labels: Option<Vec<usize>> =
        (!model.classes.is_empty()).then(|| (0..N).map(|i| i % model.classes.len()).collect());
    let features = labels.as_ref().map(|labels| one_hot(labels, model.classes.len(), &device, dtype));
    let context = Context { features: features.as_ref(), maps: None };

    let seed = || ChaCha8Rng::seed_from_u64(17);
    let mut drawn = seed();
    let uniform = |rng: &mut ChaCha8Rng| f64::from((rng.random_range(0..STEPS) as f32 + 0.5) / STEPS as f32);
    let noise = (0..DRAWS[1] * N * d).map(|_| match model.flow.dequantiser {
        None => uniform(&mut drawn),
        Some(_) => drawn.sample(StandardNormal),
    });
    let mut expected = Expected::default();
    expected.add("noise", &[&[DRAWS[1]][..], &shape].concat(), noise);
    let bits = model.bits_per_dim(&images, labels.as_deref(), DRAWS[1], &mut seed()).unwrap();
    expected.add("bits", &[N], bits);
    let values = pixels.values(&images, &device, dtype).unwrap();
    let (y, _) = model.flow.entered(pixels, values, context, &mut seed());
    let (latents, _) = flow.forward(y, context);
    expected.add("latents", &shape, latents.into_data().iter());
    let z = normals(N * d, &mut rng);
    let data = TensorData::new(z.clone(), shape).convert_dtype(dtype);
    let (y, _) = flow.inverse(Tensor::<4>::from_data(data, (&device, dtype)), context);
    if dtype == DType::F64 {
        let shape = [N, event[1], event[2], event[0]];
        expected.add("bytes", &shape, pixels.inverse(y.clone()).into_iter().map(f64::from));
    }
    expected.add("samples", &shape, y.into_data().iter());
    expected.add("z", &shape, z);
    expected.add("images", &[N, event[1], event[2], event[0]], images.into_iter().map(f64::from));
    if let Some(labels) = labels {
        expected.add("labels", &[N], labels.into_iter().map(|label| label as f64));
    }
    expected
}
