//! `gasquake._core`: the thin binding. Rule: no arithmetic here; checks, views, and one call into the core.

use pyo3::prelude::*;

mod error;
mod input;
mod run;
mod windows;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::build_info;
    #[pymodule_export]
    use super::windows::{rolling_mean, rolling_zscore};
}

/// Profile, version, instruction set and threads.
#[pyfunction]
fn build_info() -> (&'static str, &'static str, &'static str, usize) {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    (
        profile,
        env!("CARGO_PKG_VERSION"),
        gasquake_core::simd::level().name(),
        gasquake_core::parallel::available_threads(),
    )
}
