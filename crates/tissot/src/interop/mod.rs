//! To other libraries and back.

mod export;

pub use export::export;
