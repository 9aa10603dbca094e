//! Where the z-scores of some neighbouring profiles are highest, while their levels are walked from the ground up.

use crate::real::Real;

/// No level: behind all of them. Not the greatest number, see [`Peaks::step`].
pub(super) const NOWHERE: i32 = i32::MAX - 1;

/// What is known of each lane's z-scores so far. Levels are counted from the ground up.
pub(super) struct Peaks<T, const L: usize> {
    /// The lowest level that counts.
    pub(super) bottom: [i32; L],
    /// The lowest quiet level below the split.
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
        bottom: [NOWHERE; L],
        broken: [NOWHERE; L],
        n_below: [0; L],
        z_below: [T::NEG_INFINITY; L],
        z_above: [T::NEG_INFINITY; L],
        peak_below: [-1; L],
        peak_above: [-1; L],
    };

    /// Takes level `k` into account, which counts where `z` is above minus infinity.
    ///
    /// By sums, the least and the greatest: a choice between the old and a new value would be stored under a mask, which
    /// cannot be forwarded to the next load. The compiler sees such a choice even in the least of two, where one of them
    /// can be the greatest of all numbers.
    #[inline(always)]
    pub(super) fn step<const BELOW: bool>(&mut self, k: i32, quiet: T, z: &[T; L]) {
        for l in 0..L {
            let z = z[l];
            let counts = z > T::NEG_INFINITY;
            self.bottom[l] = self.bottom[l].min(if counts { k } else { NOWHERE });
            if BELOW {
                let top = self.z_below[l];
                let breaks = counts & (z < quiet);
                self.broken[l] = self.broken[l].min(if breaks { k } else { NOWHERE });
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
