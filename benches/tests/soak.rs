//! Memory does not grow with the steps of a run, nor with the rows that are scored.

#![cfg(target_os = "linux")]

use tissot_benches::machine::use_threads;
use tissot_benches::soak;

/// How much more memory, in MB, a run may take three times as far on. Below 0.1 was seen; a leak of 500 bytes a step, or of 10
/// bytes a row, would be 2.
const MOST: f64 = 2.0;
/// Rows: whole blocks, as the last part of one takes memory of another size.
const ROWS: u64 = 36 * 8_192;

#[test]
fn memory_does_not_grow_with_steps_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    use_threads(1);
    let (model, points) = soak::train(6_000, &[2_000, 6_000], folder.path()).unwrap();
    let [early, late] = points[..] else { panic!("{points:?}") };
    println!("{early:?}, {late:?}");
    assert!(late.mb - early.mb < MOST, "{early:?}, {late:?}");
    let points = soak::score(&model, ROWS, &[ROWS / 3, ROWS], &folder.path().join("rows.csv")).unwrap();
    let [early, late] = points[..] else { panic!("{points:?}") };
    println!("{early:?}, {late:?}");
    assert!(late.mb - early.mb < MOST, "{early:?}, {late:?}");
}
