//! Faults planted into trained flows: does the audit find them, name the layer, and leave healthy flows alone?

mod edit;
mod fault;
mod pool;
mod wrapped;

pub use fault::{Fault, Planted, plant};
pub use pool::{Preset, Trained, fit, rows, train};
pub use wrapped::Wrapped;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use tissot::inspect::audit::{Audit, Effort, Thresholds, audit};
use tissot::{AnyFlow, Context};
use tissot_train::synthetic::Synthetic;

/// Rows of data that an audit sees, none of which trained a flow.
const ROWS: usize = 2_048;

/// What an audit of a planted fault came to.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The fault.
    pub fault: Fault,
    /// The preset that it was planted into.
    pub preset: Preset,
    /// What was done.
    pub what: String,
    /// Whether anything was found.
    pub detected: bool,
    /// Whether the first finding names the layer that it was planted into.
    pub named: bool,
    /// The verdict.
    pub verdict: String,
}

/// Audits a healthy flow on fresh rows.
pub fn healthy(trained: &Trained, rng: &mut dyn Rng) -> Audit {
    let (x, effort) = (rows(ROWS, trained.features, rng), effort(rng));
    audit(&trained.flow, &x, Context::NONE, &Thresholds::default(), &effort)
}

/// Rows of a density of the plane.
pub fn plane(density: Synthetic, n: usize, rng: &mut dyn Rng) -> Tensor<2> {
    let values = density.sample(n, rng).concat();
    Tensor::from_data(TensorData::new(values, [n, 2]), &Device::flex())
}

/// Audits a flow that was trained on a density of the plane on fresh rows of it.
pub fn healthy_on(density: Synthetic, flow: &AnyFlow, rng: &mut dyn Rng) -> Audit {
    let (x, effort) = (plane(density, ROWS, rng), effort(rng));
    audit(flow, &x, Context::NONE, &Thresholds::default(), &effort)
}

/// Plants `fault` into one of `pool` that has a place for it, and audits it on fresh rows.
///
/// # Panics
/// Where no flow of the pool has a place for it.
pub fn trial(fault: Fault, pool: &[Trained], rng: &mut dyn Rng) -> Trial {
    for _ in 0..10_000 {
        let trained = &pool[rng.random_range(0..pool.len())];
        let Some(planted) = plant(fault, trained, rng) else { continue };
        let (x, effort) = (rows(ROWS, trained.features, rng), effort(rng));
        let audit = audit(&planted.flow, &x, Context::NONE, &Thresholds::default(), &effort);
        let place = audit.findings.first().and_then(|finding| finding.place.clone()).unwrap_or_default();
        return Trial {
            fault,
            preset: trained.preset,
            what: planted.what,
            detected: !audit.findings.is_empty(),
            named: place == planted.place || place.starts_with(&format!("{}.", planted.place)),
            verdict: audit.verdict(),
        };
    }
    panic!("no flow of {} has a place for {fault:?}", pool.len())
}

fn effort(rng: &mut dyn Rng) -> Effort {
    Effort { rows: ROWS, jacobians: 64, samples: 4_096, seed: rng.random() }
}
