//! Binding of `gasquake_core::profiles`.

use crate::input::{Any, dispatch, readonly, readwrite};
use crate::run::run;
use gasquake_core::profiles::{self, Criteria, Outputs};
use numpy::{Ix1, Ix3};
use pyo3::prelude::*;

/// `criteria` is `(split, top, upper, threshold, quiet, min_below, scale_height_km)`; `out` holds the eight arrays of
/// `ProfileScan` in order.
#[pyfunction]
#[pyo3(signature = (values, pressure, sigma, surface_pressure, criteria, out, threads))]
pub(crate) fn scan_profiles(
    py: Python<'_>,
    values: Any<'_>,
    pressure: Any<'_>,
    sigma: Option<Any<'_>>,
    surface_pressure: Option<Any<'_>>,
    criteria: (f64, f64, f64, f64, f64, usize, f64),
    out: (
        Any<'_>,
        Any<'_>,
        Any<'_>,
        Any<'_>,
        Any<'_>,
        Any<'_>,
        Any<'_>,
        Any<'_>,
    ),
    threads: usize,
) -> PyResult<()> {
    let (split, top, upper, threshold, quiet, min_below, scale_height) = criteria;
    let criteria = Criteria {
        split,
        top,
        upper,
        threshold,
        quiet,
        min_below,
        scale_height,
    };
    let pressure = readonly::<f64, Ix1>(&pressure, "pressure")?;
    let pressure: Vec<f64> = pressure.as_array().iter().copied().collect();
    dispatch!(&values, "values", T => {
        let values = readonly::<T, Ix3>(&values, "values")?;
        let sigma = sigma.as_ref().map(|a| readonly::<T, Ix3>(a, "sigma")).transpose()?;
        let ground = surface_pressure.as_ref().map(|a| readonly::<T, Ix3>(a, "surface_pressure")).transpose()?;
        let mut verdict = readwrite::<i8, Ix3>(&out.0, "verdict")?;
        let mut gradient = readwrite::<T, Ix3>(&out.1, "gradient")?;
        let mut gradient_se = readwrite::<T, Ix3>(&out.2, "gradient_se")?;
        let mut z_below = readwrite::<T, Ix3>(&out.3, "z_below")?;
        let mut z_above = readwrite::<T, Ix3>(&out.4, "z_above")?;
        let mut peak_level = readwrite::<i16, Ix3>(&out.5, "peak_level")?;
        let mut bottom_level = readwrite::<i16, Ix3>(&out.6, "bottom_level")?;
        let mut n_below = readwrite::<i16, Ix3>(&out.7, "n_below")?;
        let values = values.as_array();
        let (sigma, ground) = (sigma.as_ref().map(|a| a.as_array()), ground.as_ref().map(|a| a.as_array()));
        let outputs = Outputs {
            verdict: verdict.as_array_mut(),
            gradient: gradient.as_array_mut(),
            gradient_se: gradient_se.as_array_mut(),
            z_below: z_below.as_array_mut(),
            z_above: z_above.as_array_mut(),
            peak_level: peak_level.as_array_mut(),
            bottom_level: bottom_level.as_array_mut(),
            n_below: n_below.as_array_mut(),
        };
        run(py, values.len(), threads, |exec| {
            profiles::scan_profiles(values, &pressure, sigma, ground, criteria, outputs, exec)
        })
    })
}
