//! Binding of `gasquake_core::maxima`.

use crate::input::{Any, dispatch, readonly, readwrite};
use crate::run::run;
use gasquake_core::maxima::{self, Outputs};
use numpy::Ix3;
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (values, index, value, count, ties, threads))]
pub(crate) fn locate_maxima(
    py: Python<'_>,
    values: Any<'_>,
    index: Any<'_>,
    value: Any<'_>,
    count: Any<'_>,
    ties: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    dispatch!(&values, "values", T => {
        let values = readonly::<T, Ix3>(&values, "values")?;
        let mut index = readwrite::<i64, Ix3>(&index, "index")?;
        let mut value = readwrite::<T, Ix3>(&value, "value")?;
        let mut count = readwrite::<i64, Ix3>(&count, "count")?;
        let mut ties = readwrite::<i64, Ix3>(&ties, "ties")?;
        let values = values.as_array();
        let out = Outputs {
            index: index.as_array_mut(),
            value: value.as_array_mut(),
            count: count.as_array_mut(),
            ties: ties.as_array_mut(),
        };
        run(py, values.len(), threads, |exec| maxima::locate_maxima(values, out, exec))
    })
}
