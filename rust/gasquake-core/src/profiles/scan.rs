//! The walk over one tile of profiles.

use super::state::{Fit, NEVER, Peaks};
use super::{Criteria, LANES, Level, OutputTile, Verdict};
use crate::real::Real;
use crate::simd::{Vectorized, prefetch};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// How far ahead of the walk a level's row is asked for; a row a level is more streams than the hardware follows.
const AHEAD: usize = 8 * LANES;
/// A level must lie this far above the ground, in hPa.
const CLEARANCE: f64 = 5.0;
/// One-sided 95 % of a normal distribution.
const ONE_SIDED_95: f64 = 1.645;

/// One tile's work.
pub(super) struct Scan<'a, T> {
    pub(super) values: ArrayView2<'a, T>,
    pub(super) sigma: Option<ArrayView2<'a, T>>,
    pub(super) ground: Option<ArrayView2<'a, T>>,
    pub(super) levels: &'a [Level],
    pub(super) criteria: Criteria,
    pub(super) out: OutputTile<'a, T>,
}

impl<T: Real> Vectorized for Scan<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        // No rows where they do not lie side by side: lanes are then gathered one by one.
        let values = self.values;
        let rows: Vec<&[T]> = self
            .levels
            .iter()
            .filter_map(|level| values.row(level.index).to_slice())
            .collect();
        let mut from = 0;
        while from < values.ncols() {
            if self.sigma.is_some() {
                self.walk::<true>(from, &rows);
            } else {
                self.walk::<false>(from, &rows);
            }
            from += LANES;
        }
    }
}

impl<T: Real> Scan<'_, T> {
    /// Judges the profiles of lanes `from..from + LANES`.
    #[inline(always)]
    fn walk<const SIGMA: bool>(&mut self, from: usize, rows: &[&[T]]) {
        let start = self.grounds(from);
        let quiet = T::ceil_from(self.criteria.quiet);
        let mut peaks = Peaks::NEW;
        let mut fit = Fit::NEW;
        let mut sigma = [T::NAN; LANES];
        for (k, &level) in self.levels.iter().enumerate() {
            let copy;
            let full = rows.get(k).and_then(|row| {
                prefetch_row(row, from + AHEAD);
                row.get(from..from + LANES)?.try_into().ok()
            });
            let row: &[T; LANES] = if let Some(row) = full {
                row
            } else {
                copy = gather(&self.values, level.index, from);
                &copy
            };
            if let Some(spread) = &self.sigma {
                sigma = gather(spread, level.index, from);
            }
            let mut z = [T::NEG_INFINITY; LANES];
            for l in 0..LANES {
                let s = sigma[l].to_f64();
                let known = !SIGMA || (s > 0.0 && s < f64::INFINITY);
                let ratio = if SIGMA {
                    T::from_f64(row[l].to_f64() / s)
                } else {
                    row[l]
                };
                z[l] = if row[l].valid() && known {
                    ratio
                } else {
                    T::NEG_INFINITY
                };
            }
            let k = k as i32;
            if level.below {
                peaks.step::<true>(k, quiet, &z, &start);
            } else {
                peaks.step::<false>(k, quiet, &z, &start);
            }
            if level.fitted {
                fit.step::<T, SIGMA>(k, level.zeta, row, &z, &sigma, &start);
            }
        }
        let (slope, se) = fit.solve::<SIGMA>();
        self.finish(from, &peaks, &slope, &se);
    }

    /// The lowest level above the ground of each lane, counted from the ground up.
    #[inline(always)]
    fn grounds(&self, from: usize) -> [i32; LANES] {
        let mut start = [0; LANES];
        if let Some(pressure) = &self.ground {
            let row = gather(pressure, 0, from);
            for level in self.levels {
                for l in 0..LANES {
                    let above = row[l].valid() && level.pressure <= row[l].to_f64() - CLEARANCE;
                    start[l] += i32::from(!above);
                }
            }
        }
        start
    }

    #[inline(always)]
    fn finish(&mut self, from: usize, peaks: &Peaks<T>, slope: &[f64; LANES], se: &[f64; LANES]) {
        let threshold = T::ceil_from(self.criteria.threshold);
        let quiet = T::ceil_from(self.criteria.quiet);
        let min_below = self.criteria.min_below.min(i32::MAX as usize) as i32;
        // Levels of the plan are those of the array, or those from its end back.
        let first = self.levels.first().map_or(0, |level| level.index) as i32;
        let rising = if self.levels.len() > 1 && first > 0 {
            -1
        } else {
            1
        };
        let mut verdict = [0i8; LANES];
        let mut gradient = [T::NAN; LANES];
        let mut gradient_se = [T::NAN; LANES];
        let mut z_below = [T::NAN; LANES];
        let mut z_above = [T::NAN; LANES];
        let mut peak = [-1i16; LANES];
        let mut bottom = [-1i16; LANES];
        let mut n_below = [0i16; LANES];
        for l in 0..LANES {
            let (below, above) = (peaks.z_below[l], peaks.z_above[l]);
            let falls = slope[l] + ONE_SIDED_95 * se[l] < 0.0;
            let rooted = below >= threshold && peaks.peak_below[l] < peaks.broken[l] && falls;
            let rootless = above >= threshold && below < quiet;
            let silent = below < threshold && above < threshold;
            let v = if rootless {
                Verdict::Rootless as i8
            } else {
                Verdict::Mixed as i8
            };
            let v = if rooted { Verdict::Rooted as i8 } else { v };
            let v = if silent { Verdict::None as i8 } else { v };
            let unsure = peaks.n_below[l] < min_below;
            verdict[l] = if unsure {
                Verdict::Undetermined as i8
            } else {
                v
            };
            gradient[l] = T::from_f64(slope[l]);
            gradient_se[l] = T::from_f64(se[l]);
            z_below[l] = if below > T::NEG_INFINITY {
                below
            } else {
                T::NAN
            };
            z_above[l] = if above > T::NEG_INFINITY {
                above
            } else {
                T::NAN
            };
            let (low, high) = (peaks.peak_below[l], peaks.peak_above[l]);
            let k = if above > below { high } else { low };
            peak[l] = if k < 0 {
                -1
            } else {
                (first + rising * k) as i16
            };
            let k = peaks.bottom[l];
            bottom[l] = if k == NEVER {
                -1
            } else {
                (first + rising * k) as i16
            };
            n_below[l] = peaks.n_below[l] as i16;
        }
        scatter(&mut self.out.verdict, from, &verdict);
        scatter(&mut self.out.gradient, from, &gradient);
        scatter(&mut self.out.gradient_se, from, &gradient_se);
        scatter(&mut self.out.z_below, from, &z_below);
        scatter(&mut self.out.z_above, from, &z_above);
        scatter(&mut self.out.peak_level, from, &peak);
        scatter(&mut self.out.bottom_level, from, &bottom);
        scatter(&mut self.out.n_below, from, &n_below);
    }
}

#[inline(always)]
fn prefetch_row<T>(row: &[T], from: usize) {
    let line = 64 / size_of::<T>();
    for at in (from..from + LANES).step_by(line) {
        prefetch(row, at);
    }
}

/// Lanes `from..from + LANES` of one row of a tile, missing beyond its last.
#[inline(always)]
fn gather<T: Real>(tile: &ArrayView2<'_, T>, row: usize, from: usize) -> [T; LANES] {
    let mut out = [T::NAN; LANES];
    let row = tile.row(row);
    let n = (row.len() - from).min(LANES);
    if let Some(lanes) = row.to_slice() {
        out[..n].copy_from_slice(&lanes[from..from + n]);
    } else if row.stride_of(Axis(0)) == 0 {
        out[..n].fill(row[0]);
    } else {
        for (l, to) in out[..n].iter_mut().enumerate() {
            *to = row[from + l];
        }
    }
    out
}

/// Writes lanes `from..from + LANES` of a one-row tile.
#[inline(always)]
fn scatter<T: Copy>(tile: &mut ArrayViewMut2<'_, T>, from: usize, lanes: &[T; LANES]) {
    let mut row = tile.row_mut(0);
    if let Some(target) = row.as_slice_mut().and_then(|row| row.get_mut(from..)) {
        match target.first_chunk_mut::<LANES>() {
            Some(full) => *full = *lanes,
            None => target.copy_from_slice(&lanes[..target.len()]),
        }
    } else {
        for (to, &x) in row.iter_mut().skip(from).zip(lanes) {
            *to = x;
        }
    }
}
