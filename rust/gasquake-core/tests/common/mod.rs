//! What the laws share: drawing arrays, comparing bits, the windows of the definition.
#![allow(dead_code)] // each test binary uses some of it

use gasquake_core::real::Real;
use gasquake_core::windows::{End, Window};
use ndarray::{Array3, ArrayView3};
use proptest::prelude::*;

/// So many cases, and no file written beside the tests.
pub(crate) fn cases(n: u32) -> ProptestConfig {
    ProptestConfig {
        cases: n,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What a sum of a window's samples may lose, relative to the largest of them: half an ulp for each of up to 44.
pub(crate) const SUM: f64 = 44.0 * f64::EPSILON / 2.0;

/// One sample: a mixing ratio, often repeated, sometimes missing.
fn sample() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 1.0e-9..1.0e-5,
        6 => (0u8..4).prop_map(|k| 1.8e-6 + f64::from(k) * 1e-9),
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        1 => Just(9999.0),
    ]
}

/// `(outer, n, inner)`, beyond a tile and no multiple of the lanes; the pixel-major layout has one inner pixel.
pub(crate) fn cube() -> impl Strategy<Value = Array3<f64>> {
    (0usize..4, 0usize..40, prop_oneof![Just(1usize), 1usize..70]).prop_flat_map(
        |(outer, n, inner)| {
            proptest::collection::vec(sample(), outer * n * inner)
                .prop_map(move |values| Array3::from_shape_vec((outer, n, inner), values).unwrap())
        },
    )
}

/// A window and where it ends.
pub(crate) fn window() -> impl Strategy<Value = Window> {
    let end = prop_oneof![Just(End::Before), Just(End::Here), Just(End::Centre)];
    (1usize..45, end).prop_flat_map(|(length, end)| {
        (1..=length).prop_map(move |min_count| Window::new(length, min_count, end).unwrap())
    })
}

/// In f32, as satellites give it.
pub(crate) fn narrow(values: &Array3<f64>) -> Array3<f32> {
    values.mapv(|x| x as f32)
}

/// The bits, with all NaNs alike.
pub(crate) fn bits<T: Real>(values: &Array3<T>) -> Vec<u64> {
    values
        .iter()
        .map(|x| x.to_f64())
        .map(|x| {
            if x.is_nan() {
                f64::NAN.to_bits()
            } else {
                x.to_bits()
            }
        })
        .collect()
}

/// The valid samples of the window of sample `t` of one pixel.
pub(crate) fn samples<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    outer: usize,
    t: usize,
    pixel: usize,
) -> Vec<f64> {
    let (t, length) = (t as i64, window.length as i64);
    let (first, last) = match window.end {
        End::Before => (t - length, t - 1),
        End::Here => (t - length + 1, t),
        End::Centre => (t - length / 2, t + (length - 1) / 2),
    };
    (first.max(0)..=last.min(values.dim().1 as i64 - 1))
        .map(|k| values[[outer, k as usize, pixel]])
        .filter(|x| x.valid())
        .map(Real::to_f64)
        .collect()
}

/// Applies a statistic to every window that has enough samples; NaN elsewhere.
pub(crate) fn each_window<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    statistic: impl Fn(&[f64]) -> f64,
) -> Array3<f64> {
    Array3::from_shape_fn(values.dim(), |(outer, t, pixel)| {
        let samples = samples(values, window, outer, t, pixel);
        if samples.len() < window.min_count {
            f64::NAN
        } else {
            statistic(&samples)
        }
    })
}

/// Two passes.
pub(crate) fn mean(samples: &[f64]) -> f64 {
    let near = samples.iter().sum::<f64>() / samples.len() as f64;
    near + samples.iter().map(|x| x - near).sum::<f64>() / samples.len() as f64
}

/// Two passes, n - 1.
pub(crate) fn std(samples: &[f64]) -> f64 {
    if samples.len() < 2 {
        return f64::NAN;
    }
    let mean = mean(samples);
    let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
    (squares / (samples.len() - 1) as f64).sqrt()
}

/// By sorting.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// By sorting twice.
pub(crate) fn mad(samples: &[f64]) -> f64 {
    let centre = median(samples);
    median(
        &samples
            .iter()
            .map(|x| (x - centre).abs())
            .collect::<Vec<_>>(),
    )
}

/// Whether both are NaN, or near.
pub(crate) fn close(found: f64, wanted: f64, relative: f64, absolute: f64) -> bool {
    (found.is_nan() && wanted.is_nan())
        || (found - wanted).abs() <= relative * wanted.abs() + absolute
}
