//! Tiles: a few neighbouring pixels side by side, walked together along time or level.
//!
//! An array with one special axis is seen as `(outer, n, inner)`. A tile is up to `L` pixels, `(n, lanes)`; loops run
//! over lanes, which the compiler vectorises, and a tile's state stays in the nearest cache.

use crate::real::Real;
use crate::simd::{prefetch, prefetch_write};
use ndarray::{
    ArrayBase, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, Ix3, RawData,
};

/// How many rows ahead memory is asked for.
const AHEAD: usize = 16;
/// Bytes that memory hands over at once.
pub(crate) const LINE: usize = 64;

/// How pixels are cut into tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Pixels in a tile, at most.
    lanes: usize,
    /// Pixels in the first one.
    first: usize,
}

impl From<usize> for Cut {
    fn from(lanes: usize) -> Self {
        let first = lanes;
        Self { lanes, first }
    }
}

impl Cut {
    /// Tiles of `lanes` pixels, the first of so many that the others start on a cache line of `array`.
    ///
    /// Two tiles that share a line fetch and write it twice, often from two cores.
    #[must_use]
    pub fn aligned<S: RawData>(array: &ArrayBase<S, Ix3>, lanes: usize) -> Self {
        let mut cut = Self::from(lanes);
        let ahead = array.as_ptr().align_offset(LINE);
        // A few pixels are not worth one more tile.
        if 0 < ahead && ahead < lanes && array.dim().2 >= 8 * lanes {
            cut.first = ahead;
        }
        cut
    }
}

/// Views to read from and views to write to are cut alike; ndarray has no common trait for splitting them.
macro_rules! cut {
    ($array:expr, $cut:expr) => {{
        let (array, cut): (_, Cut) = ($array, $cut.into());
        let mut slabs = if is_pixel_major(array.shape()) {
            array.permuted_axes([2, 1, 0])
        } else {
            array
        };
        let mut out =
            Vec::with_capacity(slabs.len_of(Axis(0)) * (slabs.len_of(Axis(2)) / cut.lanes + 2));
        while slabs.len_of(Axis(0)) > 0 {
            let (slab, more) = slabs.split_at(Axis(0), 1);
            slabs = more;
            let mut pixels = slab.index_axis_move(Axis(0), 0);
            let mut width = cut.first;
            while pixels.len_of(Axis(1)) > 0 {
                width = width.min(pixels.len_of(Axis(1)));
                let (tile, more) = pixels.split_at(Axis(1), width);
                pixels = more;
                width = cut.lanes;
                out.push(tile);
            }
        }
        out
    }};
}

/// Cuts `(outer, n, inner)` into tiles of some pixels, each `(n, lanes)`.
pub fn tiles<T>(array: ArrayView3<'_, T>, cut: impl Into<Cut>) -> Vec<ArrayView2<'_, T>> {
    cut!(array, cut)
}

/// As [`tiles`], for writing.
pub fn tiles_mut<T>(array: ArrayViewMut3<'_, T>, cut: impl Into<Cut>) -> Vec<ArrayViewMut2<'_, T>> {
    cut!(array, cut)
}

/// Where the special axis is the last one, the pixels are the outer axis: `(outer, n, 1)` is read as `(1, n, outer)`.
fn is_pixel_major(shape: &[usize]) -> bool {
    shape.get(2) == Some(&1)
}

/// Reads rows `from..to` of a tile into `rows`; missing (NaN) beyond the last lane and the last row.
#[inline(always)]
pub fn load<T: Real, const L: usize>(
    tile: &ArrayView2<'_, T>,
    from: usize,
    to: usize,
    rows: &mut Vec<[T; L]>,
) {
    let (n, lanes) = tile.dim();
    let last = to.min(n).max(from);
    rows.clear();
    rows.resize(to - from, [T::NAN; L]);
    if tile.strides()[1] == 1 || lanes == 1 {
        for (t, row) in (from..last).zip(rows.iter_mut()) {
            expect(tile, t + AHEAD);
            if let Some(source) = tile.row(t).to_slice() {
                match <&[T; L]>::try_from(source) {
                    Ok(full) => *row = *full,
                    Err(_) => row[..lanes].copy_from_slice(source),
                }
            }
        }
    } else {
        for lane in 0..lanes {
            let column = tile.column(lane);
            for (row, t) in rows.iter_mut().zip(from..last) {
                row[lane] = column[t];
            }
        }
    }
}

/// Row `t` of a tile, to be written in place; none where it is narrower than `L` or its lanes lie apart.
///
/// What is computed beside it and then copied (see [`store`]) is often written in halves of what the copy reads, which
/// no processor forwards: the copy waits until the halves are in the cache.
#[inline(always)]
pub fn whole_row<'a, T, const L: usize>(
    tile: &'a mut ArrayViewMut2<'_, T>,
    t: usize,
) -> Option<&'a mut [T; L]> {
    tile.row_mut(t).into_slice()?.try_into().ok()
}

/// Writes one row of a tile.
#[inline(always)]
pub fn store<T: Copy, const L: usize>(tile: &mut ArrayViewMut2<'_, T>, t: usize, row: &[T; L]) {
    let mut target = tile.row_mut(t);
    if let Some(slice) = target.as_slice_mut() {
        match <&mut [T; L]>::try_from(&mut *slice) {
            Ok(full) => *full = *row,
            Err(_) => slice.copy_from_slice(&row[..slice.len()]),
        }
    } else {
        for (to, &x) in target.iter_mut().zip(row) {
            *to = x;
        }
    }
}

/// Rows of a tile lie far apart, where the hardware does not look ahead: ask for row `t` before it is read.
#[inline(always)]
pub fn expect<T>(tile: &ArrayView2<'_, T>, t: usize) {
    if t < tile.nrows()
        && let Some(row) = tile.row(t).to_slice()
    {
        for first in (0..row.len()).step_by(LINE / size_of::<T>()) {
            prefetch(row, first);
        }
    }
}

/// As [`expect`], before row `t` is written.
#[inline(always)]
pub fn expect_store<T>(tile: &ArrayViewMut2<'_, T>, t: usize) {
    if t < tile.nrows()
        && let Some(row) = tile.row(t).to_slice()
    {
        for first in (0..row.len()).step_by(LINE / size_of::<T>()) {
            prefetch_write(row, first);
        }
    }
}
