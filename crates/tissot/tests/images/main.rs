//! Whole flows of images.

#[path = "../common/mod.rs"]
mod common;
mod golden;
mod presets;
