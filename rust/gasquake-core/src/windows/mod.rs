//! Sliding windows along one axis: mean, spread, median, MAD and z-score.
//!
//! Moments use two stacks in blocks of one window (van Herk): while block k runs, the sums of every tail of block k-1
//! are at hand, so that a window is a tail of one block merged with a head of the next. Nothing is ever subtracted out
//! of a sum, so a sample that has left the window leaves no trace.

mod ordered;

pub use ordered::{rolling_mad, rolling_median, rolling_zscore_robust};

use crate::error::{Error, Result, check_shape};
use crate::lanes::{Cut, expect, expect_store, load, store, tiles, tiles_mut, whole_row};
use crate::moments::{Moments, Sums, as_count};
use crate::parallel::{Exec, for_each};
use crate::real::Real;
use crate::simd::{Vectorized, vectorize};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

/// Pixels walked together. A single series is walked alone: empty lanes would cost as much as full ones.
const LANES: usize = 16;
/// How many rows ahead of the walk memory is asked for.
const AHEAD: usize = 12;

/// A window of `length` samples that ends `ahead` samples after the one it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Number of samples.
    pub length: usize,
    /// Valid samples needed; fewer give NaN.
    pub min_count: usize,
    /// Where the window's last sample lies.
    pub end: End,
}

/// Where a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the sample before: causal, and the sample is not in its own baseline.
    Before,
    /// At the sample: causal.
    Here,
    /// Half a window after it; even windows as pandas places them.
    Centre,
}

impl Window {
    /// Checks and builds.
    ///
    /// # Errors
    /// A length below 1.
    pub fn new(length: usize, min_count: usize, end: End) -> Result<Self> {
        if length < 1 {
            return Err(Error::value(
                "window",
                format!("must be at least 1, got {length}"),
            ));
        }
        Ok(Self {
            length,
            min_count,
            end,
        })
    }

    /// A baseline must not see the future.
    fn check_causal(self) -> Result<()> {
        if self.end == End::Centre {
            return Err(Error::value("window", "must not be centred for a z-score"));
        }
        Ok(())
    }

    /// How many samples after its own a window ends.
    fn ahead(self) -> usize {
        match self.end {
            End::Before | End::Here => 0,
            End::Centre => (self.length - 1) / 2,
        }
    }
}

/// Rolling mean of each pixel. Arrays are `(outer, n, inner)`, windows run along `n`.
///
/// # Errors
/// A shape that differs, or an interrupt.
pub fn rolling_mean<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    mean: ArrayViewMut3<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("mean", mean.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let cut = Cut::aligned(&mean, LANES);
    let jobs = tiles(values, cut)
        .into_iter()
        .zip(tiles_mut(mean, cut))
        .map(|(values, mean)| Walk {
            values,
            window,
            emit: Mean(mean),
        });
    for_each(exec, jobs.collect(), |job, _| vectorize(job))
}

/// Rolling standard deviation (ddof = 1) of each pixel, as [`rolling_mean`].
///
/// # Errors
/// As [`rolling_mean`].
pub fn rolling_std<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    std: ArrayViewMut3<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("std", std.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let cut = Cut::aligned(&std, LANES);
    let jobs = tiles(values, cut)
        .into_iter()
        .zip(tiles_mut(std, cut))
        .map(|(values, std)| Walk {
            values,
            window,
            emit: Std(std),
        });
    for_each(exec, jobs.collect(), |job, _| vectorize(job))
}

/// Anomaly from the window's mean, z-score by its spread and its count of valid samples, in one pass.
///
/// # Errors
/// As [`rolling_mean`], and for a centred window.
pub fn rolling_zscore<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    anomaly: ArrayViewMut3<'_, T>,
    zscore: ArrayViewMut3<'_, T>,
    count: ArrayViewMut3<'_, i32>,
    exec: Exec<'_>,
) -> Result<()> {
    window.check_causal()?;
    check_shape("anomaly", anomaly.shape(), values.shape())?;
    check_shape("zscore", zscore.shape(), values.shape())?;
    check_shape("count", count.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let cut = Cut::aligned(&anomaly, LANES);
    let outputs = tiles_mut(anomaly, cut)
        .into_iter()
        .zip(tiles_mut(zscore, cut))
        .zip(tiles_mut(count, cut));
    let jobs =
        tiles(values, cut)
            .into_iter()
            .zip(outputs)
            .map(|(values, ((anomaly, zscore), count))| Walk {
                values,
                window,
                emit: Score {
                    anomaly,
                    zscore,
                    count,
                },
            });
    for_each(exec, jobs.collect(), |job, _| vectorize(job))
}

/// What is written for a sample once its window's moments are known.
trait Emit<T> {
    fn emit<const L: usize>(
        &mut self,
        t: usize,
        row: &[T; L],
        min_count: f64,
        head: &Sums<L>,
        tail: &Sums<L>,
    );
}

struct Mean<'a, T>(ArrayViewMut2<'a, T>);

struct Std<'a, T>(ArrayViewMut2<'a, T>);

struct Score<'a, T> {
    anomaly: ArrayViewMut2<'a, T>,
    zscore: ArrayViewMut2<'a, T>,
    count: ArrayViewMut2<'a, i32>,
}

impl<T: Real> Emit<T> for Mean<'_, T> {
    #[inline(always)]
    fn emit<const L: usize>(
        &mut self,
        t: usize,
        _: &[T; L],
        min_count: f64,
        head: &Sums<L>,
        tail: &Sums<L>,
    ) {
        expect_store(&self.0, t + AHEAD);
        if let Some(out) = whole_row(&mut self.0, t) {
            mean(out, min_count, head, tail);
        } else {
            let mut out = [T::NAN; L];
            mean(&mut out, min_count, head, tail);
            store(&mut self.0, t, &out);
        }
    }
}

#[inline(always)]
fn mean<T: Real, const L: usize>(out: &mut [T; L], min_count: f64, head: &Sums<L>, tail: &Sums<L>) {
    for l in 0..L {
        let Moments { n, mean, .. } = head.lane(l).merge(tail.lane(l)).moments();
        let enough = n >= min_count && n > 0.0;
        out[l] = T::from_f64(if enough { mean } else { f64::NAN });
    }
}

impl<T: Real> Emit<T> for Std<'_, T> {
    #[inline(always)]
    fn emit<const L: usize>(
        &mut self,
        t: usize,
        _: &[T; L],
        min_count: f64,
        head: &Sums<L>,
        tail: &Sums<L>,
    ) {
        expect_store(&self.0, t + AHEAD);
        if let Some(out) = whole_row(&mut self.0, t) {
            std(out, min_count, head, tail);
        } else {
            let mut out = [T::NAN; L];
            std(&mut out, min_count, head, tail);
            store(&mut self.0, t, &out);
        }
    }
}

#[inline(always)]
fn std<T: Real, const L: usize>(out: &mut [T; L], min_count: f64, head: &Sums<L>, tail: &Sums<L>) {
    for l in 0..L {
        let Moments { n, variance, .. } = head.lane(l).merge(tail.lane(l)).moments();
        let std = variance.sqrt();
        let enough = n >= min_count && n > 1.0;
        out[l] = T::from_f64(if enough { std } else { f64::NAN });
    }
}

impl<T: Real> Emit<T> for Score<'_, T> {
    #[inline(always)]
    fn emit<const L: usize>(
        &mut self,
        t: usize,
        row: &[T; L],
        min_count: f64,
        head: &Sums<L>,
        tail: &Sums<L>,
    ) {
        expect_store(&self.anomaly, t + AHEAD);
        expect_store(&self.zscore, t + AHEAD);
        expect_store(&self.count, t + AHEAD);
        let rows = (
            whole_row(&mut self.anomaly, t),
            whole_row(&mut self.zscore, t),
            whole_row(&mut self.count, t),
        );
        if let (Some(anomaly), Some(zscore), Some(count)) = rows {
            score(anomaly, zscore, count, row, min_count, head, tail);
        } else {
            let (mut anomaly, mut zscore, mut count) = ([T::NAN; L], [T::NAN; L], [0; L]);
            score(
                &mut anomaly,
                &mut zscore,
                &mut count,
                row,
                min_count,
                head,
                tail,
            );
            store(&mut self.anomaly, t, &anomaly);
            store(&mut self.zscore, t, &zscore);
            store(&mut self.count, t, &count);
        }
    }
}

#[inline(always)]
fn score<T: Real, const L: usize>(
    anomalies: &mut [T; L],
    zscores: &mut [T; L],
    counts: &mut [i32; L],
    row: &[T; L],
    min_count: f64,
    head: &Sums<L>,
    tail: &Sums<L>,
) {
    for l in 0..L {
        let Moments { n, mean, variance } = head.lane(l).merge(tail.lane(l)).moments();
        let enough = n >= min_count && n > 0.0 && row[l].valid();
        let anomaly = row[l].to_f64() - mean;
        let zscore = anomaly / variance.sqrt();
        // n = 1 makes the variance NaN, and it fails this comparison too.
        let spread = enough && variance > 0.0;
        anomalies[l] = T::from_f64(if enough { anomaly } else { f64::NAN });
        zscores[l] = T::from_f64(if spread { zscore } else { f64::NAN });
        counts[l] = as_count(n);
    }
}

/// One tile's walk along time.
struct Walk<'a, T, E> {
    values: ArrayView2<'a, T>,
    window: Window,
    emit: E,
}

impl<T: Real, E: Emit<T>> Vectorized for Walk<'_, T, E> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.values.ncols() == 1 {
            self.walk::<1>();
        } else {
            self.walk::<LANES>();
        }
    }
}

impl<T: Real, E: Emit<T>> Walk<'_, T, E> {
    #[inline(always)]
    fn walk<const L: usize>(mut self) {
        let ahead = self.window.ahead();
        let min_count = self.window.min_count as f64;
        let n = self.values.nrows();
        // A window longer than twice the series sees all of it from everywhere.
        let length = self.window.length.min(2 * n + 1);
        let ahead = ahead.min(n);
        let mut rows: Vec<[T; L]> = Vec::with_capacity(length.min(n + ahead));
        // tails[j]: the sums of the previous block from its j-th sample on. tails[length] is always empty.
        let mut tails = vec![Sums::<L>::EMPTY; length + 1];
        let mut start = 0;
        while start < n + ahead {
            let stop = (start + length).min(n + ahead);
            load(&self.values, start, stop, &mut rows);
            let mut head = Sums::<L>::EMPTY;
            for (j, row) in rows.iter().enumerate() {
                expect(&self.values, stop + j);
                if self.window.end == End::Before {
                    self.emit.emit(start + j, row, min_count, &head, &tails[j]);
                    head.push(row);
                } else {
                    head.push(row);
                    if start + j >= ahead {
                        self.emit
                            .emit(start + j - ahead, row, min_count, &head, &tails[j + 1]);
                    }
                }
            }
            if stop - start == length {
                let mut tail = Sums::<L>::EMPTY;
                for (j, row) in rows.iter().enumerate().rev() {
                    tail.push(row);
                    tails[j] = tail;
                }
            }
            start = stop;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn a_baseline_that_sees_the_future_is_refused() {
        let values = Array3::<f32>::zeros((1, 5, 1));
        let (mut a, mut z, mut n) = (values.clone(), values.clone(), Array3::zeros((1, 5, 1)));
        let window = Window::new(3, 1, End::Centre).unwrap();
        for kernel in [rolling_zscore::<f32>, rolling_zscore_robust::<f32>] {
            let (a, z, n) = (a.view_mut(), z.view_mut(), n.view_mut());
            assert!(kernel(values.view(), window, a, z, n, Exec::Inline).is_err());
        }
    }
}
