//! The same bits, whatever the number of threads.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::laws::randomize;
use tissot::presets::{self, ImageSize, Size};
use tissot::{AnyFlow, Context, FlowConfig};

/// Batches that are divided, and not into equal parts.
const ROWS: usize = 300;
const IMAGES: usize = 5;

fn flow(config: &FlowConfig) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(1)).expect("a flow");
    randomize(flow, 2, 0.1)
}

/// Everything that a batch can be asked, in one list.
fn answers<const D: usize>(flow: &AnyFlow, n: usize, context: Context<'_>) -> Vec<u32> {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let x: Tensor<D> = flow.sample(n, context, rng);
    let (drawn, log_prob) = flow.sample_and_log_prob::<D>(n, context, rng);
    let (z, log_det) = flow.forward(x.clone(), context);
    let (back, log_det_back) = flow.inverse(z.clone(), context);
    let flat = |tensors: [Tensor<D>; 4]| tensors.map(|t| t.flatten::<1>(0, D - 1));
    let all = [flow.log_prob(x.clone(), context), log_prob, log_det, log_det_back];
    let all = Tensor::cat([&flat([x, drawn, z, back])[..], &all].concat(), 0);
    let bits: Vec<u32> = all.into_data().iter::<f32>().map(f32::to_bits).collect();
    assert!(bits.iter().all(|&bits| f32::from_bits(bits).is_finite()));
    bits
}

fn threads_change_nothing<const D: usize>(name: &str, flow: &AnyFlow, n: usize, context: Context<'_>) {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| answers::<D>(flow, n, context))
    };
    let one = with(1);
    for threads in [2, 3, 5] {
        assert!(with(threads) == one, "{name}: {threads} threads changed something");
    }
}

#[test]
fn of_tables() {
    let size = Size::new(7).with_transforms(3).with_hidden([130, 130]).with_context(2);
    let features = Tensor::<1, _>::arange(0..2 * ROWS as i64, &Device::flex()).float();
    let features = features.div_scalar(ROWS as f64).reshape([ROWS, 2]);
    for (name, config) in [
        ("nice", presets::nice(&size)),
        ("real_nvp", presets::real_nvp(&size)),
        ("maf", presets::maf(&size)),
        ("iaf", presets::iaf(&size)),
        ("nsf_coupling", presets::nsf_coupling(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ] {
        threads_change_nothing::<2>(name, &flow(&config), ROWS, Context::of(&features));
    }
}

#[test]
fn of_images() {
    let size = ImageSize::new([3, 6, 10]).with_levels(1, 2).with_hidden(120);
    for (name, config) in [("glow", presets::glow(&size)), ("nsf_image", presets::nsf_image(&size))] {
        threads_change_nothing::<4>(name, &flow(&config), IMAGES, Context::NONE);
    }
}
