//! What `inspect` says of flows whose answers are known, or of random ones by two ways.

mod common;
mod geometry;
mod ledger;
