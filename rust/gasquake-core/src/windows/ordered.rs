//! Rolling medians, median absolute deviations and robust z-scores.

use super::{End, LANES, Window};
use crate::lanes::{load, store, tiles, tiles_mut};
use crate::order::{LaneWindow, SortedWindow, median, median_distance, robust_spread};
use crate::parallel::{Exec, Stop, for_each};
use crate::real::Real;
use crate::simd::{Level, Vectorized, in_use, vectorize};
use crate::{Result, error::check_shape};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

/// Samples of a window that fill more registers than this are bisected and moved: a sweep costs more. Measured; without
/// AVX2, where a choice between two numbers is several instructions, it always does.
const SWEEP_UP_TO: usize = 24;
/// Below this number of pixels a sweep over all lanes is wasted on empty ones.
const SWEEP_FROM: usize = 4;
/// Samples between two looks at whether the caller wants to stop.
const CHECK_EVERY: usize = 1 << 16;

/// Rolling median of each pixel. Arrays are `(outer, n, inner)`, windows run along `n`.
///
/// # Errors
/// A shape that differs, or an interrupt.
pub fn rolling_median<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    out: ArrayViewMut3<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("median", out.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let jobs = tiles(values, LANES).into_iter().zip(tiles_mut(out, LANES));
    for_each(exec, jobs.collect(), |(values, out), stop| {
        walk(values, window, Median(out), stop);
    })
}

/// Rolling median absolute deviation about the window's own median, as [`rolling_median`].
///
/// # Errors
/// As [`rolling_median`].
pub fn rolling_mad<T: Real>(
    values: ArrayView3<'_, T>,
    window: Window,
    out: ArrayViewMut3<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("mad", out.shape(), values.shape())?;
    if values.is_empty() {
        return Ok(());
    }
    let jobs = tiles(values, LANES).into_iter().zip(tiles_mut(out, LANES));
    for_each(exec, jobs.collect(), |(values, out), stop| {
        walk(values, window, Mad(out), stop);
    })
}

/// Anomaly from the window's median, z-score by its robust spread, and its count of valid samples.
///
/// # Errors
/// As [`rolling_median`], and for a centred window.
pub fn rolling_zscore_robust<T: Real>(
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
    let outputs = tiles_mut(anomaly, LANES)
        .into_iter()
        .zip(tiles_mut(zscore, LANES))
        .zip(tiles_mut(count, LANES));
    let jobs = tiles(values, LANES).into_iter().zip(outputs).map(
        |(values, ((anomaly, zscore), count))| {
            let emit = Score {
                anomaly,
                zscore,
                count,
            };
            (values, emit)
        },
    );
    for_each(exec, jobs.collect(), |(values, emit), stop| {
        walk(values, window, emit, stop);
    })
}

/// An ordered window of each lane. (A trait and not closures: those would not be compiled for the wider sets.)
trait Ordered<T> {
    fn replace(&mut self, old: &[T; LANES], new: &[T; LANES]);
    fn count(&self, lane: usize) -> usize;
    fn at(&self, lane: usize, i: usize) -> f64;
    fn medians(&self) -> [f64; LANES];
}

impl<T: Real> Ordered<T> for LaneWindow<T, LANES> {
    #[inline(always)]
    fn replace(&mut self, old: &[T; LANES], new: &[T; LANES]) {
        self.replace(old, new);
    }

    #[inline(always)]
    fn count(&self, lane: usize) -> usize {
        self.count(lane)
    }

    #[inline(always)]
    fn at(&self, lane: usize, i: usize) -> f64 {
        self.at(lane, i)
    }

    #[inline(always)]
    fn medians(&self) -> [f64; LANES] {
        self.medians()
    }
}

impl<T: Real> Ordered<T> for Vec<SortedWindow<T>> {
    #[inline(always)]
    fn replace(&mut self, old: &[T; LANES], new: &[T; LANES]) {
        for (window, (&old, &new)) in self.iter_mut().zip(old.iter().zip(new)) {
            window.replace(old, new);
        }
    }

    #[inline(always)]
    fn count(&self, lane: usize) -> usize {
        self.get(lane).map_or(0, SortedWindow::count)
    }

    #[inline(always)]
    fn at(&self, lane: usize, i: usize) -> f64 {
        self[lane].at(i)
    }

    #[inline(always)]
    fn medians(&self) -> [f64; LANES] {
        std::array::from_fn(|lane| match Ordered::<T>::count(self, lane) {
            0 => f64::NAN,
            n => median(n, |i| self[lane].at(i)),
        })
    }
}

/// What is written for a sample once its window is in order.
trait Emit<T> {
    fn emit(&mut self, t: usize, row: &[T; LANES], min_count: usize, window: &impl Ordered<T>);
}

struct Median<'a, T>(ArrayViewMut2<'a, T>);

struct Mad<'a, T>(ArrayViewMut2<'a, T>);

struct Score<'a, T> {
    anomaly: ArrayViewMut2<'a, T>,
    zscore: ArrayViewMut2<'a, T>,
    count: ArrayViewMut2<'a, i32>,
}

impl<T: Real> Emit<T> for Median<'_, T> {
    #[inline(always)]
    fn emit(&mut self, t: usize, _: &[T; LANES], min_count: usize, window: &impl Ordered<T>) {
        let medians = window.medians();
        let mut out = [T::NAN; LANES];
        for l in 0..LANES {
            let enough = window.count(l) >= min_count;
            out[l] = T::from_f64(if enough { medians[l] } else { f64::NAN });
        }
        store(&mut self.0, t, &out);
    }
}

impl<T: Real> Emit<T> for Mad<'_, T> {
    #[inline(always)]
    fn emit(&mut self, t: usize, _: &[T; LANES], min_count: usize, window: &impl Ordered<T>) {
        let medians = window.medians();
        let mut out = [T::NAN; LANES];
        for l in 0..self.0.ncols() {
            let n = window.count(l);
            if n >= min_count {
                out[l] = T::from_f64(median_distance(n, medians[l], |i| window.at(l, i)));
            }
        }
        store(&mut self.0, t, &out);
    }
}

impl<T: Real> Emit<T> for Score<'_, T> {
    #[inline(always)]
    fn emit(&mut self, t: usize, row: &[T; LANES], min_count: usize, window: &impl Ordered<T>) {
        let medians = window.medians();
        let mut anomalies = [T::NAN; LANES];
        let mut zscores = [T::NAN; LANES];
        let mut counts = [0; LANES];
        for l in 0..self.anomaly.ncols() {
            let n = window.count(l);
            counts[l] = n as i32;
            if n < min_count || !row[l].valid() {
                continue;
            }
            let anomaly = row[l].to_f64() - medians[l];
            let spread = robust_spread(n, medians[l], |i| window.at(l, i));
            anomalies[l] = T::from_f64(anomaly);
            zscores[l] = T::from_f64(if spread > 0.0 {
                anomaly / spread
            } else {
                f64::NAN
            });
        }
        store(&mut self.anomaly, t, &anomalies);
        store(&mut self.zscore, t, &zscores);
        store(&mut self.count, t, &counts);
    }
}

fn walk<T: Real, E: Emit<T>>(values: ArrayView2<'_, T>, window: Window, emit: E, stop: &Stop) {
    let n = values.nrows();
    // A window longer than twice the series sees all of it from everywhere.
    let length = window.length.min(2 * n + 1);
    let walk = Walk {
        values,
        end: window.end,
        ahead: window.ahead().min(n),
        length,
        min_count: window.min_count.max(1),
        emit,
        stop,
    };
    let lanes = walk.values.ncols();
    let wide = in_use() > Level::Baseline;
    let short = length * size_of::<T>() <= SWEEP_UP_TO * in_use().register();
    if wide && short && lanes >= SWEEP_FROM {
        vectorize(Sweep(walk));
    } else {
        walk.run(vec![SortedWindow::<T>::with_capacity(length.min(n)); lanes]);
    }
}

/// One tile's walk along time.
struct Walk<'a, T, E> {
    values: ArrayView2<'a, T>,
    end: End,
    ahead: usize,
    length: usize,
    min_count: usize,
    emit: E,
    stop: &'a Stop,
}

struct Sweep<'a, T, E>(Walk<'a, T, E>);

impl<T: Real, E: Emit<T>> Vectorized for Sweep<'_, T, E> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let window = LaneWindow::<T, LANES>::new(self.0.length);
        self.0.run(window);
    }
}

impl<T: Real, E: Emit<T>> Walk<'_, T, E> {
    #[inline(always)]
    fn run(mut self, mut window: impl Ordered<T>) {
        let Self {
            ahead,
            length,
            min_count,
            ..
        } = self;
        let n = self.values.nrows();
        // Two blocks of one window: the block being read, and the one before, whose samples are leaving.
        let mut leaving = vec![[T::NAN; LANES]; length];
        let mut coming: Vec<[T; LANES]> = Vec::with_capacity(length.min(n + ahead));
        let mut start = 0;
        let mut checked = 0;
        while start < n + ahead {
            let to = (start + length).min(n + ahead);
            load(&self.values, start, to, &mut coming);
            for (j, (old, new)) in leaving.iter().zip(&coming).enumerate() {
                if self.end == End::Before {
                    self.emit.emit(start + j, new, min_count, &window);
                    window.replace(old, new);
                } else {
                    window.replace(old, new);
                    if start + j >= ahead {
                        self.emit.emit(start + j - ahead, new, min_count, &window);
                    }
                }
                checked += 1;
                if checked % CHECK_EVERY == 0 && self.stop.requested() {
                    return;
                }
            }
            std::mem::swap(&mut leaving, &mut coming);
            start = to;
        }
    }
}
