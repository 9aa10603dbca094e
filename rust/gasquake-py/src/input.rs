//! The gate: dtype and shape of every array that comes in, with the argument's name in the error.
//!
//! Python's `_array` has already turned the caller's object into native float arrays; what arrives here otherwise came
//! past it, and gets a `TypeError`, never a panic.

use numpy::ndarray::Dimension;
use numpy::{
    Element, PyArray, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray, PyReadwriteArray,
    PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Any `NumPy` array, not yet looked at.
pub(crate) type Any<'py> = Bound<'py, PyUntypedArray>;

/// The two element types that a kernel is compiled for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    F32,
    F64,
}

/// The element type of the array that decides a call's type.
pub(crate) fn kind(array: &Any<'_>, name: &str) -> PyResult<Kind> {
    let py = array.py();
    let dtype = array.dtype();
    if dtype.is_equiv_to(&numpy::dtype::<f32>(py)) {
        Ok(Kind::F32)
    } else if dtype.is_equiv_to(&numpy::dtype::<f64>(py)) {
        Ok(Kind::F64)
    } else {
        Err(PyTypeError::new_err(format!(
            "{name} must be native float32 or float64, got dtype {dtype}"
        )))
    }
}

fn mismatch(array: &Any<'_>, name: &str, dtype: &str, ndim: usize) -> PyErr {
    PyTypeError::new_err(format!(
        "{name} must be a {ndim}-d array of {dtype}, got a {}-d array of {}",
        array.ndim(),
        array.dtype()
    ))
}

/// A borrowed array to read from.
pub(crate) fn readonly<'py, T: Element, D: Dimension>(
    array: &Any<'py>,
    name: &str,
) -> PyResult<PyReadonlyArray<'py, T, D>> {
    let typed = array.cast::<PyArray<T, D>>().map_err(|_| {
        mismatch(
            array,
            name,
            &type_name::<T>(array.py()),
            D::NDIM.unwrap_or(0),
        )
    })?;
    typed
        .try_readonly()
        .map_err(|e| PyTypeError::new_err(format!("{name} cannot be read: {e}")))
}

/// A borrowed array to write to.
pub(crate) fn readwrite<'py, T: Element, D: Dimension>(
    array: &Any<'py>,
    name: &str,
) -> PyResult<PyReadwriteArray<'py, T, D>> {
    let typed = array.cast::<PyArray<T, D>>().map_err(|_| {
        mismatch(
            array,
            name,
            &type_name::<T>(array.py()),
            D::NDIM.unwrap_or(0),
        )
    })?;
    typed
        .try_readwrite()
        .map_err(|e| PyTypeError::new_err(format!("{name} cannot be written: {e}")))
}

fn type_name<T: Element>(py: Python<'_>) -> String {
    T::get_dtype(py).to_string()
}

/// Runs an expression with `T` = f32 or f64, as the named array's dtype says.
macro_rules! dispatch {
    ($array:expr, $name:literal, $T:ident => $body:expr) => {
        match $crate::input::kind($array, $name)? {
            $crate::input::Kind::F32 => {
                type $T = f32;
                $body
            }
            $crate::input::Kind::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}
pub(crate) use dispatch;
