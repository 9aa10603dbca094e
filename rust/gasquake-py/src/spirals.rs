//! Bindings of `gasquake_core::spirals`.

use crate::error::CoreError;
use crate::input::{readonly, readwrite};
use crate::run::run;
use gasquake_core::error::check_shape;
use gasquake_core::spirals::{self, Anchor, Fits, Kind, Null, Options};
use numpy::{Ix1, Ix2, PyUntypedArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

type Any<'py> = Bound<'py, PyUntypedArray>;

fn unknown<T>(argument: &str, found: &str) -> PyResult<T> {
    Err(PyValueError::new_err(format!(
        "{argument} is unknown: {found:?}"
    )))
}

fn options(kind: &str, anchor: &str, sigma: f64, loss: &str, max_turns: f64) -> PyResult<Options> {
    let kind = match kind {
        "involute" => Kind::Involute,
        "archimedean" => Kind::Archimedean,
        "logarithmic" => Kind::Logarithmic,
        _ => return unknown("kind", kind),
    };
    let anchor = match anchor {
        "centre" => Anchor::Centre,
        "cusp" => Anchor::Cusp,
        _ => return unknown("anchor", anchor),
    };
    let huber = match loss {
        "huber" => true,
        "square" => false,
        _ => return unknown("loss", loss),
    };
    Ok(Options::new(kind, anchor, sigma, huber, max_turns).map_err(CoreError)?)
}

#[pyfunction]
#[pyo3(signature = (x, y, t, kind, anchor, sigma, loss, max_turns, table, chirality, n, converged, threads))]
pub(crate) fn fit_spirals(
    py: Python<'_>,
    x: Any<'_>,
    y: Any<'_>,
    t: Any<'_>,
    kind: &str,
    anchor: &str,
    sigma: f64,
    loss: &str,
    max_turns: f64,
    table: Any<'_>,
    chirality: Any<'_>,
    n: Any<'_>,
    converged: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    let options = options(kind, anchor, sigma, loss, max_turns)?;
    let x = readonly::<f64, Ix2>(&x, "x")?;
    let y = readonly::<f64, Ix2>(&y, "y")?;
    let t = readonly::<f64, Ix2>(&t, "t")?;
    let mut table = readwrite::<f64, Ix2>(&table, "table")?;
    let mut chirality = readwrite::<i8, Ix1>(&chirality, "chirality")?;
    let mut n = readwrite::<i32, Ix1>(&n, "n")?;
    let mut converged = readwrite::<bool, Ix1>(&converged, "converged")?;
    let (x, y, t) = (x.as_array(), y.as_array(), t.as_array());
    let out = Fits {
        table: table.as_array_mut(),
        chirality: chirality.as_array_mut(),
        n: n.as_array_mut(),
        converged: converged.as_array_mut(),
    };
    run(py, options.work(x.nrows(), x.ncols()), threads, |exec| {
        spirals::fit_spirals(x, y, t, options, out, exec)
    })
}

/// Not behind any public function: for benches and tests, which ask local optimisers the same question.
#[pyfunction]
#[pyo3(signature = (x, y, t, starts, kind, anchor, sigma, loss, max_turns, table, chirality, n, converged, threads))]
pub(crate) fn refine_spirals(
    py: Python<'_>,
    x: Any<'_>,
    y: Any<'_>,
    t: Any<'_>,
    starts: Any<'_>,
    kind: &str,
    anchor: &str,
    sigma: f64,
    loss: &str,
    max_turns: f64,
    table: Any<'_>,
    chirality: Any<'_>,
    n: Any<'_>,
    converged: Any<'_>,
    threads: usize,
) -> PyResult<()> {
    let options = options(kind, anchor, sigma, loss, max_turns)?;
    let x = readonly::<f64, Ix2>(&x, "x")?;
    let y = readonly::<f64, Ix2>(&y, "y")?;
    let t = readonly::<f64, Ix2>(&t, "t")?;
    let starts = readonly::<f64, Ix2>(&starts, "starts")?;
    let mut table = readwrite::<f64, Ix2>(&table, "table")?;
    let mut chirality = readwrite::<i8, Ix1>(&chirality, "chirality")?;
    let mut n = readwrite::<i32, Ix1>(&n, "n")?;
    let mut converged = readwrite::<bool, Ix1>(&converged, "converged")?;
    let (x, y, t, starts) = (x.as_array(), y.as_array(), t.as_array(), starts.as_array());
    let out = Fits {
        table: table.as_array_mut(),
        chirality: chirality.as_array_mut(),
        n: n.as_array_mut(),
        converged: converged.as_array_mut(),
    };
    run(py, options.work(x.nrows(), x.ncols()), threads, |exec| {
        spirals::refine_spirals(x, y, t, starts, options, out, exec)
    })
}

#[pyfunction]
#[pyo3(signature = (x, y, t, null, seed, kind, anchor, sigma, loss, max_turns, n, null_statistics, threads))]
pub(crate) fn spiral_null(
    py: Python<'_>,
    x: Any<'_>,
    y: Any<'_>,
    t: Any<'_>,
    null: &str,
    seed: u128,
    kind: &str,
    anchor: &str,
    sigma: f64,
    loss: &str,
    max_turns: f64,
    n: usize,
    null_statistics: Any<'_>,
    threads: usize,
) -> PyResult<f64> {
    let options = options(kind, anchor, sigma, loss, max_turns)?;
    let null = match null {
        "permute_days" => Null::PermuteDays,
        "rotate" => Null::Rotate,
        "move_anchor" => Null::MoveAnchor,
        _ => return unknown("null", null),
    };
    let x = readonly::<f64, Ix1>(&x, "x")?;
    let y = readonly::<f64, Ix1>(&y, "y")?;
    let t = readonly::<f64, Ix1>(&t, "t")?;
    let mut statistics = readwrite::<f64, Ix1>(&null_statistics, "null_statistics")?;
    let (x, y, t) = (x.as_array(), y.as_array(), t.as_array());
    let statistics = statistics.as_array_mut();
    check_shape("null_statistics", statistics.shape(), &[n]).map_err(CoreError)?;
    let seed = [seed as u64, (seed >> 64) as u64];
    run(
        py,
        options.work(statistics.len() + 1, x.len()),
        threads,
        |exec| spirals::spiral_null(x, y, t, options, null, seed, statistics, exec),
    )
}
