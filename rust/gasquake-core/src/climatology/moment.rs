//! Seasonal anomaly by mean and standard deviation.
//!
//! The stretches of neighbouring slots overlap: each year's stretch is a queue that only ever adds (see `moments`), and
//! the years but one are heads and tails of the years merged.

use super::{Calendar, Job, LANES, OutputTile, Outputs, Reference, Row, each_tile, judge};
use crate::error::Result;
use crate::lanes::{load, whole_row};
use crate::moments::Sums;
use crate::parallel::Exec;
use crate::real::Real;
use crate::simd::{Vectorized, vectorize};
use ndarray::ArrayView3;

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

/// A queue of slots that can drop its oldest without subtracting: tails of the older half, a sum of the newer.
struct Queue<const L: usize> {
    tails: Vec<Sums<L>>,
    newer: Sums<L>,
}

/// What samples are held against.
struct Season<const L: usize> {
    n: [f64; L],
    mean: [f64; L],
    std: [f64; L],
}

impl<const L: usize> Season<L> {
    /// Of the samples before the season's own occurrence and those after it.
    #[inline(always)]
    fn of(earlier: &Sums<L>, later: &Sums<L>) -> Self {
        let (mut n, mut mean, mut std) = ([0.0; L], [0.0; L], [0.0; L]);
        for l in 0..L {
            let moments = earlier.lane(l).merge(later.lane(l)).moments();
            n[l] = moments.n;
            mean[l] = moments.mean;
            std[l] = moments.variance.sqrt();
        }
        Self { n, mean, std }
    }

    /// Judges a row of samples, if it can in place (see [`whole_row`]).
    #[inline(always)]
    fn judge<T: Real>(
        &self,
        t: usize,
        sample: &[T; L],
        min_count: f64,
        out: &mut OutputTile<'_, T>,
    ) {
        let rows = (
            whole_row(&mut out.anomaly, t),
            whole_row(&mut out.zscore, t),
            whole_row(&mut out.mean, t),
            whole_row(&mut out.std, t),
            whole_row(&mut out.count, t),
        );
        if let (Some(anomaly), Some(zscore), Some(mean), Some(std), Some(count)) = rows {
            self.judge_in_place(sample, min_count, anomaly, zscore, mean, std, count);
        } else {
            let mut row = Row::<T, L>::MISSING;
            for l in 0..L {
                let (n, mean, std) = (self.n[l], self.mean[l], self.std[l]);
                row.set(l, judge(sample[l], n, min_count, mean, std));
            }
            out.store(t, &row);
        }
    }

    /// Arguments of their own tell the compiler that the rows do not overlap.
    #[inline(always)]
    fn judge_in_place<T: Real>(
        &self,
        sample: &[T; L],
        min_count: f64,
        anomaly: &mut [T; L],
        zscore: &mut [T; L],
        mean: &mut [T; L],
        std: &mut [T; L],
        count: &mut [i32; L],
    ) {
        for l in 0..L {
            let judged = judge(sample[l], self.n[l], min_count, self.mean[l], self.std[l]);
            anomaly[l] = judged.anomaly;
            zscore[l] = judged.zscore;
            mean[l] = judged.mean;
            std[l] = judged.std;
            count[l] = judged.count;
        }
    }
}

impl<T: Real> Vectorized for Job<'_, '_, T> {
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

impl<T: Real> Job<'_, '_, T> {
    #[inline(always)]
    fn walk<const L: usize>(mut self) {
        let calendar = self.calendar;
        let min_count = self.reference.min_count as f64;
        let half_width = self.reference.half_width;
        let mut rows: Vec<[T; L]> = Vec::new();
        load(&self.values, 0, self.values.nrows(), &mut rows);
        let years = calendar.years();
        let (first, last) = Calendar::stretch(0, half_width);
        let mut queues: Vec<Queue<L>> = (0..years)
            .map(|_| Queue {
                tails: Vec::with_capacity((last - first + 2) as usize),
                newer: Sums::EMPTY,
            })
            .collect();
        // The older half of every queue ends before `seam`; the queues of all years turn over together.
        let (mut seam, mut filled) = (first, first);
        let mut seasons = vec![Sums::<L>::EMPTY; years];
        let mut later = vec![Sums::<L>::EMPTY; years + 1];
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
            // Tails were pushed from the youngest slot to the oldest.
            let oldest = (seam - 1 - from) as usize;
            for (year, queue) in queues.iter().enumerate().rev() {
                if let Some(tail) = queue.tails.get(oldest) {
                    seasons[year].merged(tail, &queue.newer);
                }
                let (head, tail) = later.split_at_mut(year + 1);
                head[year].merged(&seasons[year], &tail[0]);
            }
            for year in 0..years {
                for &t in calendar.samples(year, slot as isize + 2) {
                    self.out.expect(t as usize);
                }
            }
            if self.reference.exclude_own_year {
                let mut earlier = Sums::<L>::EMPTY;
                for (year, season) in seasons.iter().enumerate() {
                    let own = calendar.samples(year, slot as isize);
                    if !own.is_empty() {
                        let others = Season::of(&earlier, &later[year + 1]);
                        for &t in own {
                            let t = t as usize;
                            others.judge(t, &rows[t], min_count, &mut self.out);
                        }
                    }
                    let before = earlier;
                    earlier.merged(&before, season);
                }
            } else {
                let all = Season::of(&later[0], &Sums::EMPTY);
                for year in 0..years {
                    for &t in calendar.samples(year, slot as isize) {
                        let t = t as usize;
                        all.judge(t, &rows[t], min_count, &mut self.out);
                    }
                }
            }
        }
    }
}
