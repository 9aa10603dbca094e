//! Maxima against a plain loop.

mod common;

use common::{bits, cube, narrow};
use gasquake_core::maxima::{Outputs, locate_maxima};
use gasquake_core::parallel::Exec;
use gasquake_core::real::Real;
use ndarray::{Array3, ArrayView3};
use proptest::prelude::*;

struct Found<T> {
    index: Array3<i64>,
    value: Array3<T>,
    count: Array3<i64>,
    ties: Array3<i64>,
}

fn call<T: Real>(values: ArrayView3<'_, T>) -> Found<T> {
    let (outer, _, inner) = values.dim();
    let shape = (outer, 1, inner);
    let mut found = Found {
        index: Array3::from_elem(shape, 77),
        value: Array3::from_elem(shape, T::from_f64(77.0)),
        count: Array3::from_elem(shape, 77),
        ties: Array3::from_elem(shape, 77),
    };
    let out = Outputs {
        index: found.index.view_mut(),
        value: found.value.view_mut(),
        count: found.count.view_mut(),
        ties: found.ties.view_mut(),
    };
    locate_maxima(values, out, Exec::Inline).unwrap();
    found
}

fn naive<T: Real>(values: ArrayView3<'_, T>) -> Found<T> {
    let (outer, n, inner) = values.dim();
    let shape = (outer, 1, inner);
    let mut found = Found {
        index: Array3::from_elem(shape, -1),
        value: Array3::from_elem(shape, T::NAN),
        count: Array3::zeros(shape),
        ties: Array3::zeros(shape),
    };
    for (o, k, i) in ndarray::indices((outer, n, inner)) {
        let (at, x) = ([o, 0, i], values[[o, k, i]]);
        if !x.valid() {
            continue;
        }
        found.count[at] += 1;
        if found.index[at] < 0 || x > found.value[at] {
            found.index[at] = k as i64;
            found.value[at] = x;
            found.ties[at] = 1;
        } else if x == found.value[at] {
            found.ties[at] += 1;
        }
    }
    found
}

fn agree<T: Real>(values: ArrayView3<'_, T>) -> std::result::Result<(), TestCaseError> {
    let (found, wanted) = (call(values), naive(values));
    prop_assert_eq!(found.index, wanted.index);
    prop_assert_eq!(bits(&found.value), bits(&wanted.value));
    prop_assert_eq!(found.count, wanted.count);
    prop_assert_eq!(found.ties, wanted.ties);
    Ok(())
}

proptest! {
    #![proptest_config(common::cases(128))]

    #[test]
    fn maxima_are_those_of_a_loop(values in cube()) {
        agree(values.view())?;
        agree(narrow(&values).view())?;
        agree(values.view().reversed_axes())?;
    }

    #[test]
    fn zeros_of_both_signs_are_equal(signs in proptest::collection::vec(any::<bool>(), 1..200)) {
        let zeros: Vec<f64> = signs.iter().map(|&negative| if negative { -0.0 } else { 0.0 }).collect();
        let n = zeros.len();
        let row = Array3::from_shape_vec((1, n, 1), zeros).unwrap();
        let found = call(row.view());
        prop_assert_eq!((found.index[[0, 0, 0]], found.ties[[0, 0, 0]]), (0, n as i64));
        prop_assert_eq!(found.value[[0, 0, 0]].is_sign_negative(), signs[0]);
        let column = row.into_shape_with_order((n, 1, 1)).unwrap().reversed_axes();
        agree(column.view())?;
    }
}
