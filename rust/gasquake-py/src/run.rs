//! The one way into the core: frees the GIL, hears Ctrl-C, catches panics.

use crate::error::{CoreError, internal};
use gasquake_core::Result;
use gasquake_core::parallel::{Exec, Pool, available_threads};
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Below this much work (about a nanosecond a unit) handing over to a worker costs more than it gives.
const INLINE_BELOW: usize = 100_000;

/// Runs `kernel`: small work here and now, large work on the pool with the GIL free.
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    work: usize,
    threads: usize,
    kernel: impl FnOnce(Exec<'_>) -> Result<R> + Send,
) -> PyResult<R> {
    if work < INLINE_BELOW {
        return finish(catch_unwind(AssertUnwindSafe(|| kernel(Exec::Inline))));
    }
    // Taken with the GIL held: a fork by another Python thread cannot find the pools locked.
    let pool = Pool::of(threads.min(limit())).map_err(CoreError)?;
    let mut heard: Option<PyErr> = None;
    let outcome = py.detach(|| {
        let signal = std::sync::Mutex::new(None);
        let signalled = || {
            Python::attach(|py| match py.check_signals() {
                Ok(()) => false,
                Err(error) => {
                    if let Ok(mut slot) = signal.lock() {
                        *slot = Some(error);
                    }
                    true
                }
            })
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            kernel(Exec::Pool {
                pool,
                poll: &signalled,
            })
        }));
        heard = signal.into_inner().unwrap_or(None);
        outcome
    });
    // The handler's own exception, KeyboardInterrupt by default.
    match heard {
        Some(error) => Err(error),
        None => finish(outcome),
    }
}

/// What this process may use, asked once: the answer reads files.
fn limit() -> usize {
    static LIMIT: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *LIMIT.get_or_init(available_threads)
}

fn finish<R>(outcome: std::thread::Result<Result<R>>) -> PyResult<R> {
    match outcome {
        Ok(result) => Ok(result.map_err(CoreError)?),
        Err(panic) => Err(internal(&*panic)),
    }
}
