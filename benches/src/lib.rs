//! Workloads to time, what they cost in arithmetic and memory, and the clock for it; see `docs/benchmarks.md`.

pub mod cost;
pub mod machine;
pub mod planted;
pub mod soak;
mod workload;

pub use workload::{NAMES, Size, TABLES, Workload, samples, workload};
