//! Laws of the fits, on every instruction set.

use super::*;
use crate::simd::{Level, vectorize_at};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

const KINDS: [(Kind, Anchor); 5] = [
    (Kind::Involute, Anchor::Centre),
    (Kind::Involute, Anchor::Cusp),
    (Kind::Archimedean, Anchor::Centre),
    (Kind::Logarithmic, Anchor::Centre),
    (Kind::Logarithmic, Anchor::Cusp),
];

fn options(kind: usize, huber: bool) -> Options {
    Options::new(KINDS[kind].0, KINDS[kind].1, 50.0, huber, 4.0).unwrap()
}

fn track(points: &[(f64, f64)]) -> Track {
    let x: Array1<f64> = points.iter().map(|p| p.0).collect();
    let y: Array1<f64> = points.iter().map(|p| p.1).collect();
    let t = Array1::from_iter((0..points.len()).map(|k| k as f64));
    let mut track = Track::default();
    track.fill(x.view(), y.view(), t.view(), 50.0);
    track
}

fn fit(track: &Track, options: Options) -> Minimum {
    best_fit(track, options, &mut Scratch::default(), &Stop::default())
}

fn positions() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((-400.0..400.0, -400.0..400.0), 8..30)
}

/// The cost of a curve, without lanes.
fn cost_of<K: Curve>(curve: K, track: &Track, minimum: &Minimum, delta: f64) -> f64 {
    misses(curve, track, minimum)
        .map(|u| {
            if u <= delta {
                0.5 * u * u
            } else {
                delta * (u - 0.5 * delta)
            }
        })
        .sum()
}

fn same_on_all_levels<K: Screen>(curve: K, track: &Track, delta: f64) {
    let weights = vec![1.0; track.t.len()];
    let on = |level| {
        let mut starts = Vec::new();
        vectorize_at(
            level,
            Grid {
                curve,
                track,
                weights: &weights,
                max_angle: 9.0,
                robust: delta < f64::INFINITY,
                starts: &mut starts,
                stop: &Stop::default(),
            },
        );
        starts.truncate(LANES);
        let appraised = vectorize_at(
            level,
            Appraise {
                curve,
                track,
                starts: &starts,
                delta,
            },
        );
        let found = vectorize_at(
            level,
            Refine {
                curve,
                points: track,
                starts: &starts,
                from: None,
                max_angle: 9.0,
                delta,
                steps: 9,
                damping: refine::FAR,
                stop: &Stop::default(),
            },
        );
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let starts: Vec<_> = starts
            .iter()
            .map(|s| bits(&[s.cost, s.q[0], s.q[1], s.q[2]]))
            .collect();
        let found: Vec<_> = (appraised.iter().chain(&found))
            .map(|m| (m.cost.to_bits(), bits(&m.p)))
            .collect();
        (starts, found)
    };
    assert_eq!(on(Level::Baseline), on(Level::Avx2));
    assert_eq!(on(Level::Baseline), on(Level::Avx512));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_instruction_set_gives_the_same_bits(points in positions(), huber in any::<bool>()) {
        let (track, delta) = (track(&points), options(0, huber).delta);
        same_on_all_levels(Involute { cusp: false }, &track, delta);
        same_on_all_levels(Involute { cusp: true }, &track, delta);
        same_on_all_levels(Archimedean, &track, delta);
        same_on_all_levels(LogarithmicCentre, &track, delta);
        same_on_all_levels(LogarithmicCusp, &track, delta);
    }

    #[test]
    fn a_fit_is_a_minimum(points in positions(), kind in 0..5_usize, huber in any::<bool>()) {
        let (track, options) = (track(&points), options(kind, huber));
        let best = fit(&track, options);
        prop_assert!(best.converged);
        let cost = |minimum: &Minimum| match KINDS[kind] {
            (Kind::Involute, anchor) => cost_of(Involute::at(anchor), &track, minimum, options.delta),
            (Kind::Archimedean, _) => cost_of(Archimedean, &track, minimum, options.delta),
            (Kind::Logarithmic, Anchor::Centre) => cost_of(LogarithmicCentre, &track, minimum, options.delta),
            (Kind::Logarithmic, Anchor::Cusp) => cost_of(LogarithmicCusp, &track, minimum, options.delta),
        };
        prop_assert!((cost(&best) / best.cost - 1.0).abs() < 1e-9);
        let bounds = [1.0, 1.0, options.max_angle, if KINDS[kind].0 == Kind::Logarithmic { curve::MAX_LOG_RADIUS } else { options.max_angle }, 1.0];
        for j in 0..5 {
            for step in [-1e-4, 1e-4] {
                let mut near = best;
                near.p[j] += step * (1.0 + near.p[j].abs());
                if j < 2 || near.p[j].abs() <= bounds[j] {
                    prop_assert!(cost(&near) >= best.cost * (1.0 - 1e-12), "parameter {j}, step {step}");
                }
            }
        }
    }

    #[test]
    fn a_constant_point_is_no_better(points in positions(), kind in 0..3_usize, huber in any::<bool>()) {
        let (track, options) = (track(&points), options(kind, huber));
        let constant = null::constant_cost(&track, options.delta);
        prop_assert!(fit(&track, options).cost <= constant * (1.0 + 1e-9));
    }
}

#[test]
fn shapes_that_differ_are_refused() {
    let (x, t) = (Array2::<f64>::zeros((2, 9)), Array2::<f64>::zeros((2, 8)));
    let (mut table, mut chirality, mut n, mut converged) = (
        Array2::zeros((FIELDS, 2)),
        Array1::zeros(2),
        Array1::zeros(2),
        Array1::from_elem(2, false),
    );
    let out = Fits {
        table: table.view_mut(),
        chirality: chirality.view_mut(),
        n: n.view_mut(),
        converged: converged.view_mut(),
    };
    let found = fit_spirals(
        x.view(),
        x.view(),
        t.view(),
        options(0, true),
        out,
        Exec::Inline,
    );
    assert!(matches!(found, Err(Error::Shape { argument: "t", .. })));
    assert!(Options::new(Kind::Involute, Anchor::Centre, f64::NAN, true, 4.0).is_err());
    assert!(Options::new(Kind::Involute, Anchor::Centre, 50.0, true, 0.0).is_err());
}
