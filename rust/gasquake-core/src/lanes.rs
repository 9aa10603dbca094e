//! Tiles: a few neighbouring pixels side by side, walked together along time or level.
//!
//! An array with one special axis is seen as `(outer, n, inner)`. A tile is up to `L` pixels, `(n, lanes)`; loops run
//! over lanes, which the compiler vectorises, and a tile's state stays in the nearest cache.

use crate::real::Real;
use crate::simd::{prefetch, prefetch_write};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

/// How many rows ahead memory is asked for.
const AHEAD: usize = 16;

/// Views to read from and views to write to are cut alike; ndarray has no common trait for splitting them.
macro_rules! cut {
    ($array:expr, $lanes:expr) => {{
        let array = $array;
        let mut slabs = if is_pixel_major(array.shape()) {
            array.permuted_axes([2, 1, 0])
        } else {
            array
        };
        let mut out =
            Vec::with_capacity(slabs.len_of(Axis(0)) * slabs.len_of(Axis(2)).div_ceil($lanes));
        while slabs.len_of(Axis(0)) > 0 {
            let (slab, more) = slabs.split_at(Axis(0), 1);
            slabs = more;
            let mut pixels = slab.index_axis_move(Axis(0), 0);
            while pixels.len_of(Axis(1)) > 0 {
                let width = $lanes.min(pixels.len_of(Axis(1)));
                let (tile, more) = pixels.split_at(Axis(1), width);
                pixels = more;
                out.push(tile);
            }
        }
        out
    }};
}

/// Cuts `(outer, n, inner)` into tiles of at most `lanes` pixels, each `(n, lanes)`.
#[must_use]
pub fn tiles<T>(array: ArrayView3<'_, T>, lanes: usize) -> Vec<ArrayView2<'_, T>> {
    cut!(array, lanes)
}

/// As [`tiles`], for writing.
#[must_use]
pub fn tiles_mut<T>(array: ArrayViewMut3<'_, T>, lanes: usize) -> Vec<ArrayViewMut2<'_, T>> {
    cut!(array, lanes)
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
        prefetch(row, 0);
    }
}

/// As [`expect`], before row `t` is written.
#[inline(always)]
pub fn expect_store<T>(tile: &ArrayViewMut2<'_, T>, t: usize) {
    if t < tile.nrows()
        && let Some(row) = tile.row(t).to_slice()
    {
        prefetch_write(row, 0);
    }
}
