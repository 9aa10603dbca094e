//! Count, mean and sum of squares of a set of samples, for `L` lanes at once, without cancellation.
//!
//! Sums are kept about a pivot that is itself a member of the set. For a set of n samples with range R about any of
//! its members, the sum of squares about the pivot is at most 2n times the sum about the mean, so that the subtraction
//! S2 - S1^2/n loses at most log10(2n) digits whatever the samples are: no fill value, spike or large level can hurt a
//! set that does not contain it. A constant set has S1 = S2 = 0, hence a spread of exactly 0.

use crate::real::Real;

/// Sums about a pivot, which means nothing while `n = 0`.
///
/// On a cache line of its own: a load across two of them costs two.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Sums<const L: usize> {
    pub(crate) n: [f64; L],
    pub(crate) pivot: [f64; L],
    pub(crate) s1: [f64; L],
    pub(crate) s2: [f64; L],
}

/// One lane's sums.
#[derive(Clone, Copy)]
pub(crate) struct Lane {
    n: f64,
    pivot: f64,
    s1: f64,
    s2: f64,
}

/// Mean, sum of squares about it, and the reciprocal of n - 1 of one lane.
#[derive(Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl<const L: usize> Sums<L> {
    pub(crate) const EMPTY: Self = Self {
        n: [0.0; L],
        pivot: [0.0; L],
        s1: [0.0; L],
        s2: [0.0; L],
    };

    /// Adds one sample to each lane; a sample that is not finite changes nothing.
    #[inline(always)]
    pub(crate) fn push<T: Real>(&mut self, row: &[T; L]) {
        for l in 0..L {
            // A choice between the old and a new value would be stored under a mask, which cannot be forwarded to the
            // next load. Adding is exact: the pivot is 0 until it is set, and later 0 is added.
            let valid = row[l].valid();
            let x = if valid { row[l].to_f64() } else { 0.0 };
            let first = if self.n[l] == 0.0 { 1.0 } else { 0.0 };
            let pivot = self.pivot[l] + first * x;
            let d = if valid { x - pivot } else { 0.0 };
            self.pivot[l] = pivot;
            self.n[l] += if valid { 1.0 } else { 0.0 };
            self.s1[l] += d;
            self.s2[l] += d * d;
        }
    }

    #[inline(always)]
    pub(crate) fn lane(&self, l: usize) -> Lane {
        Lane {
            n: self.n[l],
            pivot: self.pivot[l],
            s1: self.s1[l],
            s2: self.s2[l],
        }
    }

    /// Becomes the sums of two disjoint sets together.
    #[inline(always)]
    pub(crate) fn merged(&mut self, a: &Self, b: &Self) {
        for l in 0..L {
            let lane = a.lane(l).merge(b.lane(l));
            self.n[l] = lane.n;
            self.pivot[l] = lane.pivot;
            self.s1[l] = lane.s1;
            self.s2[l] = lane.s2;
        }
    }
}

impl Lane {
    /// The sums of two disjoint sets together, about the pivot of the first that has one.
    #[inline(always)]
    pub(crate) fn merge(self, other: Self) -> Self {
        let empty = self.n == 0.0;
        let both = !empty && other.n != 0.0;
        let pivot = if empty { other.pivot } else { self.pivot };
        let shift = if both { other.pivot - self.pivot } else { 0.0 };
        let n_shift = other.n * shift;
        Self {
            n: self.n + other.n,
            pivot,
            s1: self.s1 + (other.s1 + n_shift),
            s2: self.s2 + (other.s2 + shift * (2.0 * other.s1 + n_shift)),
        }
    }

    /// Mean and variance (ddof = 1). NaN where n is too small.
    #[inline(always)]
    pub(crate) fn moments(self) -> Moments {
        // One division for both 1/n and 1/(n-1).
        let less = self.n - 1.0;
        let r = 1.0 / (self.n * less);
        let one = self.n == 1.0;
        let offset = if one { 0.0 } else { self.s1 * (less * r) };
        let squares = self.s2 - self.s1 * offset;
        let squares = if squares > 0.0 { squares } else { 0.0 };
        Moments {
            n: self.n,
            mean: self.pivot + offset,
            variance: squares * (self.n * r),
        }
    }
}

/// A count as an integer, by the bits of 2^52 + n: a saturating cast would not be vectorised.
#[inline(always)]
pub(crate) fn as_count(n: f64) -> i32 {
    (n + 4_503_599_627_370_496.0).to_bits() as i32
}
