//! Threads. The only user of rayon.
//!
//! A pool is kept per process id and size and is never torn down: rayon's workers do not survive a fork, so a forked
//! child finds no pool under its own id and starts one. Jobs are cut by fixed sizes, never by the number of threads,
//! and each writes its own output: one thread and eight give the same bits.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often the waiting thread calls `poll`.
const POLL_EVERY: Duration = Duration::from_millis(40);

/// Threads that this process may use: affinity and cgroup quota, whichever is less.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Where a kernel runs.
#[derive(Clone, Copy)]
pub enum Exec<'a> {
    /// On the calling thread. For work too small to hand over.
    Inline,
    /// On a pool's workers, while the calling thread waits and polls.
    Pool {
        /// The workers.
        pool: Pool,
        /// Called by the waiting thread some 25 times a second; `true` asks the kernel to stop.
        poll: &'a dyn Fn() -> bool,
    },
}

/// A handle to a pool of workers of this process.
#[derive(Clone, Copy)]
pub struct Pool {
    workers: &'static rayon::ThreadPool,
    threads: usize,
}

struct Entry {
    pid: u32,
    pool: Pool,
}

static POOLS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

impl Pool {
    /// The pool of `threads` workers of this process, started at the first call.
    ///
    /// # Errors
    /// When the system refuses to start threads.
    pub fn of(threads: usize) -> Result<Self> {
        let pid = std::process::id();
        let threads = threads.max(1);
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        // Entries of a parent process point at workers that do not exist here.
        pools.retain(|entry| entry.pid == pid);
        if let Some(entry) = pools.iter().find(|entry| entry.pool.threads == threads) {
            return Ok(entry.pool);
        }
        let workers = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("gasquake-{i}"))
            .build()
            .map_err(|e| {
                Error::value(
                    "n_threads",
                    format!("= {threads} could not be started: {e}"),
                )
            })?;
        let pool = Self {
            workers: Box::leak(Box::new(workers)),
            threads,
        };
        pools.push(Entry { pid, pool });
        Ok(pool)
    }
}

/// Tells a long job that it should give up.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Whether the caller asked to stop.
    #[inline]
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `work` on every job, each exactly once, in no particular order.
///
/// # Errors
/// [`Error::Interrupted`] when `poll` asked to stop before the last job was done.
pub fn for_each<J, F>(exec: Exec<'_>, jobs: Vec<J>, work: F) -> Result<()>
where
    J: Send,
    F: Fn(J, &Stop) + Sync,
{
    let stop = Stop::default();
    let (pool, poll) = match exec {
        Exec::Inline => {
            for job in jobs {
                work(job, &stop);
            }
            return Ok(());
        }
        Exec::Pool { pool, poll } => (pool, poll),
    };
    let jobs: Vec<Mutex<Option<J>>> = jobs.into_iter().map(|job| Mutex::new(Some(job))).collect();
    let next = AtomicUsize::new(0);
    let workers = pool.threads.min(jobs.len());
    let running = Mutex::new(workers);
    let finished = Condvar::new();
    pool.workers.in_place_scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| {
                let _leave = Leave(&running, &finished);
                while !stop.requested() {
                    let Some(slot) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        return;
                    };
                    let job = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(job) = job {
                        work(job, &stop);
                    }
                }
            });
        }
        let mut left = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *left > 0 {
            let (guard, timeout) = finished
                .wait_timeout(left, POLL_EVERY)
                .unwrap_or_else(PoisonError::into_inner);
            left = guard;
            if timeout.timed_out() && *left > 0 && !stop.requested() {
                drop(left);
                if poll() {
                    stop.0.store(true, Ordering::Relaxed);
                }
                left = running.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
    });
    if stop.requested() {
        Err(Error::Interrupted)
    } else {
        Ok(())
    }
}

/// Counts a worker out when it leaves, also by a panic.
struct Leave<'a>(&'a Mutex<usize>, &'a Condvar);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_runs_once() {
        let mut out = vec![0u32; 1000];
        let pool = Pool::of(3).unwrap();
        let exec = Exec::Pool {
            pool,
            poll: &|| false,
        };
        for_each(exec, out.iter_mut().collect(), |slot, _| *slot += 1).unwrap();
        assert!(out.iter().all(|&n| n == 1));
    }

    #[test]
    fn a_poll_stops_the_rest() {
        let done = AtomicUsize::new(0);
        let pool = Pool::of(2).unwrap();
        let exec = Exec::Pool {
            pool,
            poll: &|| true,
        };
        let result = for_each(exec, vec![(); 1000], |(), _| {
            std::thread::sleep(Duration::from_millis(5));
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(result, Err(Error::Interrupted));
        assert!(done.load(Ordering::Relaxed) < 1000);
    }

    #[test]
    #[should_panic(expected = "in a job")]
    fn a_panic_reaches_the_caller() {
        let pool = Pool::of(2).unwrap();
        let exec = Exec::Pool {
            pool,
            poll: &|| false,
        };
        let _ = for_each(exec, vec![1, 2, 3], |n, _| assert!(n != 2, "in a job"));
    }
}
