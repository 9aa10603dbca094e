//! Seasonal anomaly: each sample against the same pixel on nearby days of the year, in other years.
//!
//! Days lie on an axis of 366 slots a year (February 29 has a slot of its own, at day of year 59.5). The reference of
//! a sample is a stretch of slots in every year, and the stretches of neighbouring slots overlap: each year's stretch
//! is a queue that only ever adds (see `moments`), and the years but one are heads and tails of the years merged.

mod calendar;
mod robust;

pub use calendar::Calendar;
pub use robust::seasonal_zscore_robust;

use crate::error::{Error, Result, check_shape};
use crate::lanes::{Cut, expect_store, load, store, tiles, tiles_mut};
use crate::moments::{Moments, Sums, as_count};
use crate::parallel::{Exec, Stop, for_each};
use crate::real::Real;
use crate::simd::{Vectorized, vectorize};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

/// Pixels walked together.
const LANES: usize = 16;

/// What counts as a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Days of the year on either side.
    pub half_width: usize,
    /// Valid reference samples needed.
    pub min_count: usize,
    /// Leave out the season's own occurrence.
    pub exclude_own_year: bool,
}

/// Where the results go, each of the shape of the values.
pub struct Outputs<'a, T> {
    /// Sample minus centre.
    pub anomaly: ArrayViewMut3<'a, T>,
    /// Anomaly over spread.
    pub zscore: ArrayViewMut3<'a, T>,
    /// Centre of the reference.
    pub mean: ArrayViewMut3<'a, T>,
    /// Spread of the reference.
    pub std: ArrayViewMut3<'a, T>,
    /// Valid reference samples.
    pub count: ArrayViewMut3<'a, i32>,
}

struct OutputTile<'a, T> {
    anomaly: ArrayViewMut2<'a, T>,
    zscore: ArrayViewMut2<'a, T>,
    mean: ArrayViewMut2<'a, T>,
    std: ArrayViewMut2<'a, T>,
    count: ArrayViewMut2<'a, i32>,
}

/// One sample's row of results.
struct Row<T> {
    anomaly: [T; LANES],
    zscore: [T; LANES],
    mean: [T; LANES],
    std: [T; LANES],
    count: [i32; LANES],
}

impl<T: Real> Row<T> {
    const MISSING: Self = Self {
        anomaly: [T::NAN; LANES],
        zscore: [T::NAN; LANES],
        mean: [T::NAN; LANES],
        std: [T::NAN; LANES],
        count: [0; LANES],
    };

    /// Fills one lane from the sample, the number of its reference samples, their centre and their spread.
    #[inline(always)]
    fn set(&mut self, l: usize, sample: T, count: f64, min_count: f64, centre: f64, spread: f64) {
        let enough = count >= min_count && count > 0.0;
        let spread = if enough && count > 1.0 {
            spread
        } else {
            f64::NAN
        };
        let centre = if enough { centre } else { f64::NAN };
        let anomaly = if sample.valid() {
            sample.to_f64() - centre
        } else {
            f64::NAN
        };
        let zscore = anomaly / spread;
        self.anomaly[l] = T::from_f64(anomaly);
        self.zscore[l] = T::from_f64(if spread > 0.0 { zscore } else { f64::NAN });
        self.mean[l] = T::from_f64(centre);
        self.std[l] = T::from_f64(spread);
        self.count[l] = as_count(count);
    }
}

impl<T: Real> OutputTile<'_, T> {
    #[inline(always)]
    fn expect(&self, t: usize) {
        expect_store(&self.anomaly, t);
        expect_store(&self.zscore, t);
        expect_store(&self.mean, t);
        expect_store(&self.std, t);
        expect_store(&self.count, t);
    }

    #[inline(always)]
    fn store(&mut self, t: usize, row: &Row<T>) {
        store(&mut self.anomaly, t, &row.anomaly);
        store(&mut self.zscore, t, &row.zscore);
        store(&mut self.mean, t, &row.mean);
        store(&mut self.std, t, &row.std);
        store(&mut self.count, t, &row.count);
    }
}

/// One tile's work.
struct Job<'a, 's, T> {
    values: ArrayView2<'a, T>,
    calendar: &'a Calendar,
    reference: Reference,
    out: OutputTile<'a, T>,
    stop: &'s Stop,
}

/// Seasonal anomaly by mean and standard deviation. Arrays are `(outer, n, inner)`; `calendar` has the days of `n`.
///
/// # Errors
/// Shapes that do not fit, a half width above 182 days, or an interrupt.
pub fn seasonal_zscore<T: Real>(
    values: ArrayView3<'_, T>,
    calendar: &Calendar,
    reference: Reference,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    each_tile(values, calendar, reference, out, exec, |job| vectorize(job))
}

fn each_tile<T: Real>(
    values: ArrayView3<'_, T>,
    calendar: &Calendar,
    reference: Reference,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
    work: impl Fn(Job<'_, '_, T>) + Sync,
) -> Result<()> {
    if reference.half_width > 182 {
        return Err(Error::value(
            "half_width",
            format!(
                "must be at most 182 days (half a year), got {}",
                reference.half_width
            ),
        ));
    }
    check_shape("day", &[calendar.len()], &[values.dim().1])?;
    check_shape("anomaly", out.anomaly.shape(), values.shape())?;
    check_shape("zscore", out.zscore.shape(), values.shape())?;
    check_shape("mean", out.mean.shape(), values.shape())?;
    check_shape("std", out.std.shape(), values.shape())?;
    check_shape("count", out.count.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let cut = Cut::aligned(&out.anomaly, LANES);
    let outputs = tiles_mut(out.anomaly, cut)
        .into_iter()
        .zip(tiles_mut(out.zscore, cut))
        .zip(tiles_mut(out.mean, cut))
        .zip(tiles_mut(out.std, cut))
        .zip(tiles_mut(out.count, cut));
    let jobs = tiles(values, cut).into_iter().zip(outputs).map(
        |(values, ((((anomaly, zscore), mean), std), count))| {
            let out = OutputTile {
                anomaly,
                zscore,
                mean,
                std,
                count,
            };
            (values, out)
        },
    );
    for_each(exec, jobs.collect(), |(values, out), stop| {
        work(Job {
            values,
            calendar,
            reference,
            out,
            stop,
        });
    })
}

/// A queue of slots that can drop its oldest without subtracting: tails of the older half, a sum of the newer.
struct Queue {
    tails: Vec<Sums<LANES>>,
    newer: Sums<LANES>,
}

impl<T: Real> Vectorized for Job<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let calendar = self.calendar;
        let min_count = self.reference.min_count as f64;
        let half_width = self.reference.half_width;
        let mut rows: Vec<[T; LANES]> = Vec::new();
        load(&self.values, 0, self.values.nrows(), &mut rows);
        let years = calendar.years();
        let (first, last) = Calendar::stretch(0, half_width);
        let mut queues: Vec<Queue> = (0..years)
            .map(|_| Queue {
                tails: Vec::with_capacity((last - first + 2) as usize),
                newer: Sums::EMPTY,
            })
            .collect();
        // The older half of every queue ends before `seam`; the queues of all years turn over together.
        let (mut seam, mut filled) = (first, first);
        let mut seasons = vec![Sums::<LANES>::EMPTY; years];
        let mut later = vec![Sums::<LANES>::EMPTY; years + 1];
        for slot in 0..Calendar::SLOTS {
            if self.stop.requested() {
                return;
            }
            if !calendar.has(slot) {
                continue;
            }
            let (from, to) = Calendar::stretch(slot, half_width);
            let turn = from >= seam;
            for (year, queue) in queues.iter_mut().enumerate() {
                if turn {
                    queue.tails.clear();
                    queue.newer = Sums::EMPTY;
                    let mut tail = Sums::EMPTY;
                    for s in (from..=to).rev() {
                        for &t in calendar.samples(year, s) {
                            tail.push(&rows[t as usize]);
                        }
                        queue.tails.push(tail);
                    }
                } else {
                    for s in filled..=to {
                        for &t in calendar.samples(year, s) {
                            queue.newer.push(&rows[t as usize]);
                        }
                    }
                }
            }
            if turn {
                seam = to + 1;
            }
            filled = to + 1;
            for (season, queue) in seasons.iter_mut().zip(&queues) {
                // Tails were pushed from the youngest slot to the oldest.
                if let Some(tail) = queue.tails.get((seam - 1 - from) as usize) {
                    season.merged(tail, &queue.newer);
                }
            }
            for year in (0..years).rev() {
                let (head, tail) = later.split_at_mut(year + 1);
                head[year].merged(&seasons[year], &tail[0]);
            }
            let mut earlier = Sums::<LANES>::EMPTY;
            let mut others = Sums::<LANES>::EMPTY;
            for (year, season) in seasons.iter().enumerate() {
                for &t in calendar.samples(year, slot as isize + 2) {
                    self.out.expect(t as usize);
                }
                for &t in calendar.samples(year, slot as isize) {
                    let t = t as usize;
                    let sample = rows[t];
                    if self.reference.exclude_own_year {
                        others.merged(&earlier, &later[year + 1]);
                    } else {
                        others = later[0];
                    }
                    let mut row = Row::MISSING;
                    for l in 0..LANES {
                        let Moments { n, mean, variance } = others.lane(l).moments();
                        row.set(l, sample[l], n, min_count, mean, variance.sqrt());
                    }
                    self.out.store(t, &row);
                }
                let before = earlier;
                earlier.merged(&before, season);
            }
        }
    }
}
