//! Panics of other crates at files that are damaged.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` where it panicked. What it held must not be used again then.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.ok()
}

/// Whether a panic of this thread, now, becomes an error: a program's panic hook need say nothing.
///
/// # Examples
///
/// ```
/// let usual = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |panic| {
///     if !tissot::guard::panics_are_errors() {
///         usual(panic);
///     }
/// }));
/// assert_eq!(tissot::guard::guarded(|| 1), Some(1));
/// assert_eq!(tissot::guard::guarded(|| panic!("not seen")), None::<()>);
/// ```
pub fn panics_are_errors() -> bool {
    GUARDED.get()
}
