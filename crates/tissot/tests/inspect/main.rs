//! What `inspect` says of flows whose answers are known, or of random ones by two ways.

mod common;
mod digits;
mod geometry;
mod leading;
mod ledger;
mod model;
mod projections;
mod tangents;
