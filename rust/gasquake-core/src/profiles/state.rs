//! What is known of some neighbouring profiles while their levels are walked from the ground up.

use super::LANES;
use crate::real::Real;

/// No level of the plan.
pub(super) const NEVER: i32 = i32::MAX;

/// What is known of each lane's z-scores so far. Levels are counted from the ground up.
pub(super) struct Peaks<T> {
    /// Lowest level that counts.
    pub(super) bottom: [i32; LANES],
    /// Lowest level below the split that counts and is quiet.
    pub(super) broken: [i32; LANES],
    pub(super) n_below: [i32; LANES],
    pub(super) z_below: [T; LANES],
    pub(super) z_above: [T; LANES],
    /// Where they are, -1 where nowhere.
    pub(super) peak_below: [i32; LANES],
    pub(super) peak_above: [i32; LANES],
}

impl<T: Real> Peaks<T> {
    pub(super) const NEW: Self = Self {
        bottom: [NEVER; LANES],
        broken: [NEVER; LANES],
        n_below: [0; LANES],
        z_below: [T::NEG_INFINITY; LANES],
        z_above: [T::NEG_INFINITY; LANES],
        peak_below: [-1; LANES],
        peak_above: [-1; LANES],
    };

    /// Takes level `k` into account, of which lanes from `start` on count.
    ///
    /// By least and greatest, which a later `k` allows: a choice between the old and a new value would be stored
    /// under a mask, which cannot be forwarded to the next load.
    #[inline(always)]
    pub(super) fn step<const BELOW: bool>(
        &mut self,
        k: i32,
        quiet: T,
        z: &[T; LANES],
        start: &[i32; LANES],
    ) {
        for l in 0..LANES {
            let counts = z[l] > T::NEG_INFINITY && k >= start[l];
            let z = if counts { z[l] } else { T::NEG_INFINITY };
            self.bottom[l] = self.bottom[l].min(if counts { k } else { NEVER });
            if BELOW {
                let top = self.z_below[l];
                self.broken[l] = self.broken[l].min(if counts && z < quiet { k } else { NEVER });
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
pub(super) struct Fit {
    n: [f64; LANES],
    pivot: [f64; LANES],
    weight: [f64; LANES],
    zeta: [f64; LANES],
    zeta2: [f64; LANES],
    value: [f64; LANES],
    value2: [f64; LANES],
    cross: [f64; LANES],
}

impl Fit {
    pub(super) const NEW: Self = Self {
        n: [0.0; LANES],
        pivot: [0.0; LANES],
        weight: [0.0; LANES],
        zeta: [0.0; LANES],
        zeta2: [0.0; LANES],
        value: [0.0; LANES],
        value2: [0.0; LANES],
        cross: [0.0; LANES],
    };

    #[inline(always)]
    pub(super) fn step<T: Real, const SIGMA: bool>(
        &mut self,
        k: i32,
        zeta: f64,
        row: &[T; LANES],
        z: &[T; LANES],
        sigma: &[T; LANES],
        start: &[i32; LANES],
    ) {
        for l in 0..LANES {
            let counts = z[l] > T::NEG_INFINITY && k >= start[l];
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
    pub(super) fn solve<const SIGMA: bool>(&self) -> ([f64; LANES], [f64; LANES]) {
        let mut slope = [f64::NAN; LANES];
        let mut se = [f64::NAN; LANES];
        for l in 0..LANES {
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
