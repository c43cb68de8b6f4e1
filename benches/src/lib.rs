//! Benchmarks, in `benches/`; `peers/` has the scripts that run other libraries on the same work.
