//! Normalizing flows for burn: exact densities, exact inverses, checked log-determinants.

pub mod base;
pub mod bijection;
pub mod error;
pub mod inspect;
#[cfg(feature = "testing")]
pub mod laws;
pub mod layers;
pub mod nets;
pub mod univariate;

pub use bijection::{Bijection, Context};
pub use error::Error;
