//! When to keep a model while it is trained.

/// Steps at which a model is worth keeping, to see how training goes: the start, then further and further apart, as most
/// happens early; at most `n`, none of them the last of `total`.
pub fn snapshot_steps(total: u64, n: usize) -> Vec<u64> {
    let share = |k: usize| (k as f64 / n as f64).powi(2);
    let mut steps: Vec<u64> = (0..n)
        .map(|k| match total {
            // Without a known end: 0, 50, 100, 200, ..
            u64::MAX => {
                if k == 0 {
                    0
                } else {
                    50_u64 << (k - 1).min(40)
                }
            }
            _ => (total as f64 * share(k)).round() as u64,
        })
        .collect();
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_lie_close_at_the_start() {
        assert_eq!(snapshot_steps(1_000, 4), [0, 63, 250, 563]);
        assert_eq!(snapshot_steps(3, 5), [0, 1, 2]);
        assert_eq!(snapshot_steps(u64::MAX, 4), [0, 50, 100, 200]);
        assert!(snapshot_steps(1_000, 0).is_empty());
    }
}
