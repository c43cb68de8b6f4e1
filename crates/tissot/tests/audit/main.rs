//! The audit on flows whose faults are known exactly.

mod custom;
mod flows;
mod models;
