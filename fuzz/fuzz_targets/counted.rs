//! How much a target was given.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts an input, and says now and then how many there were.
pub fn counted(bytes: &[u8]) -> &[u8] {
    static INPUTS: AtomicU64 = AtomicU64::new(0);
    static BYTES: AtomicU64 = AtomicU64::new(0);
    let sum = BYTES.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
    let inputs = INPUTS.fetch_add(1, Ordering::Relaxed) + 1;
    if inputs.is_multiple_of(1 << 12) {
        eprintln!("{inputs} inputs, {sum} bytes");
    }
    bytes
}
