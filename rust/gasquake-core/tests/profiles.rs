//! The profile scan against a plain one.

mod common;

use common::{bits, close};
use gasquake_core::parallel::Exec;
use gasquake_core::profiles::{Criteria, Outputs, scan_profiles};
use gasquake_core::real::Real;
use ndarray::{Array3, ArrayView3};
use proptest::prelude::*;

const CRITERIA: Criteria = Criteria {
    split: 600.0,
    top: 400.0,
    upper: 100.0,
    threshold: 2.0,
    quiet: 1.0,
    min_below: 2,
    scale_height: 7.5,
};

struct Found<T> {
    verdict: Array3<i8>,
    gradient: Array3<T>,
    gradient_se: Array3<T>,
    z_below: Array3<T>,
    z_above: Array3<T>,
    peak_level: Array3<i16>,
    bottom_level: Array3<i16>,
    n_below: Array3<i16>,
}

fn call<T: Real>(
    values: ArrayView3<'_, T>,
    pressure: &[f64],
    sigma: Option<ArrayView3<'_, T>>,
    ground: Option<ArrayView3<'_, T>>,
) -> Found<T> {
    let (outer, _, inner) = values.dim();
    let shape = (outer, 1, inner);
    let mut found = Found {
        verdict: Array3::from_elem(shape, 77),
        gradient: Array3::from_elem(shape, T::NAN),
        gradient_se: Array3::from_elem(shape, T::NAN),
        z_below: Array3::from_elem(shape, T::NAN),
        z_above: Array3::from_elem(shape, T::NAN),
        peak_level: Array3::from_elem(shape, 77),
        bottom_level: Array3::from_elem(shape, 77),
        n_below: Array3::from_elem(shape, 77),
    };
    let out = Outputs {
        verdict: found.verdict.view_mut(),
        gradient: found.gradient.view_mut(),
        gradient_se: found.gradient_se.view_mut(),
        z_below: found.z_below.view_mut(),
        z_above: found.z_above.view_mut(),
        peak_level: found.peak_level.view_mut(),
        bottom_level: found.bottom_level.view_mut(),
        n_below: found.n_below.view_mut(),
    };
    scan_profiles(values, pressure, sigma, ground, CRITERIA, out, Exec::Inline).unwrap();
    found
}

/// One profile, from the ground up: `(pressure, index, value, sigma)` of the levels that count.
fn naive(
    levels: &[(f64, usize, f64, f64)],
    weighted: bool,
) -> (i8, f64, f64, f64, f64, i16, i16, i16) {
    let z = |l: &(f64, usize, f64, f64)| l.2 / l.3;
    let most =
        |some: &[&(f64, usize, f64, f64)]| some.iter().map(|l| z(l)).fold(f64::NAN, f64::max);
    let below: Vec<_> = levels.iter().filter(|l| l.0 >= CRITERIA.split).collect();
    let above: Vec<_> = levels.iter().filter(|l| l.0 < CRITERIA.split).collect();
    let (z_below, z_above) = (most(&below), most(&above));
    let largest = z_below.max(z_above);
    let peak = levels
        .iter()
        .find(|l| z(l) == largest)
        .map_or(-1, |l| l.1 as i16);

    let fitted: Vec<_> = levels.iter().filter(|l| l.0 >= CRITERIA.top).collect();
    let (mut gradient, mut error) = (f64::NAN, f64::NAN);
    if fitted.len() >= 2 {
        let zeta = |l: &(f64, usize, f64, f64)| -CRITERIA.scale_height * (l.0 / 1000.0).ln();
        let weight = |l: &(f64, usize, f64, f64)| 1.0 / (l.3 * l.3);
        let total: f64 = fitted.iter().map(|l| weight(l)).sum();
        let zeta_mean = fitted.iter().map(|l| weight(l) * zeta(l)).sum::<f64>() / total;
        let x_mean = fitted.iter().map(|l| weight(l) * l.2).sum::<f64>() / total;
        let sxx: f64 = fitted
            .iter()
            .map(|l| weight(l) * (zeta(l) - zeta_mean).powi(2))
            .sum();
        let sxy: f64 = fitted
            .iter()
            .map(|l| weight(l) * (zeta(l) - zeta_mean) * (l.2 - x_mean))
            .sum();
        gradient = sxy / sxx;
        let sse: f64 = fitted
            .iter()
            .map(|l| (l.2 - x_mean - gradient * (zeta(l) - zeta_mean)).powi(2))
            .sum();
        if weighted {
            error = 1.0 / sxx.sqrt();
        } else if fitted.len() > 2 {
            error = (sse / (fitted.len() - 2) as f64 / sxx).sqrt();
        }
    }
    let run = below.iter().position(|l| z(l) == z_below).unwrap_or(0);
    let verdict = if below.len() < CRITERIA.min_below {
        -1
    } else if largest < CRITERIA.threshold {
        0
    } else if z_below >= CRITERIA.threshold
        && below[..=run].iter().all(|l| z(l) >= CRITERIA.quiet)
        && gradient + 1.645 * error < 0.0
    {
        1
    } else if z_above >= CRITERIA.threshold && below.iter().all(|l| z(l) < CRITERIA.quiet) {
        2
    } else {
        3
    };
    let bottom = levels.first().map_or(-1, |l| l.1 as i16);
    (
        verdict,
        gradient,
        error,
        z_below,
        z_above,
        peak,
        bottom,
        below.len() as i16,
    )
}

/// Values, pressure, sigma, surface pressure.
type Scene = (
    Array3<f64>,
    Vec<f64>,
    Option<Array3<f64>>,
    Option<Array3<f64>>,
);

/// Values in quarters, so that thresholds are met exactly and levels tie.
fn scene() -> impl Strategy<Value = Scene> {
    let value = prop_oneof![8 => (-8i32..20).prop_map(|k| f64::from(k) / 4.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let spread = prop_oneof![6 => Just(1.0), 3 => Just(0.5), 1 => Just(0.0), 1 => Just(f64::NAN)];
    let surface = prop_oneof![6 => 600.0..1100.0f64, 1 => Just(f64::NAN)];
    (1usize..3, 1usize..14, 1usize..70).prop_flat_map(move |(outer, n, inner)| {
        let cube = outer * n * inner;
        (
            proptest::collection::vec(value.clone(), cube)
                .prop_map(move |v| Array3::from_shape_vec((outer, n, inner), v).unwrap()),
            (850.0..1050.0f64, any::<bool>()).prop_map(move |(ground, down)| {
                let mut pressure: Vec<f64> =
                    (0..n).map(|k| ground * 0.83f64.powi(k as i32)).collect();
                if down {
                    pressure.reverse();
                }
                pressure
            }),
            proptest::option::of(
                proptest::collection::vec(spread.clone(), cube)
                    .prop_map(move |v| Array3::from_shape_vec((outer, n, inner), v).unwrap()),
            ),
            proptest::option::of(
                proptest::collection::vec(surface.clone(), outer * inner)
                    .prop_map(move |v| Array3::from_shape_vec((outer, 1, inner), v).unwrap()),
            ),
        )
    })
}

proptest! {
    #![proptest_config(common::cases(128))]

    #[test]
    fn the_scan_is_that_of_a_plain_loop((values, pressure, sigma, ground) in scene()) {
        let found = call(
            values.view(),
            &pressure,
            sigma.as_ref().map(|a| a.view()),
            ground.as_ref().map(|a| a.view()),
        );
        let mut order: Vec<usize> = (0..pressure.len()).collect();
        order.sort_by(|&a, &b| pressure[b].total_cmp(&pressure[a]));
        for (o, _, i) in ndarray::indices((values.dim().0, 1, values.dim().2)) {
            let levels: Vec<_> = order
                .iter()
                .map(|&k| (pressure[k], k, values[[o, k, i]], sigma.as_ref().map_or(1.0, |s| s[[o, k, i]])))
                .filter(|l| l.2.is_finite() && l.3 > 0.0 && l.0 >= CRITERIA.upper)
                .filter(|l| ground.as_ref().is_none_or(|g| l.0 <= g[[o, 0, i]] - 5.0))
                .collect();
            let wanted = naive(&levels, sigma.is_some());
            let at = [o, 0, i];
            // A slope that is significant or not by rounding alone is no case.
            if !(wanted.1 + 1.645 * wanted.2).abs().le(&1e-12) {
                prop_assert_eq!(found.verdict[at], wanted.0);
            }
            prop_assert!(close(found.gradient[at], wanted.1, 1e-11, 1e-13));
            prop_assert!(close(found.gradient_se[at], wanted.2, 1e-11, 1e-7), "{} {}", found.gradient_se[at], wanted.2);
            prop_assert!(close(found.z_below[at], wanted.3, 0.0, 0.0));
            prop_assert!(close(found.z_above[at], wanted.4, 0.0, 0.0));
            prop_assert_eq!(found.peak_level[at], wanted.5);
            prop_assert_eq!(found.bottom_level[at], wanted.6);
            prop_assert_eq!(found.n_below[at], wanted.7);
        }
    }

    #[test]
    fn a_narrow_scan_of_exact_values_says_the_same((values, pressure, sigma, ground) in scene()) {
        let ground = ground.map(|g| g.mapv(f64::round));
        let wide = call(values.view(), &pressure, sigma.as_ref().map(|a| a.view()), ground.as_ref().map(|a| a.view()));
        let (x, s, g) = (
            values.mapv(|x| x as f32),
            sigma.map(|s| s.mapv(|x| x as f32)),
            ground.map(|g| g.mapv(|x| x as f32)),
        );
        let narrow = call(x.view(), &pressure, s.as_ref().map(|a| a.view()), g.as_ref().map(|a| a.view()));
        prop_assert_eq!(narrow.verdict, wide.verdict);
        prop_assert_eq!(bits(&narrow.gradient), bits(&wide.gradient.mapv(|x| x as f32)));
        prop_assert_eq!(bits(&narrow.gradient_se), bits(&wide.gradient_se.mapv(|x| x as f32)));
        prop_assert_eq!(narrow.peak_level, wide.peak_level);
    }
}
