//! The walk over one tile of profiles.

use super::state::{Fit, Peaks};
use super::{Criteria, LANES, Level, OutputTile, Verdict, WIDE};
use crate::real::Real;
use crate::simd::{Vectorized, prefetch};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// How far ahead of the walk a level's row is asked for; a row a level is more streams than the hardware follows.
const AHEAD: usize = 512;
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
    fn run(self) {
        match (self.values.ncols(), self.sigma.is_some()) {
            (1, true) => self.scan::<true, 1>(),
            (1, false) => self.scan::<false, 1>(),
            (_, true) => self.scan::<true, WIDE>(),
            (_, false) => self.scan::<false, LANES>(),
        }
    }
}

impl<T: Real> Scan<'_, T> {
    #[inline(always)]
    fn scan<const SIGMA: bool, const L: usize>(mut self) {
        let rows = Rows::new(self.values, self.levels);
        let spreads = self.sigma.map(|sigma| Rows::new(sigma, self.levels));
        let mut scores = vec![[T::NAN; L]; self.levels.len()];
        let mut from = 0;
        while from < self.values.ncols() {
            self.walk::<SIGMA, L>(from, &rows, spreads.as_ref(), &mut scores);
            from += L;
        }
    }

    /// Judges the profiles of lanes `from..from + L`; `scores` is scratch, a row a level.
    #[inline(always)]
    fn walk<const SIGMA: bool, const L: usize>(
        &mut self,
        from: usize,
        rows: &Rows<'_, T>,
        spreads: Option<&Rows<'_, T>>,
        scores: &mut [[T; L]],
    ) {
        let start = self.grounds::<L>(from);
        let quiet = T::ceil_from(self.criteria.quiet);
        let mut peaks = Peaks::<T, L>::NEW;
        let (mut row_copy, mut sigma_copy) = ([T::NAN; L], [T::NAN; L]);
        for ((k, level), z) in self.levels.iter().enumerate().zip(scores.iter_mut()) {
            rows.expect::<L>(k, from + AHEAD);
            let row = rows.lanes(k, from, &mut row_copy);
            *z = if let (true, Some(spreads)) = (SIGMA, spreads) {
                spreads.expect::<L>(k, from + AHEAD);
                score(
                    k as i32,
                    row,
                    &start,
                    spreads.lanes(k, from, &mut sigma_copy),
                )
            } else {
                counted(k as i32, row, &start)
            };
            if level.below {
                peaks.step::<true>(k as i32, quiet, z);
            } else {
                peaks.step::<false>(k as i32, quiet, z);
            }
        }
        let mut fit = Fit::<L>::NEW;
        for ((k, level), z) in self.levels.iter().enumerate().zip(scores.iter()) {
            if !level.fitted {
                continue;
            }
            if let (true, Some(spreads)) = (SIGMA, spreads) {
                let row = rows.lanes(k, from, &mut row_copy);
                let sigma = spreads.lanes(k, from, &mut sigma_copy);
                fit.step::<T, SIGMA>(level.zeta, row, z, sigma);
            } else {
                fit.step::<T, SIGMA>(level.zeta, z, z, z);
            }
        }
        let (slope, se) = fit.solve::<SIGMA>();
        self.finish(from, &peaks, &slope, &se);
    }

    /// The lowest level above the ground of each lane, counted from the ground up.
    #[inline(always)]
    fn grounds<const L: usize>(&self, from: usize) -> [i32; L] {
        let mut start = [0; L];
        if let Some(pressure) = &self.ground {
            let row = pressure.row(0);
            let slice = row.to_slice().and_then(|row| row.get(from..));
            let row = match slice.and_then(|row| row.first_chunk::<L>()) {
                Some(lanes) => *lanes,
                None => gather(pressure, 0, from),
            };
            for level in self.levels {
                for l in 0..L {
                    let above = row[l].valid() && level.pressure <= row[l].to_f64() - CLEARANCE;
                    start[l] += i32::from(!above);
                }
            }
        }
        start
    }

    #[inline(always)]
    fn finish<const L: usize>(
        &mut self,
        from: usize,
        peaks: &Peaks<T, L>,
        slope: &[f64; L],
        se: &[f64; L],
    ) {
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
        let mut verdict = [0i8; L];
        let mut gradient = [T::NAN; L];
        let mut gradient_se = [T::NAN; L];
        let mut z_below = [T::NAN; L];
        let mut z_above = [T::NAN; L];
        let mut peak = [-1i16; L];
        let mut bottom = [-1i16; L];
        let mut n_below = [0i16; L];
        for l in 0..L {
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
            bottom[l] = if peaks.seen[l] == 0 {
                -1
            } else {
                (first + rising * peaks.bottom[l]) as i16
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

/// The z-scores of level `k`: values over spreads, minus infinity where the level does not count.
#[inline(always)]
fn score<T: Real, const L: usize>(
    k: i32,
    row: &[T; L],
    start: &[i32; L],
    sigma: &[T; L],
) -> [T; L] {
    let mut z = [T::NEG_INFINITY; L];
    for l in 0..L {
        let s = sigma[l];
        let counts = row[l].valid() && s > T::default() && s < T::INFINITY && k >= start[l];
        let ratio = T::from_f64(row[l].to_f64() / s.to_f64());
        z[l] = if counts { ratio } else { T::NEG_INFINITY };
    }
    z
}

/// As [`score`], of values that are z-scores.
#[inline(always)]
fn counted<T: Real, const L: usize>(k: i32, row: &[T; L], start: &[i32; L]) -> [T; L] {
    let mut z = [T::NEG_INFINITY; L];
    for l in 0..L {
        let counts = row[l].valid() && k >= start[l];
        z[l] = if counts { row[l] } else { T::NEG_INFINITY };
    }
    z
}

/// The rows of a tile's levels, found once: to slice an array costs more than to read some lanes.
struct Rows<'a, T> {
    tile: ArrayView2<'a, T>,
    levels: &'a [Level],
    /// None where pixels do not lie side by side.
    slices: Vec<&'a [T]>,
}

impl<'a, T: Real> Rows<'a, T> {
    fn new(tile: ArrayView2<'a, T>, levels: &'a [Level]) -> Self {
        let slice = |level: &Level| tile.index_axis_move(Axis(0), level.index).to_slice();
        Self {
            tile,
            levels,
            slices: levels.iter().filter_map(slice).collect(),
        }
    }

    /// Asks for the lanes before they are read.
    #[inline(always)]
    fn expect<const L: usize>(&self, k: usize, from: usize) {
        if let Some(row) = self.slices.get(k) {
            for at in (from..from + L).step_by(64 / size_of::<T>()) {
                prefetch(row, at);
            }
        }
    }

    /// Lanes `from..from + L` of the k-th level; a copy, missing beyond the last lane, where they must be gathered.
    #[inline(always)]
    fn lanes<'b, const L: usize>(
        &'b self,
        k: usize,
        from: usize,
        copy: &'b mut [T; L],
    ) -> &'b [T; L] {
        let slice = self.slices.get(k).and_then(|row| row.get(from..));
        if let Some(lanes) = slice.and_then(|row| row.first_chunk::<L>()) {
            return lanes;
        }
        *copy = gather(&self.tile, self.levels[k].index, from);
        copy
    }
}

/// Lanes `from..from + L` of one row of a tile, one by one.
#[inline(always)]
fn gather<T: Real, const L: usize>(tile: &ArrayView2<'_, T>, row: usize, from: usize) -> [T; L] {
    let mut out = [T::NAN; L];
    let row = tile.row(row);
    for (l, to) in out.iter_mut().enumerate().take(row.len() - from) {
        *to = row[from + l];
    }
    out
}

/// Writes lanes `from..from + L` of a one-row tile.
#[inline(always)]
fn scatter<T: Copy, const L: usize>(tile: &mut ArrayViewMut2<'_, T>, from: usize, lanes: &[T; L]) {
    let mut row = tile.row_mut(0);
    if let Some(target) = row.as_slice_mut().and_then(|row| row.get_mut(from..)) {
        match target.first_chunk_mut::<L>() {
            Some(full) => *full = *lanes,
            None => target.copy_from_slice(&lanes[..target.len()]),
        }
    } else {
        for (to, &x) in row.iter_mut().skip(from).zip(lanes) {
            *to = x;
        }
    }
}
