//! Seasonal anomaly by median and median absolute deviation.
//!
//! For each slot the reference of all years is kept in order together with the year of each sample; leaving a year out
//! is then a matter of stepping over that year's places.

use super::{Calendar, Job, LANES, Outputs, Reference, Row, each_tile, judge};
use crate::error::Result;
use crate::lanes::load;
use crate::order::{median, robust_spread};
use crate::parallel::Exec;
use crate::real::Real;
use ndarray::ArrayView3;

/// Seasonal anomaly by median and 1.4826 MAD (interquartile range / 1.349 where that is 0).
///
/// # Errors
/// As [`super::seasonal_zscore`].
pub fn seasonal_zscore_robust<T: Real>(
    values: ArrayView3<'_, T>,
    calendar: &Calendar,
    reference: Reference,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    each_tile(values, calendar, reference, out, exec, run)
}

/// The reference of a slot in all years, in order, each sample with its year.
type Ordered<T> = Vec<(T, u32)>;

fn insert<T: Real>(ordered: &mut Ordered<T>, x: T, year: usize) {
    if x.valid() {
        let at = ordered.partition_point(|&(y, _)| y < x);
        ordered.insert(at, (x, year as u32));
    }
}

fn remove<T: Real>(ordered: &mut Ordered<T>, x: T, year: usize) {
    if x.valid() {
        let from = ordered.partition_point(|&(y, _)| y < x);
        if let Some(at) = ordered[from..]
            .iter()
            .position(|&(_, y)| y as usize == year)
        {
            ordered.remove(from + at);
        }
    }
}

fn run<T: Real>(mut job: Job<'_, '_, T>) {
    let calendar = job.calendar;
    let half_width = job.reference.half_width;
    let min_count = job.reference.min_count as f64;
    let lanes = job.values.ncols();
    let years = calendar.years();
    let mut rows: Vec<[T; LANES]> = Vec::new();
    load(&job.values, 0, job.values.nrows(), &mut rows);
    let mut ordered: Vec<Ordered<T>> = vec![Vec::new(); lanes];
    let mut from = Calendar::stretch(0, half_width).0;
    let mut to = from - 1;
    // Places of each year's samples in the order, one lane at a time.
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); years];
    let mut results: Vec<Row<T, LANES>> = Vec::new();
    for slot in 0..Calendar::SLOTS {
        if job.stop.requested() {
            return;
        }
        if !calendar.has(slot) {
            continue;
        }
        let (new_from, new_to) = Calendar::stretch(slot, half_width);
        for year in 0..years {
            for s in from..new_from.min(to + 1) {
                for &t in calendar.samples(year, s) {
                    for (ordered, &x) in ordered.iter_mut().zip(&rows[t as usize]) {
                        remove(ordered, x, year);
                    }
                }
            }
            for s in new_from.max(to + 1)..=new_to {
                for &t in calendar.samples(year, s) {
                    for (ordered, &x) in ordered.iter_mut().zip(&rows[t as usize]) {
                        insert(ordered, x, year);
                    }
                }
            }
        }
        (from, to) = (new_from, new_to);
        let targets: Vec<(usize, usize)> = (0..years)
            .flat_map(|year| {
                calendar
                    .samples(year, slot as isize)
                    .iter()
                    .map(move |&t| (year, t as usize))
            })
            .collect();
        results.clear();
        results.resize_with(targets.len(), || Row::MISSING);
        for (lane, ordered) in ordered.iter().enumerate() {
            places.iter_mut().for_each(Vec::clear);
            if job.reference.exclude_own_year {
                for (i, &(_, year)) in ordered.iter().enumerate() {
                    places[year as usize].push(i);
                }
            }
            for (row, &(year, t)) in results.iter_mut().zip(&targets) {
                let own = &places[year];
                let n = ordered.len() - own.len();
                let sample = rows[t][lane];
                if n == 0 {
                    row.set(lane, judge(sample, 0.0, min_count, f64::NAN, f64::NAN));
                    continue;
                }
                // The i-th of the others is i places on, and one more for each own place passed.
                let at = |i: usize| ordered[i + passed(own, i)].0.to_f64();
                let centre = median(n, at);
                let spread = robust_spread(n, centre, at);
                row.set(lane, judge(sample, n as f64, min_count, centre, spread));
            }
        }
        for (row, &(_, t)) in results.iter().zip(&targets) {
            job.out.store(t, row);
        }
    }
}

/// How many of the sorted `places` must be stepped over to reach the `i`-th element that is not among them.
#[inline(always)]
fn passed(places: &[usize], i: usize) -> usize {
    let (mut low, mut high) = (0, places.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if places[middle] - middle <= i {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
