//! The same bits for every instruction set, any number of threads, inline or on a pool.

mod common;

use common::bits;
use gasquake_core::climatology::{self, Calendar, Reference};
use gasquake_core::maxima::{self, locate_maxima};
use gasquake_core::parallel::{Exec, Pool};
use gasquake_core::profiles::{self, Criteria, scan_profiles};
use gasquake_core::real::Real;
use gasquake_core::simd::{self, Level};
use gasquake_core::windows::{
    End, Window, rolling_mad, rolling_mean, rolling_median, rolling_std, rolling_zscore,
    rolling_zscore_robust,
};
use ndarray::Array3;
use std::sync::Mutex;

/// The instruction set is one for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs on every instruction set that the machine has, inline and on 1, 2, 3 and 8 threads.
fn everywhere(run: impl Fn(Exec<'_>) -> Vec<u64>) {
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    simd::limit(Level::Avx512);
    let wanted = run(Exec::Inline);
    for level in [Level::Baseline, Level::Avx2, Level::Avx512] {
        if level > simd::level() {
            continue;
        }
        simd::limit(level);
        assert_eq!(run(Exec::Inline), wanted, "inline, {}", level.name());
        for threads in [1, 2, 3, 8] {
            let exec = Exec::Pool {
                pool: Pool::of(threads).unwrap(),
                poll: &|| false,
            };
            assert_eq!(run(exec), wanted, "{threads} threads, {}", level.name());
        }
    }
    simd::limit(Level::Avx512);
}

/// Numbers that look random (`SplitMix64`), around a level, a fifth of them missing.
fn values<T: Real>(shape: (usize, usize, usize), level: f64, spread: f64) -> Array3<T> {
    let mut state = 20_220_905u64;
    Array3::from_shape_fn(shape, |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let uniform = (mixed >> 11) as f64 / (1u64 << 53) as f64;
        match mixed % 40 {
            0..8 => T::NAN,
            8 => T::INFINITY,
            9 => T::NEG_INFINITY,
            10 => T::from_f64(9999.0),
            11..16 => T::from_f64(level),
            _ => T::from_f64(level + spread * (uniform - 0.5)),
        }
    })
}

/// Several tiles, the last one narrow; both layouts.
const SHAPES: [(usize, usize, usize); 3] = [(3, 70, 101), (1, 40, 333), (205, 33, 1)];

fn windows_of<T: Real>() {
    for shape in SHAPES {
        let values = values::<T>(shape, 1.8e-6, 1e-8);
        for (length, end) in [
            (1, End::Here),
            (7, End::Centre),
            (30, End::Before),
            (64, End::Here),
        ] {
            let window = Window::new(length, length.min(3), end).unwrap();
            for kernel in [
                rolling_mean::<T>,
                rolling_std::<T>,
                rolling_median::<T>,
                rolling_mad::<T>,
            ] {
                everywhere(|exec| {
                    let mut out = Array3::from_elem(shape, T::default());
                    kernel(values.view(), window, out.view_mut(), exec).unwrap();
                    bits(&out)
                });
            }
            // A baseline that sees the future is refused, so there is nothing to compare.
            if window.end == End::Centre {
                continue;
            }
            for kernel in [rolling_zscore::<T>, rolling_zscore_robust::<T>] {
                everywhere(|exec| {
                    let (mut anomaly, mut zscore) = (
                        Array3::from_elem(shape, T::default()),
                        Array3::from_elem(shape, T::default()),
                    );
                    let mut count = Array3::zeros(shape);
                    kernel(
                        values.view(),
                        window,
                        anomaly.view_mut(),
                        zscore.view_mut(),
                        count.view_mut(),
                        exec,
                    )
                    .unwrap();
                    let count: Vec<u64> = count.iter().map(|&n: &i32| n as u64).collect();
                    [bits(&anomaly), bits(&zscore), count].concat()
                });
            }
        }
    }
}

#[test]
fn windows_in_f32() {
    windows_of::<f32>();
}

#[test]
fn windows_in_f64() {
    windows_of::<f64>();
}

fn seasons_of<T: Real>() {
    for shape in SHAPES {
        let values = values::<T>(shape, 1.8e-6, 1e-8);
        let days: Vec<i64> = (0..shape.1 as i64)
            .map(|k| 12_000 + (k * 7919) % 2500)
            .collect();
        let calendar = Calendar::new(&days).unwrap();
        for exclude_own_year in [true, false] {
            for kernel in [
                climatology::seasonal_zscore::<T>,
                climatology::seasonal_zscore_robust::<T>,
            ] {
                let reference = Reference {
                    half_width: 45,
                    min_count: 2,
                    exclude_own_year,
                };
                everywhere(|exec| {
                    let mut out = [(); 4].map(|()| Array3::from_elem(shape, T::default()));
                    let mut count = Array3::<i32>::zeros(shape);
                    let [anomaly, zscore, mean, std] = &mut out;
                    let outputs = climatology::Outputs {
                        anomaly: anomaly.view_mut(),
                        zscore: zscore.view_mut(),
                        mean: mean.view_mut(),
                        std: std.view_mut(),
                        count: count.view_mut(),
                    };
                    kernel(values.view(), &calendar, reference, outputs, exec).unwrap();
                    let count: Vec<u64> = count.iter().map(|&n| n as u64).collect();
                    [out.iter().flat_map(bits).collect(), count].concat()
                });
            }
        }
    }
}

#[test]
fn seasons() {
    seasons_of::<f32>();
    seasons_of::<f64>();
}

fn maxima_of<T: Real>() {
    for shape in [
        (3, 70, 101),
        (1, 40, 333),
        (205, 33, 1),
        (5, 9000, 1),
        (1, 9000, 5),
    ] {
        let values = values::<T>(shape, 1.8e-6, 1e-8);
        let reduced = (shape.0, 1, shape.2);
        everywhere(|exec| {
            let mut value = Array3::from_elem(reduced, T::default());
            let mut whole = [(); 3].map(|()| Array3::<i64>::zeros(reduced));
            let [index, count, ties] = &mut whole;
            let outputs = maxima::Outputs {
                index: index.view_mut(),
                value: value.view_mut(),
                count: count.view_mut(),
                ties: ties.view_mut(),
            };
            locate_maxima(values.view(), outputs, exec).unwrap();
            let whole = whole
                .iter()
                .flat_map(|array| array.iter().map(|&n| n as u64));
            bits(&value).into_iter().chain(whole).collect()
        });
    }
}

#[test]
fn maxima() {
    maxima_of::<f32>();
    maxima_of::<f64>();
}

fn scans_of<T: Real>() {
    let criteria = Criteria {
        split: 600.0,
        top: 400.0,
        upper: 100.0,
        threshold: 2.0,
        quiet: 0.0,
        min_below: 2,
        scale_height: 7.5,
    };
    for shape in [(3, 13, 101), (1, 24, 9001), (4500, 9, 1)] {
        let values = values::<T>(shape, 1.0, 6.0);
        let sigma = values.mapv(|x| T::from_f64(0.5 + x.to_f64().abs().min(1.0)));
        let ground = Array3::from_shape_fn((shape.0, 1, shape.2), |(o, _, i)| {
            T::from_f64(650.0 + ((o * 31 + i * 17) % 400) as f64)
        });
        let pressure: Vec<f64> = (0..shape.1)
            .map(|k| 1000.0 * 0.86f64.powi(k as i32))
            .collect();
        for (sigma, ground) in [(None, None), (Some(sigma.view()), Some(ground.view()))] {
            everywhere(|exec| {
                let profiles = (shape.0, 1, shape.2);
                let mut float = [(); 4].map(|()| Array3::from_elem(profiles, T::default()));
                let mut whole = [(); 3].map(|()| Array3::<i16>::zeros(profiles));
                let mut verdict = Array3::<i8>::zeros(profiles);
                let [gradient, gradient_se, z_below, z_above] = &mut float;
                let [peak_level, bottom_level, n_below] = &mut whole;
                let outputs = profiles::Outputs {
                    verdict: verdict.view_mut(),
                    gradient: gradient.view_mut(),
                    gradient_se: gradient_se.view_mut(),
                    z_below: z_below.view_mut(),
                    z_above: z_above.view_mut(),
                    peak_level: peak_level.view_mut(),
                    bottom_level: bottom_level.view_mut(),
                    n_below: n_below.view_mut(),
                };
                scan_profiles(
                    values.view(),
                    &pressure,
                    sigma,
                    ground,
                    criteria,
                    outputs,
                    exec,
                )
                .unwrap();
                let whole = whole
                    .iter()
                    .flat_map(|array| array.iter().map(|&n| n as u64));
                let verdict = verdict.iter().map(|&v| v as u64);
                float
                    .iter()
                    .flat_map(bits)
                    .chain(whole)
                    .chain(verdict)
                    .collect()
            });
        }
    }
}

#[test]
fn scans() {
    scans_of::<f32>();
    scans_of::<f64>();
}

#[test]
fn an_interrupt_is_an_error() {
    let values = values::<f32>((64, 4000, 40), 1.8e-6, 1e-8);
    let window = Window::new(365, 1, End::Here).unwrap();
    let mut out = Array3::zeros(values.dim());
    let exec = Exec::Pool {
        pool: Pool::of(2).unwrap(),
        poll: &|| true,
    };
    let outcome = rolling_mad(values.view(), window, out.view_mut(), exec);
    assert_eq!(outcome, Err(gasquake_core::Error::Interrupted));
}
