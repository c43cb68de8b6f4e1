//! What tests share.

#![allow(dead_code)] // Each test target uses a part of it.

pub mod golden;
pub mod peer;
pub mod pointwise;
#[cfg(feature = "testing")]
pub mod table;
