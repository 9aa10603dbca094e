//! `gasquake._core`: the thin binding. Rule: no arithmetic here; checks, views, and one call into the core.

use pyo3::prelude::*;

mod climatology;
mod error;
mod input;
mod maxima;
mod profiles;
mod run;
mod spirals;
mod windows;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::build_info;
    #[pymodule_export]
    use super::climatology::seasonal_zscore;
    #[pymodule_export]
    use super::maxima::locate_maxima;
    #[pymodule_export]
    use super::profiles::scan_profiles;
    #[pymodule_export]
    use super::requested_threads;
    #[pymodule_export]
    use super::spirals::{fit_spirals, refine_spirals, spiral_null};
    #[pymodule_export]
    use super::windows::{rolling_mad, rolling_mean, rolling_median, rolling_std, rolling_zscore};
}

/// Profile, version, instruction set and threads.
#[pyfunction]
fn build_info() -> (&'static str, &'static str, &'static str, usize) {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    (
        profile,
        env!("CARGO_PKG_VERSION"),
        gasquake_core::simd::in_use().name(),
        gasquake_core::parallel::available_threads(),
    )
}

/// `GASQUAKE_NUM_THREADS`, if it is set. Here because Python's `os.environ` takes longer than a small call.
#[pyfunction]
fn requested_threads() -> Option<std::ffi::OsString> {
    std::env::var_os("GASQUAKE_NUM_THREADS")
}
