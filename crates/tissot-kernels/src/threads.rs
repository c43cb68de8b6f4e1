//! Tasks for several threads, and parts of a batch that have a thread each.

use crate::device::is_on_host;
use burn::tensor::{DType, Device};
use rayon::prelude::*;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Mutex;

thread_local! {
    /// How many threads a part of a batch may use that is computed on this one; 0 where none is.
    static SHARE: Cell<usize> = const { Cell::new(0) };
}

/// How many threads the work that is done here may use: those of rayon's pool, of which each part of a batch has its share.
pub fn count() -> usize {
    match SHARE.get() {
        0 => rayon::current_num_threads(),
        share => share,
    }
}

/// Whether kernels for such tensors run on threads of this process; other devices divide their work themselves.
pub fn are_used(device: &Device, dtype: DType) -> bool {
    is_on_host(device, dtype)
}

/// The results of `part` for each of so many parts, which are computed at the same time, on as many threads as there are.
///
/// A kernel that is called inside divides its own work no further than into its part's share of the threads: one call for a
/// whole part costs less than one for each operation.
///
/// ```
/// use tissot_kernels::threads;
///
/// let sums = threads::parts(threads::split(10, 3, 2), |rows| rows.sum::<usize>());
/// assert_eq!(sums, [0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 8 + 9]);
/// ```
pub fn parts<T: Send, R: Send>(parts: Vec<T>, part: impl Fn(T) -> R + Sync) -> Vec<R> {
    let share = (count() / parts.len().max(1)).max(1);
    let mut results: Vec<Option<R>> = parts.iter().map(|_| None).collect();
    for_each(parts.into_iter().zip(&mut results).collect(), |(one, result)| {
        let _within = Within(SHARE.replace(share));
        *result = Some(part(one));
    });
    results.into_iter().map(|result| result.expect("each task is done")).collect()
}

/// What there was before a part, set again at its end, however it ends.
struct Within(usize);

impl Drop for Within {
    fn drop(&mut self) {
        SHARE.set(self.0);
    }
}

/// `0..n` in at most so many parts, each a multiple of `unit` but for the last.
///
/// # Panics
/// For a `unit` of 0.
pub fn split(n: usize, parts: usize, unit: usize) -> Vec<Range<usize>> {
    let size = n.div_ceil(parts.max(1)).next_multiple_of(unit).max(unit);
    (0..n.max(1)).step_by(size).map(|start| start..n.min(start + size)).collect()
}

/// Calls `one` for each of the tasks, on this thread and on those of rayon's pool, whichever is free.
///
/// A thread that is not of the pool works with it. rayon's own iterators hand everything over to the pool and let such a thread
/// sleep: two threads are woken one after the other for each operation, and a training step has a hundred.
pub(crate) fn for_each<T: Send>(tasks: Vec<T>, one: impl Fn(T) + Sync) {
    if rayon::current_thread_index().is_some() {
        return tasks.into_par_iter().for_each(&one);
    }
    let helpers = rayon::current_num_threads().min(tasks.len()).saturating_sub(1);
    let tasks = Mutex::new(tasks.into_iter());
    let next = || tasks.lock().expect("no panic while it was held").next();
    let work = || {
        while let Some(task) = next() {
            one(task);
        }
    };
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| work());
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_done_once_inside_a_pool_and_outside() {
        let run = || {
            let mut done = vec![0; 100];
            let tasks: Vec<_> = done.iter_mut().enumerate().collect();
            for_each(tasks, |(i, done)| *done += i + 1);
            assert_eq!(done, (1..=100).collect::<Vec<_>>());
        };
        run();
        rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads").install(run);
        for_each(Vec::<usize>::new(), |_| unreachable!("no task"));
    }

    #[test]
    #[should_panic(expected = "the seventh")]
    fn a_panic_of_a_task_arrives() {
        for_each((0..20).collect(), |i| assert!(i != 7, "the seventh"));
    }

    #[test]
    fn parts_share_the_threads() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(6).build().expect("threads");
        pool.install(|| {
            for (n, share) in [(1, 6), (2, 3), (4, 1), (9, 1)] {
                let seen = parts((0..n).collect(), |_| (count(), parts(vec![0; 2], |_| count())));
                assert_eq!(seen, vec![(share, vec![(share / 2).max(1); 2]); n], "{n} parts");
            }
            assert_eq!(count(), 6);
            let lost = std::panic::catch_unwind(|| parts(vec![()], |()| panic!("a part")));
            assert!(lost.is_err() && count() == 6);
        });
    }

    #[test]
    fn a_batch_is_split_into_all_of_it() {
        for (n, parts, unit, sizes) in [
            (10, 4, 1, vec![3, 3, 3, 1]),
            (3, 5, 1, vec![1; 3]),
            (0, 2, 4, vec![0]),
            (7, 0, 1, vec![7]),
            (100, 3, 8, vec![40, 40, 20]),
            (5, 2, 8, vec![5]),
        ] {
            let ranges = split(n, parts, unit);
            assert_eq!(ranges.iter().map(Range::len).collect::<Vec<_>>(), sizes);
            assert_eq!(ranges.into_iter().flatten().collect::<Vec<_>>(), (0..n).collect::<Vec<_>>());
        }
    }
}
