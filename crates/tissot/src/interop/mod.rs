//! Models of other libraries become models of this one, with the same log-densities, and models of this one safetensors files
//! ([`export`]).
//!
//! A [`Checkpoint`] is a file of named arrays: safetensors, or what `torch.save(flow.state_dict(), ..)` wrote. The names and
//! shapes of the arrays say most of what a flow is; [`Architecture`] says the rest, and takes the library's own defaults for
//! what it is not told. What Tissot cannot do exactly as the library does it is refused by the name of the first array that
//! does not fit.
//!
//! | library | what is read |
//! |---|---|
//! | nflows 0.14 | `CompositeTransform`, `Flow`, affine and rational-quadratic couplings (linear tails) on plain and residual networks, masked autoregressive layers, permutations, `LULinear`, `OneByOneConvolution`, `ActNorm` |
//! | zuko 1.6 | `MAF`, `NSF`, `RealNVP`, `NICE`, and `NICE` with splines |
//! | normflows 1.7 | `MultiscaleFlow` of `GlowBlock`s, `Invertible1x1Conv` |
//! | FrEIA 0.2 | `SequenceINN` of GLOW, RNVP and NICE coupling blocks, `AllInOneBlock`, `PermuteRandom` |
//! | FlowJAX 19 | `coupling_flow`, `masked_autoregressive_flow`, affine and rational-quadratic; `Normal` and `StandardNormal` as the base |
//!
//! ```no_run
//! use tissot::interop::{Architecture, Checkpoint, import};
//!
//! let checkpoint = Checkpoint::open("flow.pt")?;
//! let architecture = Architecture { bound: Some(3.0), ..Architecture::default() };
//! let model = import(&checkpoint, &architecture, &burn::tensor::Device::flex())?;
//! model.save("flow.tissot")?;
//! # Ok::<(), tissot::Error>(())
//! ```

mod architecture;
mod checkpoint;
mod draft;
mod export;
mod flowjax;
mod freia;
mod merge;
mod nflows;
mod normflows;
mod weights;
mod zuko;

pub use architecture::{Architecture, GlobalAffine, Library};
pub use checkpoint::{Array, Checkpoint};
pub use export::export;

use crate::base::{AnyBase, StandardNormal};
use crate::chain::Chain;
use crate::columns::{Column, Columns, Domain};
use crate::dtype;
use crate::error::Error;
use crate::{AnyFlow, FlowConfig, Model, Provenance};
use burn::tensor::Device;
use draft::Draft;
use weights::Weights;

/// The model of a checkpoint on `device`, in f64 where the checkpoint holds f64 numbers, else in f32, unless the architecture
/// says which.
///
/// Its columns are those of the architecture, or `x1, x2, ..` and, of a context, `c1, c2, ..`, as they are: libraries keep no
/// standardisation with a flow. A flow of images becomes a model of rows, each an image `[channels, height, width]` written out
/// number by number.
///
/// # Errors
/// [`Error::Checkpoint`] naming the first array that does not fit, [`Error::Config`] for an architecture that is none, and a
/// device without f64.
pub fn import(checkpoint: &Checkpoint, architecture: &Architecture, device: &Device) -> Result<Model, Error> {
    if !dtype::has_f64(device) {
        return Err(Error::config(
            "device",
            format!("{device:?}"),
            "one that computes in f64 (flex or ndarray)",
        ));
    }
    let (library, prefix) = architecture.library_of(checkpoint)?;
    let weights = Weights::new(checkpoint, prefix, device);
    let draft = match library {
        Library::Nflows => nflows::read(&weights, architecture)?,
        Library::Zuko => zuko::read(&weights, architecture)?,
        Library::Normflows => normflows::read(&weights, architecture)?,
        Library::Freia => freia::read(&weights, architecture)?,
        Library::Flowjax => flowjax::read(&weights, architecture)?,
    };
    weights.all_used()?;
    let Draft { features, context, layers } = draft;
    let (configs, layers) = layers.into_iter().unzip();
    let positions = architecture.positions.clone();
    let config = FlowConfig { features, positions, context, layers: configs, ..FlowConfig::default() };
    let base = AnyBase::StandardNormal(StandardNormal::new(config.event()));
    let flow = AnyFlow { bijection: Chain::new(layers), base, embedding: None };
    let flow = flow.to_dtype(architecture.precision.map_or(checkpoint.float_type(), Into::into))?;
    let columns = named(&architecture.columns, "columns", "x", config.event().iter().product())?;
    let context = named(&architecture.context_columns, "context_columns", "c", context)?;
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        source: checkpoint.name(),
        preset: format!("imported from {library}"),
        ..Provenance::default()
    };
    Ok(Model { flow, config, columns, context, provenance })
}

/// The given columns, or as many as there are features, as they are.
fn named(given: &Columns, key: &str, letter: &str, count: usize) -> Result<Columns, Error> {
    if given.len() == count {
        return Ok(given.clone());
    }
    if !given.is_empty() {
        let found = format!("{} of them", given.len());
        return Err(Error::config(key, found, format!("{count}, one for each feature of the checkpoint")));
    }
    let column =
        |i| Column { name: format!("{letter}{i}"), domain: Domain::Real, cut: 0.0, mean: 0.0, std: 1.0 };
    Ok(Columns((1..=count).map(column).collect()))
}
