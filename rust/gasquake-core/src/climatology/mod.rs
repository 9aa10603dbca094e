//! Seasonal anomaly: each sample against the same pixel on nearby days of the year, in other years.
//!
//! Days lie on an axis of 366 slots a year (February 29 has a slot of its own, at day of year 59.5). The reference of
//! a sample is a stretch of slots in every year.

mod calendar;
mod moment;
mod robust;

pub use calendar::Calendar;
pub use moment::seasonal_zscore;
pub use robust::seasonal_zscore_robust;

use crate::error::{Error, Result, check_shape};
use crate::lanes::{Cut, expect_store, store, tiles, tiles_mut};
use crate::moments::as_count;
use crate::parallel::{Exec, Stop, for_each};
use crate::real::Real;
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

/// One lane of a row of results.
struct Judged<T> {
    anomaly: T,
    zscore: T,
    mean: T,
    std: T,
    count: i32,
}

/// A sample beside the number of its reference samples, their centre and their spread.
#[inline(always)]
fn judge<T: Real>(sample: T, count: f64, min_count: f64, centre: f64, spread: f64) -> Judged<T> {
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
    Judged {
        anomaly: T::from_f64(anomaly),
        zscore: T::from_f64(if spread > 0.0 { zscore } else { f64::NAN }),
        mean: T::from_f64(centre),
        std: T::from_f64(spread),
        count: as_count(count),
    }
}

/// One sample's row of results.
struct Row<T, const L: usize> {
    anomaly: [T; L],
    zscore: [T; L],
    mean: [T; L],
    std: [T; L],
    count: [i32; L],
}

impl<T: Real, const L: usize> Row<T, L> {
    const MISSING: Self = Self {
        anomaly: [T::NAN; L],
        zscore: [T::NAN; L],
        mean: [T::NAN; L],
        std: [T::NAN; L],
        count: [0; L],
    };

    #[inline(always)]
    fn set(&mut self, l: usize, judged: Judged<T>) {
        self.anomaly[l] = judged.anomaly;
        self.zscore[l] = judged.zscore;
        self.mean[l] = judged.mean;
        self.std[l] = judged.std;
        self.count[l] = judged.count;
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
    fn store<const L: usize>(&mut self, t: usize, row: &Row<T, L>) {
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
