//! Whole flows of images, their pixels and their models.

mod bound;
#[path = "../common/mod.rs"]
mod common;
mod golden;
mod model;
mod pixels;
mod positions;
mod presets;
