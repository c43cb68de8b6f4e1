//! Tasks for several threads.

use rayon::prelude::*;
use std::sync::Mutex;

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
}
