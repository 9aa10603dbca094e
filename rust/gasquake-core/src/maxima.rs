//! The largest finite sample over several axes at once, where it is, and how many equal it.

use crate::error::{Result, check_shape};
use crate::lanes::{load, store, tiles, tiles_mut};
use crate::parallel::{Exec, for_each};
use crate::real::Real;
use crate::simd::{Vectorized, vectorize};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

/// Samples that one job reads where the reduced axes are contiguous.
const SEGMENT: usize = 1 << 18;
/// Samples that are looked at again when they raise the maximum: few, since the second look is slow.
const CHUNK: usize = 1 << 10;
/// Samples side by side.
const LANES: usize = 32;

/// Where the results go, each `(outer, 1, inner)`.
pub struct Outputs<'a, T> {
    /// First position of the maximum along the reduced axis, -1 where nothing is finite.
    pub index: ArrayViewMut3<'a, i64>,
    /// The maximum.
    pub value: ArrayViewMut3<'a, T>,
    /// Finite samples.
    pub count: ArrayViewMut3<'a, i64>,
    /// Samples equal to the maximum.
    pub ties: ArrayViewMut3<'a, i64>,
}

/// The maximum so far of one reduction.
#[derive(Clone, Copy)]
struct Best<T> {
    value: T,
    index: i64,
    count: i64,
    ties: i64,
}

impl<T: Real> Best<T> {
    const NOTHING: Self = Self {
        value: T::NAN,
        index: -1,
        count: 0,
        ties: 0,
    };

    /// Takes a later stretch into account.
    fn then(self, later: Self) -> Self {
        let count = self.count + later.count;
        if later.index < 0 || self.value > later.value {
            return Self { count, ..self };
        }
        if self.index < 0 || later.value > self.value {
            return Self { count, ..later };
        }
        Self {
            count,
            ties: self.ties + later.ties,
            ..self
        }
    }
}

/// Reduces the middle axis of `values`, `(outer, n, inner)`.
///
/// # Errors
/// Shapes that do not fit, or an interrupt.
pub fn locate_maxima<T: Real>(
    values: ArrayView3<'_, T>,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    let (outer, _, inner) = values.dim();
    let reduced = [outer, 1, inner];
    check_shape("index", out.index.shape(), &reduced)?;
    check_shape("value", out.value.shape(), &reduced)?;
    check_shape("count", out.count.shape(), &reduced)?;
    check_shape("ties", out.ties.shape(), &reduced)?;
    if inner == 1 {
        along_rows(values.index_axis_move(Axis(2), 0), out, exec)
    } else {
        across_lanes(values, out, exec)
    }
}

/// The reduced samples of one result lie side by side: long rows are cut in segments, combined in order.
fn along_rows<T: Real>(
    rows: ArrayView2<'_, T>,
    mut out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    let (outer, n) = rows.dim();
    let segment = n.clamp(1, SEGMENT);
    let segments = n.div_ceil(segment);
    let mut partial = vec![Best::NOTHING; outer * segments];
    let flat = rows.as_standard_layout();
    if let Some(samples) = flat.as_slice().filter(|samples| !samples.is_empty()) {
        let mut jobs = Vec::new();
        if segments > 1 {
            for (row, parts) in samples.chunks(n).zip(partial.chunks_mut(segments)) {
                jobs.extend(row.chunks(segment).zip(parts.chunks_mut(1)));
            }
        } else {
            let many = (SEGMENT / n).max(1);
            jobs.extend(samples.chunks(many * n).zip(partial.chunks_mut(many)));
        }
        for_each(exec, jobs, |(samples, best), _| {
            vectorize(Rows {
                samples,
                length: segment,
                best,
            });
        })?;
    }
    for k in 0..outer {
        let mut best = Best::NOTHING;
        for (j, part) in partial[k * segments..(k + 1) * segments].iter().enumerate() {
            let moved = if part.index < 0 {
                -1
            } else {
                part.index + (j * segment) as i64
            };
            best = best.then(Best {
                index: moved,
                ..*part
            });
        }
        out.index[[k, 0, 0]] = best.index;
        out.value[[k, 0, 0]] = best.value;
        out.count[[k, 0, 0]] = best.count;
        out.ties[[k, 0, 0]] = best.ties;
    }
    Ok(())
}

struct Rows<'a, T> {
    samples: &'a [T],
    length: usize,
    best: &'a mut [Best<T>],
}

impl<T: Real> Vectorized for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (row, best) in self.samples.chunks(self.length).zip(self.best) {
            let mut offset = 0;
            for chunk in row.chunks(CHUNK) {
                let (value, count) = peak(chunk);
                best.count += count;
                // Only a chunk that reaches the maximum so far is looked at again, while it is still at hand.
                if value > T::NEG_INFINITY && (best.index < 0 || value >= best.value) {
                    let ties = chunk.iter().filter(|&&x| x == value).count() as i64;
                    if best.index >= 0 && value == best.value {
                        best.ties += ties;
                    } else if let Some(at) = chunk.iter().position(|&x| x == value) {
                        // The sample itself: 0 and -0 are equal.
                        (best.value, best.index, best.ties) =
                            (chunk[at], (offset + at) as i64, ties);
                    }
                }
                offset += chunk.len();
            }
        }
    }
}

/// The largest finite sample (minus infinity where there is none) and how many are finite.
#[inline(always)]
fn peak<T: Real>(chunk: &[T]) -> (T, i64) {
    let mut best = [T::NEG_INFINITY; LANES];
    let mut count = [0; LANES];
    let (rows, rest) = chunk.as_chunks::<LANES>();
    let (fours, ones) = rows.as_chunks::<4>();
    for rows in fours {
        raise(&mut best, &mut count, rows);
    }
    for row in ones {
        raise(&mut best, &mut count, std::array::from_ref(row));
    }
    let mut total: i64 = count.iter().map(|&n| i64::from(n)).sum();
    // Half against half: one lane after the other would take as long as the loop above.
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            best[l] = greater(best[l], best[l + width]);
        }
    }
    let mut top = best[0];
    for &x in rest {
        top = greater(top, if x.valid() { x } else { T::NEG_INFINITY });
        total += i64::from(x.valid());
    }
    (top, total)
}

/// Lane by lane the largest so far and how many are finite; of several rows, so that both stay in registers.
#[inline(always)]
fn raise<T: Real, const N: usize>(
    best: &mut [T; LANES],
    count: &mut [u32; LANES],
    rows: &[[T; LANES]; N],
) {
    for l in 0..LANES {
        let (mut top, mut n) = (best[l], count[l]);
        for row in rows {
            let valid = row[l].valid();
            top = greater(top, if valid { row[l] } else { T::NEG_INFINITY });
            n += u32::from(valid);
        }
        (best[l], count[l]) = (top, n);
    }
}

#[inline(always)]
fn greater<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// Results lie side by side: a few of them together, sample after sample.
fn across_lanes<T: Real>(
    values: ArrayView3<'_, T>,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    let outputs = tiles_mut(out.index, LANES)
        .into_iter()
        .zip(tiles_mut(out.value, LANES))
        .zip(
            tiles_mut(out.count, LANES)
                .into_iter()
                .zip(tiles_mut(out.ties, LANES)),
        );
    let jobs = tiles(values, LANES).into_iter().zip(outputs).map(
        |(values, ((index, value), (count, ties)))| Across {
            values,
            index,
            value,
            count,
            ties,
        },
    );
    for_each(exec, jobs.collect(), |job, _| vectorize(job))
}

struct Across<'a, T> {
    values: ArrayView2<'a, T>,
    index: ArrayViewMut2<'a, i64>,
    value: ArrayViewMut2<'a, T>,
    count: ArrayViewMut2<'a, i64>,
    ties: ArrayViewMut2<'a, i64>,
}

impl<T: Real> Vectorized for Across<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let mut best = [T::NEG_INFINITY; LANES];
        let mut index = [-1i64; LANES];
        let mut count = [0i64; LANES];
        let mut ties = [0i64; LANES];
        let mut rows = Vec::new();
        for t in 0..self.values.nrows() {
            load::<T, LANES>(&self.values, t, t + 1, &mut rows);
            for row in &rows {
                for l in 0..LANES {
                    let x = row[l];
                    let valid = x.valid();
                    let better = valid && x > best[l];
                    let tie = valid && x == best[l];
                    count[l] += i64::from(valid);
                    ties[l] = if better { 1 } else { ties[l] + i64::from(tie) };
                    index[l] = if better { t as i64 } else { index[l] };
                    best[l] = if better { x } else { best[l] };
                }
            }
        }
        let value = std::array::from_fn(|l| if index[l] < 0 { T::NAN } else { best[l] });
        store::<_, LANES>(&mut self.index, 0, &index);
        store::<T, LANES>(&mut self.value, 0, &value);
        store::<_, LANES>(&mut self.count, 0, &count);
        store::<_, LANES>(&mut self.ties, 0, &ties);
    }
}
