//! Binding of `gasquake_core::climatology`.

use crate::error::CoreError;
use crate::input::{Any, dispatch, readonly, readwrite};
use crate::run::run;
use gasquake_core::climatology::{self, Calendar, Outputs, Reference};
use numpy::{Ix1, Ix3};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (
    values, day, half_width, min_count, exclude_own_year, robust, anomaly, zscore, mean, std, count, threads
))]
pub(crate) fn seasonal_zscore(
    py: Python<'_>,
    values: Any<'_>,
    day: Any<'_>,
    half_width: usize,
    min_count: usize,
    exclude_own_year: bool,
    robust: bool,
    anomaly: Any<'_>,
    zscore: Any<'_>,
    mean: Any<'_>,
    std: Any<'_>,
    count: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    let day = readonly::<i64, Ix1>(&day, "day")?;
    let days: Vec<i64> = day.as_array().iter().copied().collect();
    let calendar = Calendar::new(&days).map_err(CoreError)?;
    let reference = Reference {
        half_width,
        min_count,
        exclude_own_year,
    };
    dispatch!(&values, "values", T => {
        let values = readonly::<T, Ix3>(&values, "values")?;
        let mut anomaly = readwrite::<T, Ix3>(&anomaly, "anomaly")?;
        let mut zscore = readwrite::<T, Ix3>(&zscore, "zscore")?;
        let mut mean = readwrite::<T, Ix3>(&mean, "mean")?;
        let mut std = readwrite::<T, Ix3>(&std, "std")?;
        let mut count = readwrite::<i32, Ix3>(&count, "count")?;
        let values = values.as_array();
        let out = Outputs {
            anomaly: anomaly.as_array_mut(),
            zscore: zscore.as_array_mut(),
            mean: mean.as_array_mut(),
            std: std.as_array_mut(),
            count: count.as_array_mut(),
        };
        // Roughly, in nanoseconds a sample; all slots of the year are walked however few the samples.
        let cost = if robust { 500 } else { 20 };
        let work = values.len().saturating_mul(cost).saturating_add(20_000);
        run(py, work, threads, |exec| {
            if robust {
                climatology::seasonal_zscore_robust(values, &calendar, reference, out, exec)
            } else {
                climatology::seasonal_zscore(values, &calendar, reference, out, exec)
            }
        })
    })
}
