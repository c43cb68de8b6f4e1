//! What the examples share: nothing but a way to run them for a few steps.

/// The number of training steps: the environment's `TISSOT_STEPS`, or `default`.
pub fn steps(default: u64) -> u64 {
    std::env::var("TISSOT_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(default)
}
