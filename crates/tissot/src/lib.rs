//! Normalizing flows for burn: exact densities, exact inverses, checked log-determinants.
//!
//! A flow maps data `x` to a latent `z` of a simple base distribution and keeps the account of volume:
//!
//! ```text
//! log p(x) = log p_base(f(x)) + log |det df/dx|        in nats a sample
//! ```
//!
//! [`presets`] makes the usual architectures, [`Flow`] is a burn module with `log_prob` and `sample`,
//! [`Bijection`] is the trait to implement for a layer of your own, and [`Model`] is a flow with the columns and units
//! of the table it was fitted to, in one file.

pub mod base;
mod batch;
mod bijection;
mod chain;
mod circles;
pub mod columns;
mod config;
pub mod container;
mod count;
pub mod dtype;
mod error;
mod few;
mod flow;
pub mod guard;
pub mod image;
pub mod inspect;
pub mod interop;
mod inverse;
#[cfg(feature = "testing")]
pub mod laws;
mod layer;
pub mod layers;
mod model;
pub mod nets;
pub mod presets;
mod provenance;
pub mod store;
pub mod univariate;

pub use bijection::{AtPositions, Bijection, Context, PositionSink, Sink};
pub use chain::Chain;
pub use circles::Circles;
pub use config::{AnyFlow, FlowConfig};
pub use error::{Error, printable};
pub use flow::Flow;
pub use inverse::Inverse;
pub use layer::{Layer, LayerConfig, Place};
pub use model::Model;
pub use provenance::Provenance;
pub use store::AnyModel;
