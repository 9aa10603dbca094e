//! Bindings of `gasquake_core::windows`.

use crate::input::{dispatch, readonly, readwrite};
use crate::run::run;
use gasquake_core::real::Real;
use gasquake_core::windows::{self, End, Window};
use numpy::{Element, Ix3, PyUntypedArray};
use pyo3::prelude::*;

type Any<'py> = Bound<'py, PyUntypedArray>;

fn end(center: bool) -> End {
    if center { End::Centre } else { End::Here }
}

#[pyfunction]
#[pyo3(signature = (values, window, min_count, center, mean, threads))]
pub(crate) fn rolling_mean(
    py: Python<'_>,
    values: Any<'_>,
    window: usize,
    min_count: usize,
    center: bool,
    mean: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    fn call<T: Real + Element>(py: Python<'_>, values: &Any<'_>, window: Window, mean: &Any<'_>, threads: usize) -> PyResult<()> {
        let source = readonly::<T, Ix3>(values, "values")?;
        let mut target = readwrite::<T, Ix3>(mean, "mean")?;
        let (source, target) = (source.as_array(), target.as_array_mut());
        run(py, source.len() * 8, threads, |exec| windows::rolling_mean(source, window, target, exec))
    }
    let window = Window::new(window, min_count, end(center)).map_err(crate::error::CoreError)?;
    dispatch!(&values, "values", call(py, &values, window, &mean, threads))
}

#[pyfunction]
#[pyo3(signature = (values, window, min_count, include_current, anomaly, zscore, count, threads))]
pub(crate) fn rolling_zscore(
    py: Python<'_>,
    values: Any<'_>,
    window: usize,
    min_count: usize,
    include_current: bool,
    anomaly: Any<'_>,
    zscore: Any<'_>,
    count: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    fn call<T: Real + Element>(
        py: Python<'_>,
        values: &Any<'_>,
        window: Window,
        anomaly: &Any<'_>,
        zscore: &Any<'_>,
        count: &Any<'_>,
        threads: usize,
    ) -> PyResult<()> {
        let source = readonly::<T, Ix3>(values, "values")?;
        let mut anomaly = readwrite::<T, Ix3>(anomaly, "anomaly")?;
        let mut zscore = readwrite::<T, Ix3>(zscore, "zscore")?;
        let mut count = readwrite::<i32, Ix3>(count, "count")?;
        let (source, anomaly, zscore, count) =
            (source.as_array(), anomaly.as_array_mut(), zscore.as_array_mut(), count.as_array_mut());
        run(py, source.len() * 8, threads, |exec| {
            windows::rolling_zscore(source, window, anomaly, zscore, count, exec)
        })
    }
    let end = if include_current { End::Here } else { End::Before };
    let window = Window::new(window, min_count, end).map_err(crate::error::CoreError)?;
    dispatch!(&values, "values", call(py, &values, window, &anomaly, &zscore, &count, threads))
}
