//! The one error type of the core.

/// What can go wrong in a kernel. Every message names the argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An argument has a value outside its domain.
    #[error("{argument} {problem}")]
    Value {
        /// The argument's public name.
        argument: &'static str,
        /// What was found and what is wanted.
        problem: String,
    },
    /// An array has a shape that does not fit the others.
    #[error("{argument} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// The argument's public name.
        argument: &'static str,
        /// The shape found.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// The caller's poll asked to stop; outputs are incomplete.
    #[error("interrupted")]
    Interrupted,
}

/// Result of a kernel.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A value outside its domain.
    pub fn value(argument: &'static str, problem: impl Into<String>) -> Self {
        Self::Value {
            argument,
            problem: problem.into(),
        }
    }
}

/// Err unless two shapes agree.
///
/// # Errors
/// Shapes that differ.
pub fn check_shape(argument: &'static str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape {
        argument,
        found: found.to_vec(),
        expected: expected.to_vec(),
    })
}
