//! The walk over one tile of profiles.

use super::fit::{plain_line, weighted_line};
use super::peaks::{NOWHERE, Peaks};
use super::rows::{Rows, blocks, gather, gathered, is_row_major};
use super::{Criteria, LANES, Level, OutputTile, Verdict};
use crate::real::Real;
use crate::simd::Vectorized;
use ndarray::{ArrayView2, ArrayViewMut2};

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
        match (
            self.values.ncols(),
            self.sigma.is_some(),
            self.ground.is_some(),
        ) {
            (1, true, _) => self.scan::<true, true, 1>(),
            (1, false, _) => self.scan::<false, true, 1>(),
            (_, true, _) => self.scan::<true, true, LANES>(),
            (_, false, true) => self.scan::<false, true, LANES>(),
            (_, false, false) => self.scan::<false, false, LANES>(),
        }
    }
}

impl<T: Real> Scan<'_, T> {
    #[inline(always)]
    fn scan<const SIGMA: bool, const GROUND: bool, const L: usize>(mut self) {
        let (levels, lanes) = (self.levels, self.values.ncols());
        let tiles = [Some(self.values), self.sigma];
        let together = tiles.iter().flatten().all(is_row_major);
        let whole = if together { lanes / L } else { 0 };
        // What does not lie side by side, or is less than a block, is copied first.
        let copies = tiles.map(|tile| tile.map(|tile| gathered::<T, L>(&tile, levels, whole * L)));
        let [rest, rest_spreads] = copies.each_ref().map(|rows| {
            let rows = rows.as_ref()?;
            Some(rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
        });
        let [row, row_spreads] =
            tiles.map(|tile| tile.map(|tile| blocks::<T, L>(tile, levels, whole)));
        let parts = [
            (0..whole, row, row_spreads),
            (whole..lanes.div_ceil(L), rest, rest_spreads),
        ];
        for (range, values, spreads) in parts {
            let values = values.unwrap_or_default();
            let spreads = spreads.as_ref().unwrap_or(&values);
            for (at, block) in range.enumerate() {
                let rows = Rows {
                    at,
                    values: &values,
                    spreads,
                };
                self.walk::<SIGMA, GROUND, L>(block * L, &rows);
            }
        }
    }

    /// Judges the profiles of lanes `from..from + L`.
    #[inline(always)]
    fn walk<const SIGMA: bool, const GROUND: bool, const L: usize>(
        &mut self,
        from: usize,
        rows: &Rows<'_, T, L>,
    ) {
        let start = if GROUND {
            self.grounds::<L>(from)
        } else {
            [0; L]
        };
        let quiet = T::ceil_from(self.criteria.quiet);
        let mut peaks = Peaks::<T, L>::NEW;
        let mut lowest = [T::default(); L];
        for (k, level) in self.levels.iter().enumerate() {
            let z = rows.scores::<SIGMA>(k, &start);
            if level.below {
                peaks.step::<true>(k as i32, quiet, &z);
            } else {
                peaks.step::<false>(k as i32, quiet, &z);
            }
            if !SIGMA && level.fitted {
                for l in 0..L {
                    let z = if k as i32 == peaks.bottom[l] {
                        z[l]
                    } else {
                        T::default()
                    };
                    // Exact: all terms but one are 0.
                    lowest[l] = T::from_f64(lowest[l].to_f64() + z.to_f64());
                }
            }
        }
        // Those of a high pressure: they come first.
        let fitted = self.levels.iter().take_while(|level| level.fitted).count();
        let fitted = &self.levels[..fitted];
        let (slope, se) = if SIGMA {
            weighted_line(rows, fitted, &start)
        } else {
            plain_line(rows, fitted, &start, &lowest)
        };
        self.finish(from, &peaks, &slope, &se);
    }

    /// The lowest level above the ground of each lane, counted from the ground up.
    #[inline(always)]
    fn grounds<const L: usize>(&self, from: usize) -> [u32; L] {
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
                    let above = row[l].valid() & (level.pressure <= row[l].to_f64() - CLEARANCE);
                    start[l] += u32::from(!above);
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
            bottom[l] = if peaks.bottom[l] == NOWHERE {
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
