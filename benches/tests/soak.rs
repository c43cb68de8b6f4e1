//! Memory does not grow with the steps of a run, nor with the rows that are scored.

#![cfg(target_os = "linux")]

use tissot_benches::machine::use_threads;
use tissot_benches::soak;

/// How much more memory, in MB, a run may take three times as far on; a leak of one batch of rows a step would be 8.
const MOST: f64 = 4.0;

#[test]
fn memory_does_not_grow_with_steps_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    use_threads(1);
    let (model, points) = soak::train(6_000, &[2_000, 6_000], folder.path()).unwrap();
    let [early, late] = points[..] else { panic!("{points:?}") };
    println!("{early:?}, {late:?}");
    assert!(late.mb - early.mb < MOST, "{early:?}, {late:?}");
    let points = soak::score(&model, 300_000, &[100_000, 300_000], &folder.path().join("rows.csv")).unwrap();
    let [early, late] = points[..] else { panic!("{points:?}") };
    println!("{early:?}, {late:?}");
    assert!(late.mb - early.mb < MOST, "{early:?}, {late:?}");
}
