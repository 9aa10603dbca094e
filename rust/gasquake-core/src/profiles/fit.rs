//! The gradients of some neighbouring profiles: straight lines through their levels, plain or weighted.

use super::Level;
use super::rows::{Rows, is_spread};
use crate::real::Real;
use std::array::from_fn;

/// Runs `$body` for levels `0..$to` in turns of `$n`: four, and what is left.
macro_rules! in_turns {
    ($to:expr, $n:ident, $k:ident => $body:expr) => {{
        let mut $k = 0;
        while $to - $k >= 4 {
            const $n: usize = 4;
            $body;
            $k += $n;
        }
        in_turns!(@rest $to - $k, $n, $body, 3 2 1);
    }};
    (@rest $left:expr, $n:ident, $body:expr, $($size:literal)*) => {
        match $left {
            $($size => {
                const $n: usize = $size;
                $body;
            })*
            _ => {}
        }
    };
}

/// Slope and standard error of the line through `levels`, about `pivot`, their lowest value that counts.
#[inline(always)]
pub(super) fn plain_line<T: Real, const L: usize>(
    rows: &Rows<'_, T, L>,
    levels: &[Level],
    start: &[u32; L],
    pivot: &[T; L],
) -> ([f64; L], [f64; L]) {
    let mut fit = PlainFit::about(pivot);
    in_turns!(levels.len(), N, k => fit.step(&Several::<T, N, L>::new(rows, levels, k, start)));
    fit.solve()
}

/// As [`plain_line`], weighted by the reciprocal squares of the spreads.
#[inline(always)]
pub(super) fn weighted_line<T: Real, const L: usize>(
    rows: &Rows<'_, T, L>,
    levels: &[Level],
    start: &[u32; L],
) -> ([f64; L], [f64; L]) {
    let mut pivot = Pivot::NEW;
    in_turns!(levels.len(), N, k => pivot.step(&Several::<T, N, L>::new(rows, levels, k, start)));
    let mut fit = WeightedFit::about(pivot);
    in_turns!(levels.len(), N, k => fit.step(&Several::<T, N, L>::new(rows, levels, k, start)));
    fit.solve()
}

/// Some levels, taken into account together: what is known stays in registers from one to the next.
struct Several<'a, T, const N: usize, const L: usize> {
    /// The first one's number.
    first: u32,
    zeta: [f64; N],
    values: [&'a [T; L]; N],
    spreads: [&'a [T; L]; N],
    /// The lowest level above the ground.
    start: &'a [u32; L],
}

impl<'a, T: Real, const N: usize, const L: usize> Several<'a, T, N, L> {
    #[inline(always)]
    fn new(rows: &Rows<'a, T, L>, levels: &[Level], first: usize, start: &'a [u32; L]) -> Self {
        Self {
            first: first as u32,
            zeta: from_fn(|j| levels[first + j].zeta),
            values: from_fn(|j| rows.value(first + j)),
            spreads: from_fn(|j| rows.spread(first + j)),
            start,
        }
    }

    /// Does the j-th one count, whose values have no spreads?
    #[inline(always)]
    fn counts(&self, j: usize, l: usize) -> bool {
        self.values[j][l].valid() & (self.first + j as u32 >= self.start[l])
    }

    /// As [`Several::counts`], with spreads.
    #[inline(always)]
    fn counts_with_spread(&self, j: usize, l: usize) -> bool {
        self.counts(j, l) & is_spread(self.spreads[j][l])
    }
}

/// Sums of the plain fit about a pivot that is a member of it, so that little cancels (see `moments`).
struct PlainFit<const L: usize> {
    pivot: [f64; L],
    n: [f64; L],
    zeta: [f64; L],
    zeta2: [f64; L],
    value: [f64; L],
    value2: [f64; L],
    cross: [f64; L],
}

impl<const L: usize> PlainFit<L> {
    #[inline(always)]
    fn about<T: Real>(pivot: &[T; L]) -> Self {
        Self {
            pivot: pivot.map(T::to_f64),
            n: [0.0; L],
            zeta: [0.0; L],
            zeta2: [0.0; L],
            value: [0.0; L],
            value2: [0.0; L],
            cross: [0.0; L],
        }
    }

    #[inline(always)]
    fn step<T: Real, const N: usize>(&mut self, levels: &Several<'_, T, N, L>) {
        for l in 0..L {
            let mut n = self.n[l];
            let (mut s1, mut s2) = (self.zeta[l], self.zeta2[l]);
            let (mut v1, mut v2, mut cross) = (self.value[l], self.value2[l], self.cross[l]);
            for j in 0..N {
                let zeta = levels.zeta[j];
                let counts = levels.counts(j, l);
                let d = levels.values[j][l].to_f64() - self.pivot[l];
                let d = if counts { d } else { 0.0 };
                n += if counts { 1.0 } else { 0.0 };
                s1 += if counts { zeta } else { 0.0 };
                s2 += if counts { zeta * zeta } else { 0.0 };
                v1 += d;
                v2 += d * d;
                cross += d * zeta;
            }
            self.n[l] = n;
            (self.zeta[l], self.zeta2[l]) = (s1, s2);
            (self.value[l], self.value2[l], self.cross[l]) = (v1, v2, cross);
        }
    }

    /// Slope, NaN where fewer than two levels count, and its standard error, NaN where fewer than three do.
    #[inline(always)]
    fn solve(&self) -> ([f64; L], [f64; L]) {
        let mut slope = [f64::NAN; L];
        let mut se = [f64::NAN; L];
        for l in 0..L {
            let n = self.n[l];
            let spread = n * self.zeta2[l] - self.zeta[l] * self.zeta[l];
            let shared = n * self.cross[l] - self.zeta[l] * self.value[l];
            // One division for the slope and for the variance of the residuals.
            let free = if n > 2.0 { n - 2.0 } else { 1.0 };
            let inverse = 1.0 / (spread * free);
            let b = shared * (inverse * free);
            let residuals = (n * self.value2[l] - self.value[l] * self.value[l]) - b * shared;
            let residuals = if residuals > 0.0 { residuals } else { 0.0 };
            slope[l] = if n >= 2.0 { b } else { f64::NAN };
            se[l] = if n > 2.0 {
                (residuals * inverse).sqrt()
            } else {
                f64::NAN
            };
        }
        (slope, se)
    }
}

/// What the sums of a weighted fit are taken about: the level of the least spread.
///
/// Of the whole weight W it has at least W/n, so that by Cauchy and Schwarz the sum of squares about the mean is at
/// least 1/n of the sum about it, however unequal the spreads are. Weights are relative to its own: none overflows.
struct Pivot<const L: usize> {
    sigma: [f64; L],
    zeta: [f64; L],
    value: [f64; L],
}

impl<const L: usize> Pivot<L> {
    const NEW: Self = Self {
        sigma: [f64::INFINITY; L],
        zeta: [0.0; L],
        value: [0.0; L],
    };

    #[inline(always)]
    fn step<T: Real, const N: usize>(&mut self, levels: &Several<'_, T, N, L>) {
        for l in 0..L {
            let (mut sigma, mut zeta, mut value) = (self.sigma[l], self.zeta[l], self.value[l]);
            for j in 0..N {
                let s = levels.spreads[j][l].to_f64();
                let least = levels.counts_with_spread(j, l) & (s < sigma);
                sigma = if least { s } else { sigma };
                zeta = if least { levels.zeta[j] } else { zeta };
                let x = levels.values[j][l].to_f64();
                value = if least { x } else { value };
            }
            (self.sigma[l], self.zeta[l], self.value[l]) = (sigma, zeta, value);
        }
    }
}

/// Sums of the weighted fit about its pivot.
struct WeightedFit<const L: usize> {
    pivot: Pivot<L>,
    n: [f64; L],
    weight: [f64; L],
    zeta: [f64; L],
    zeta2: [f64; L],
    value: [f64; L],
    cross: [f64; L],
}

impl<const L: usize> WeightedFit<L> {
    #[inline(always)]
    fn about(pivot: Pivot<L>) -> Self {
        Self {
            pivot,
            n: [0.0; L],
            weight: [0.0; L],
            zeta: [0.0; L],
            zeta2: [0.0; L],
            value: [0.0; L],
            cross: [0.0; L],
        }
    }

    #[inline(always)]
    fn step<T: Real, const N: usize>(&mut self, levels: &Several<'_, T, N, L>) {
        for l in 0..L {
            let (mut n, mut weight) = (self.n[l], self.weight[l]);
            let (mut s1, mut s2) = (self.zeta[l], self.zeta2[l]);
            let (mut v1, mut cross) = (self.value[l], self.cross[l]);
            for j in 0..N {
                let counts = levels.counts_with_spread(j, l);
                let root = self.pivot.sigma[l] / levels.spreads[j][l].to_f64();
                let dz = levels.zeta[j] - self.pivot.zeta[l];
                let d = levels.values[j][l].to_f64() - self.pivot.value[l];
                let w = if counts { root * root } else { 0.0 };
                let d = if counts { d } else { 0.0 };
                n += if counts { 1.0 } else { 0.0 };
                weight += w;
                s1 += w * dz;
                s2 += w * (dz * dz);
                v1 += w * d;
                cross += w * (d * dz);
            }
            (self.n[l], self.weight[l]) = (n, weight);
            (self.zeta[l], self.zeta2[l]) = (s1, s2);
            (self.value[l], self.cross[l]) = (v1, cross);
        }
    }

    /// Slope and its standard error, NaN where fewer than two levels count.
    #[inline(always)]
    fn solve(&self) -> ([f64; L], [f64; L]) {
        let mut slope = [f64::NAN; L];
        let mut se = [f64::NAN; L];
        for l in 0..L {
            let w = self.weight[l];
            // w times the weighted sum of squares of zeta about its mean, and of its products with the value.
            let spread = w * self.zeta2[l] - self.zeta[l] * self.zeta[l];
            let shared = w * self.cross[l] - self.zeta[l] * self.value[l];
            let inverse = 1.0 / spread;
            let enough = self.n[l] >= 2.0;
            slope[l] = if enough { shared * inverse } else { f64::NAN };
            let error = self.pivot.sigma[l] * (w * inverse).sqrt();
            se[l] = if enough { error } else { f64::NAN };
        }
        (slope, se)
    }
}
