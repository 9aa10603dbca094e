//! From the core's error to Python's exceptions. The core knows nothing of Python; this is the only bridge.

use gasquake_core::Error;
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;

pyo3::import_exception!(gasquake.errors, InternalError);

/// A core error on its way to Python, so that bindings only write `?`.
pub(crate) struct CoreError(pub(crate) Error);

impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<CoreError> for PyErr {
    fn from(error: CoreError) -> Self {
        match error.0 {
            Error::Interrupted => PyKeyboardInterrupt::new_err(()),
            other => PyValueError::new_err(other.to_string()),
        }
    }
}

/// A panic that was caught: a defect of ours, never of the input.
pub(crate) fn internal(panic: &(dyn std::any::Any + Send)) -> PyErr {
    let what = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    InternalError::new_err(format!(
        "gasquake failed internally ({what}); this is a defect, please report it with the call that caused it"
    ))
}
