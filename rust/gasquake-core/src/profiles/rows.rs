//! Levels of a tile of profiles as rows of blocks.

use super::Level;
use crate::lanes::LINE;
use crate::real::Real;
use crate::simd::prefetch;
use ndarray::{ArrayView2, Axis};

/// How many blocks ahead of the walk a level's row is asked for; a row a level is more streams than the hardware follows.
const AHEAD: usize = 32;

/// The block `at` of each level's row, of `L` profiles side by side.
pub(super) struct Rows<'a, T, const L: usize> {
    pub(super) at: usize,
    pub(super) values: &'a [&'a [[T; L]]],
    /// The values themselves where they have none.
    pub(super) spreads: &'a [&'a [[T; L]]],
}

impl<'a, T: Real, const L: usize> Rows<'a, T, L> {
    #[inline(always)]
    pub(super) fn value(&self, k: usize) -> &'a [T; L] {
        &self.values[k][self.at]
    }

    #[inline(always)]
    pub(super) fn spread(&self, k: usize) -> &'a [T; L] {
        &self.spreads[k][self.at]
    }

    /// Asks for every cache line of a later block of a level's row.
    #[inline(always)]
    fn expect(&self, row: &[[T; L]]) {
        for lane in (0..L).step_by(LINE / size_of::<T>()) {
            prefetch(row.as_flattened(), (self.at + AHEAD) * L + lane);
        }
    }

    /// The z-scores of level `k`: values, over their spreads if they have any; minus infinity where it does not count.
    #[inline(always)]
    pub(super) fn scores<const SIGMA: bool>(&self, k: usize, start: &[u32; L]) -> [T; L] {
        self.expect(self.values[k]);
        if SIGMA {
            self.expect(self.spreads[k]);
        }
        let (values, spreads) = (self.value(k), self.spread(k));
        let mut z = [T::NEG_INFINITY; L];
        for l in 0..L {
            let (x, s) = (values[l], spreads[l]);
            let counts = x.valid() & (k as u32 >= start[l]);
            let counts = if SIGMA { counts & is_spread(s) } else { counts };
            let score = if SIGMA {
                T::from_f64(x.to_f64() / s.to_f64())
            } else {
                x
            };
            z[l] = if counts { score } else { T::NEG_INFINITY };
        }
        z
    }
}

/// Positive and finite?
#[inline(always)]
pub(super) fn is_spread<T: Real>(s: T) -> bool {
    // Against the largest number: two comparisons with 0 and infinity become a test of bits, lane by lane.
    (s > T::default()) & (s <= T::MAX)
}

/// Do profiles lie side by side?
pub(super) fn is_row_major<T>(tile: &ArrayView2<'_, T>) -> bool {
    tile.strides()[1] == 1 || tile.ncols() == 1
}

/// The rows of a tile's levels in blocks of `L` profiles: to slice an array for each block costs more than to read it.
pub(super) fn blocks<'a, T, const L: usize>(
    tile: ArrayView2<'a, T>,
    levels: &[Level],
    whole: usize,
) -> Vec<&'a [[T; L]]> {
    let row = |level: &Level| tile.index_axis_move(Axis(0), level.index).to_slice();
    let blocks = |row: Option<&'a [T]>| row.and_then(|row| row.as_chunks::<L>().0.get(..whole));
    levels
        .iter()
        .map(|level| blocks(row(level)).unwrap_or_default())
        .collect()
}

/// As [`blocks`], copied from lane `from` on; missing beyond the last lane.
pub(super) fn gathered<T: Real, const L: usize>(
    tile: &ArrayView2<'_, T>,
    levels: &[Level],
    from: usize,
) -> Vec<Vec<[T; L]>> {
    let lanes = (from..tile.ncols()).step_by(L);
    let mut rows = vec![Vec::with_capacity(lanes.len()); levels.len()];
    for from in lanes {
        for (row, level) in rows.iter_mut().zip(levels) {
            row.push(gather(tile, level.index, from));
        }
    }
    rows
}

/// Lanes `from..from + L` of one row of a tile, one by one.
#[inline(always)]
pub(super) fn gather<T: Real, const L: usize>(
    tile: &ArrayView2<'_, T>,
    row: usize,
    from: usize,
) -> [T; L] {
    let mut out = [T::NAN; L];
    let row = tile.row(row);
    for (l, to) in out.iter_mut().enumerate().take(row.len() - from) {
        *to = row[from + l];
    }
    out
}
