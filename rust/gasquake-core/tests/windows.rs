//! Sliding windows against two passes and against sorting.

mod common;

use common::{
    SUM, bits, close, cube, each_window, mad, mean, median, narrow, samples, std, window,
};
use gasquake_core::Result;
use gasquake_core::parallel::Exec;
use gasquake_core::real::Real;
use gasquake_core::windows::{
    Window, rolling_mad, rolling_mean, rolling_median, rolling_std, rolling_zscore,
    rolling_zscore_robust,
};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, s};
use proptest::prelude::*;

type Kernel<T> = fn(ArrayView3<'_, T>, Window, ArrayViewMut3<'_, T>, Exec<'_>) -> Result<()>;

fn call<T: Real>(kernel: Kernel<T>, values: &Array3<T>, window: Window) -> Array3<T> {
    let mut out = Array3::from_elem(values.dim(), T::from_f64(77.0));
    kernel(values.view(), window, out.view_mut(), Exec::Inline).unwrap();
    out
}

fn largest<T: Real>(samples: &[T]) -> f64 {
    samples
        .iter()
        .fold(0.0, |most, x| x.to_f64().abs().max(most))
}

proptest! {
    #![proptest_config(common::cases(96))]

    #[test]
    fn mean_and_std_are_those_of_two_passes(values in cube(), window in window()) {
        let found = call(rolling_mean, &values, window);
        let wanted = each_window(values.view(), window, mean);
        let spread = call(rolling_std, &values, window);
        let wanted_spread = each_window(values.view(), window, std);
        for ((outer, t, pixel), &x) in found.indexed_iter() {
            let scale = largest(&samples(values.view(), window, outer, t, pixel));
            prop_assert!(close(x, wanted[[outer, t, pixel]], 0.0, SUM * scale));
            prop_assert!(close(spread[[outer, t, pixel]], wanted_spread[[outer, t, pixel]], 1e-13, 2e-15 * scale));
        }
    }

    #[test]
    fn narrow_moments_are_rounded_once(values in cube(), window in window()) {
        let values = narrow(&values);
        for (found, wanted) in [
            (call(rolling_mean, &values, window), each_window(values.view(), window, mean)),
            (call(rolling_std, &values, window), each_window(values.view(), window, std)),
        ] {
            for (at, &x) in found.indexed_iter() {
                prop_assert!(close(f64::from(x), wanted[at], f64::from(f32::EPSILON), 1e-12 * 9999.0 * 1e-3));
            }
        }
    }

    #[test]
    fn medians_are_those_of_sorting(values in cube(), window in window()) {
        prop_assert_eq!(
            bits(&call(rolling_median, &values, window)),
            bits(&each_window(values.view(), window, median))
        );
        let values = narrow(&values);
        let wanted = each_window(values.view(), window, median).mapv(|x| x as f32);
        prop_assert_eq!(bits(&call(rolling_median, &values, window)), bits(&wanted));
    }

    #[test]
    fn mads_are_those_of_sorting_twice(values in cube(), window in window()) {
        prop_assert_eq!(
            bits(&call(rolling_mad, &values, window)),
            bits(&each_window(values.view(), window, mad))
        );
        let values = narrow(&values);
        let wanted = each_window(values.view(), window, mad).mapv(|x| x as f32);
        prop_assert_eq!(bits(&call(rolling_mad, &values, window)), bits(&wanted));
    }

    #[test]
    fn zscores_stand_on_the_windows_before(values in cube(), window in window()) {
        prop_assume!(window.end != gasquake_core::windows::End::Centre);
        for robust in [false, true] {
            let (mut anomaly, mut zscore) = (Array3::zeros(values.dim()), Array3::zeros(values.dim()));
            let mut count = Array3::zeros(values.dim());
            let kernel = if robust { rolling_zscore_robust } else { rolling_zscore };
            kernel(
                values.view(), window, anomaly.view_mut(), zscore.view_mut(), count.view_mut(), Exec::Inline,
            ).unwrap();
            for ((outer, t, pixel), &n) in count.indexed_iter() {
                let at = [outer, t, pixel];
                let samples = samples(values.view(), window, outer, t, pixel);
                prop_assert_eq!(n as usize, samples.len());
                let x = values[at];
                if !x.valid() || samples.len() < window.min_count {
                    prop_assert!(anomaly[at].is_nan() && zscore[at].is_nan());
                    continue;
                }
                let centre = if robust { median(&samples) } else { mean(&samples) };
                let scale = largest(&samples).max(x.abs());
                prop_assert!(close(anomaly[at], x - centre, 0.0, SUM * scale));
                if !robust {
                    let constant = samples.iter().all(|&other| other == samples[0]);
                    prop_assert_eq!(zscore[at].is_nan(), samples.len() < 2 || constant);
                } else if mad(&samples) > 0.0 {
                    prop_assert!(close(zscore[at], (x - centre) / (1.4826 * mad(&samples)), 1e-14, 0.0));
                }
            }
        }
    }

    #[test]
    fn causal_windows_do_not_see_the_future(values in cube(), window in window(), cut in 0usize..40) {
        prop_assume!(window.end != gasquake_core::windows::End::Centre);
        let cut = cut.min(values.dim().1);
        let prefix = values.slice(s![.., ..cut, ..]).to_owned();
        for kernel in [rolling_mean, rolling_std, rolling_median, rolling_mad] as [Kernel<f64>; 4] {
            let whole = call(kernel, &values, window).slice(s![.., ..cut, ..]).to_owned();
            prop_assert_eq!(bits(&call(kernel, &prefix, window)), bits(&whole));
        }
    }

    #[test]
    fn any_layout_gives_the_same_bits(values in cube(), window in window()) {
        for kernel in [rolling_mean, rolling_std, rolling_median, rolling_mad] as [Kernel<f64>; 4] {
            let wanted = call(kernel, &values, window);
            let turned = values.view().reversed_axes().as_standard_layout().to_owned();
            let mut out = Array3::zeros(turned.dim());
            kernel(turned.view().reversed_axes(), window, out.view_mut().reversed_axes(), Exec::Inline).unwrap();
            prop_assert_eq!(bits(&out.reversed_axes().as_standard_layout().to_owned()), bits(&wanted));
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let values = Array3::<f32>::zeros((2, 5, 3));
    let window = Window::new(2, 1, gasquake_core::windows::End::Here).unwrap();
    for shape in [(2, 5, 4), (2, 4, 3), (1, 5, 3), (0, 0, 0)] {
        let mut out = Array3::zeros(shape);
        for kernel in [rolling_mean, rolling_std, rolling_median, rolling_mad] as [Kernel<f32>; 4] {
            assert!(kernel(values.view(), window, out.view_mut(), Exec::Inline).is_err());
        }
    }
    assert!(Window::new(0, 1, gasquake_core::windows::End::Here).is_err());
}
