//! Bindings of `gasquake_core::windows`.

use crate::error::CoreError;
use crate::input::{Any, dispatch, readonly, readwrite};
use crate::run::run;
use gasquake_core::Result;
use gasquake_core::parallel::Exec;
use gasquake_core::real::Real;
use gasquake_core::windows::{self, End, Window};
use numpy::ndarray::{ArrayView3, ArrayViewMut3};
use numpy::{Element, Ix3};
use pyo3::prelude::*;

/// Nanoseconds a sample takes, roughly: decides what is too small to hand over.
const MOMENT_COST: usize = 8;
/// Likewise, for each sample of a window in order.
const ORDER_COST: usize = 40;

type Single<T> = fn(ArrayView3<'_, T>, Window, ArrayViewMut3<'_, T>, Exec<'_>) -> Result<()>;

fn window(length: usize, min_count: usize, end: End) -> PyResult<Window> {
    Ok(Window::new(length, min_count, end).map_err(CoreError)?)
}

/// A kernel with one output.
fn single<T: Real + Element>(
    py: Python<'_>,
    kernel: Single<T>,
    cost: usize,
    values: &Any<'_>,
    window: Window,
    out: &Any<'_>,
    threads: usize,
) -> PyResult<()> {
    let values = readonly::<T, Ix3>(values, "values")?;
    let mut out = readwrite::<T, Ix3>(out, "out")?;
    let (values, out) = (values.as_array(), out.as_array_mut());
    run(py, values.len().saturating_mul(cost), threads, |exec| {
        kernel(values, window, out, exec)
    })
}

macro_rules! single_output {
    ($name:ident, $cost:expr) => {
        #[pyfunction]
        #[pyo3(signature = (values, window, min_count, center, out, threads))]
        pub(crate) fn $name(
            py: Python<'_>,
            values: Any<'_>,
            window: usize,
            min_count: usize,
            center: bool,
            out: Any<'_>,
            threads: usize,
        ) -> PyResult<()> {
            let window = self::window(window, min_count, if center { End::Centre } else { End::Here })?;
            dispatch!(&values, "values", T => single::<T>(py, windows::$name::<T>, $cost, &values, window, &out, threads))
        }
    };
}

single_output!(rolling_mean, MOMENT_COST);
single_output!(rolling_std, MOMENT_COST);
single_output!(rolling_median, ORDER_COST);
single_output!(rolling_mad, ORDER_COST);

#[pyfunction]
#[pyo3(signature = (values, window, min_count, include_current, robust, anomaly, zscore, count, threads))]
pub(crate) fn rolling_zscore(
    py: Python<'_>,
    values: Any<'_>,
    window: usize,
    min_count: usize,
    include_current: bool,
    robust: bool,
    anomaly: Any<'_>,
    zscore: Any<'_>,
    count: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    let end = if include_current {
        End::Here
    } else {
        End::Before
    };
    let window = self::window(window, min_count, end)?;
    dispatch!(&values, "values", T => {
        let values = readonly::<T, Ix3>(&values, "values")?;
        let mut anomaly = readwrite::<T, Ix3>(&anomaly, "anomaly")?;
        let mut zscore = readwrite::<T, Ix3>(&zscore, "zscore")?;
        let mut count = readwrite::<i32, Ix3>(&count, "count")?;
        let values = values.as_array();
        let (anomaly, zscore, count) = (anomaly.as_array_mut(), zscore.as_array_mut(), count.as_array_mut());
        let cost = if robust { ORDER_COST } else { MOMENT_COST };
        run(py, values.len().saturating_mul(cost), threads, |exec| {
            if robust {
                windows::rolling_zscore_robust(values, window, anomaly, zscore, count, exec)
            } else {
                windows::rolling_zscore(values, window, anomaly, zscore, count, exec)
            }
        })
    })
}
