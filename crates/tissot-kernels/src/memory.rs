//! An allocator for programs that would rather say what they lack than abort; and what the C library's does with freed memory.

#[cfg(feature = "flex")]
mod heap;

#[cfg(feature = "flex")]
pub(crate) use heap::keep;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// The system's allocator. Where it has no more memory to give, it says so in one line on standard error and ends the program
/// with code 1: by default Rust aborts there.
///
/// A library must not choose a program's allocator, so this is for programs:
///
/// ```
/// #[global_allocator]
/// static MEMORY: tissot_kernels::memory::Telling = tissot_kernels::memory::Telling;
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Telling;

// SAFETY: all is done by the system's allocator with the arguments unchanged; what is null is never returned.
unsafe impl GlobalAlloc for Telling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the same contract.
        told(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the same contract.
        told(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the same contract.
        told(unsafe { System.realloc(place, layout, size) }, size)
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What the system gave, unless that is nothing.
fn told(place: *mut u8, size: usize) -> *mut u8 {
    if place.is_null() {
        end(size);
    }
    place
}

/// Says what was lacking and ends the program, without asking for memory.
#[cold]
fn end(size: usize) -> ! {
    thread_local!(static ENDS: Cell<bool> = const { Cell::new(false) });
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if ENDS.replace(true) {
        std::process::abort();
    }
    while BEGUN.swap(true, Ordering::SeqCst) {
        // Another thread is about to end the program.
        std::thread::park();
    }
    let mut line = [0; 200];
    let mut rest = &mut line[..];
    let _ = writeln!(
        rest,
        "error: out of memory: {} KiB more could not be had; fewer rows, a smaller --batch or a smaller flow need less",
        size.div_ceil(1024)
    );
    let left = rest.len();
    let _ = std::io::stderr().write_all(&line[..line.len() - left]);
    std::process::exit(1)
}
