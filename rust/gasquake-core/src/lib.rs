//! Kernels of gas tracing: arrays in, arrays out.
//!
//! Nothing here knows Python, files or the environment. One kernel family a module; the ground they stand on is
//! [`real`] (f32 and f64), [`lanes`] (tiles of neighbouring pixels), [`simd`] (runtime choice of instruction set) and
//! [`parallel`] (the only user of rayon). Every kernel accumulates in f64, treats every non-finite sample as missing,
//! and gives the same bits for any number of threads and any instruction set.
#![deny(unsafe_code)] // only `simd` may: calling into a wider instruction set, and prefetching

pub mod climatology;
pub mod error;
pub mod lanes;
pub mod maxima;
mod moments;
mod order;
pub mod parallel;
pub mod philox;
pub mod profiles;
pub mod real;
pub mod simd;
pub mod spirals;
pub mod windows;

pub use error::{Error, Result};
