//! What is known of some neighbouring profiles while their levels are walked from the ground up.

use crate::real::Real;

/// What is known of each lane's z-scores so far. Levels are counted from the ground up.
pub(super) struct Peaks<T, const L: usize> {
    /// 1 once a level counted, and how many levels did not before.
    pub(super) seen: [i32; L],
    pub(super) bottom: [i32; L],
    /// 1 until a level below the split counts and is quiet, and how many levels below the split there were before.
    intact: [i32; L],
    pub(super) broken: [i32; L],
    pub(super) n_below: [i32; L],
    pub(super) z_below: [T; L],
    pub(super) z_above: [T; L],
    /// Where they are, -1 where nowhere.
    pub(super) peak_below: [i32; L],
    pub(super) peak_above: [i32; L],
}

impl<T: Real, const L: usize> Peaks<T, L> {
    pub(super) const NEW: Self = Self {
        seen: [0; L],
        bottom: [0; L],
        intact: [1; L],
        broken: [0; L],
        n_below: [0; L],
        z_below: [T::NEG_INFINITY; L],
        z_above: [T::NEG_INFINITY; L],
        peak_below: [-1; L],
        peak_above: [-1; L],
    };

    /// Takes level `k` into account, which counts where `z` is above minus infinity.
    ///
    /// By sums and the greatest, which a later `k` allows: a choice between the old and a new value, or the lesser of
    /// them, would be stored under a mask, which cannot be forwarded to the next load.
    #[inline(always)]
    pub(super) fn step<const BELOW: bool>(&mut self, k: i32, quiet: T, z: &[T; L]) {
        for l in 0..L {
            let z = z[l];
            let counts = z > T::NEG_INFINITY;
            self.seen[l] |= i32::from(counts);
            self.bottom[l] += 1 - self.seen[l];
            if BELOW {
                let top = self.z_below[l];
                self.intact[l] &= i32::from(!(counts && z < quiet));
                self.broken[l] += self.intact[l];
                self.peak_below[l] = self.peak_below[l].max(if z > top { k } else { -1 });
                self.z_below[l] = if z > top { z } else { top };
                self.n_below[l] += i32::from(counts);
            } else {
                let top = self.z_above[l];
                self.peak_above[l] = self.peak_above[l].max(if z > top { k } else { -1 });
                self.z_above[l] = if z > top { z } else { top };
            }
        }
    }
}

/// Sums of the fit, about each lane's lowest value (one of the fitted: no cancellation, see `moments`).
pub(super) struct Fit<const L: usize> {
    n: [f64; L],
    pivot: [f64; L],
    weight: [f64; L],
    zeta: [f64; L],
    zeta2: [f64; L],
    value: [f64; L],
    value2: [f64; L],
    cross: [f64; L],
}

impl<const L: usize> Fit<L> {
    pub(super) const NEW: Self = Self {
        n: [0.0; L],
        pivot: [0.0; L],
        weight: [0.0; L],
        zeta: [0.0; L],
        zeta2: [0.0; L],
        value: [0.0; L],
        value2: [0.0; L],
        cross: [0.0; L],
    };

    #[inline(always)]
    pub(super) fn step<T: Real, const SIGMA: bool>(
        &mut self,
        zeta: f64,
        row: &[T; L],
        z: &[T; L],
        sigma: &[T; L],
    ) {
        for l in 0..L {
            let counts = z[l] > T::NEG_INFINITY;
            let one = if counts { 1.0 } else { 0.0 };
            // The pivot as in `moments`.
            let x = if counts { row[l].to_f64() } else { 0.0 };
            let first = if self.n[l] == 0.0 { 1.0 } else { 0.0 };
            let pivot = self.pivot[l] + first * x;
            let d = if counts { x - pivot } else { 0.0 };
            self.pivot[l] = pivot;
            self.n[l] += one;
            if SIGMA {
                let s = sigma[l].to_f64();
                let w = if counts { 1.0 / (s * s) } else { 0.0 };
                self.weight[l] += w;
                self.zeta[l] += w * zeta;
                self.zeta2[l] += w * (zeta * zeta);
                self.value[l] += w * d;
                self.cross[l] += w * (d * zeta);
            } else {
                self.zeta[l] += one * zeta;
                self.zeta2[l] += one * (zeta * zeta);
                self.value[l] += d;
                self.value2[l] += d * d;
                self.cross[l] += d * zeta;
            }
        }
    }

    /// Slope and its standard error, NaN where too few levels count.
    #[inline(always)]
    pub(super) fn solve<const SIGMA: bool>(&self) -> ([f64; L], [f64; L]) {
        let mut slope = [f64::NAN; L];
        let mut se = [f64::NAN; L];
        for l in 0..L {
            let n = self.n[l];
            let w = if SIGMA { self.weight[l] } else { n };
            // w^2 times the variance of zeta, and w^2 times its covariance with the value.
            let spread = w * self.zeta2[l] - self.zeta[l] * self.zeta[l];
            let shared = w * self.cross[l] - self.zeta[l] * self.value[l];
            if SIGMA {
                let inverse = 1.0 / spread;
                slope[l] = if n >= 2.0 { shared * inverse } else { f64::NAN };
                se[l] = if n >= 2.0 {
                    (w * inverse).sqrt()
                } else {
                    f64::NAN
                };
            } else {
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
        }
        (slope, se)
    }
}
