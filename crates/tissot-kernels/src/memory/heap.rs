//! Freed memory that is kept for the next step.

use std::hint::black_box;
use std::sync::Once;

/// The largest block below glibc's bound of 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`), with room for its header.
const BLOCK: usize = (32 << 20) - (8 << 10);

/// Lets glibc keep up to 64 MiB of freed memory, where it would give nearly all of it back to the system after each step and
/// have it zeroed, page by page, for the next: a third of the time of a small flow.
///
/// glibc fits its thresholds to the program: where a block that it had mapped is freed, blocks up to that size come from the
/// heap from then on, and up to twice that size stays there (`mallopt(3)`, `M_MMAP_THRESHOLD`). So one large block is asked
/// for and freed, untouched. A program that has set a threshold of its own (`MALLOC_TRIM_THRESHOLD_` in the environment, or
/// `mallopt`) keeps it, and other allocators do not care.
///
/// Costs two system calls, once a process.
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(BLOCK))));
}
