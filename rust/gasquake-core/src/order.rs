//! Order statistics of windows: medians, median absolute deviations and quartiles, exact.
//!
//! Two structures hold a window in order. [`LaneWindow`] keeps the windows of `L` pixels side by side and replaces the
//! oldest sample of each by the newest in one branch-free sweep: best for short windows. [`SortedWindow`] keeps one
//! window, finds places by bisection and moves memory: best for long ones.

use crate::real::Real;

/// Scales a median absolute deviation to the standard deviation of a normal distribution.
pub(crate) const MAD_TO_SIGMA: f64 = 1.4826;
/// Scales an interquartile range likewise.
pub(crate) const IQR_TO_SIGMA: f64 = 1.0 / 1.349;

/// The middle of two values without overflow.
#[inline(always)]
pub(crate) fn midpoint(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum.abs() < f64::INFINITY {
        sum * 0.5
    } else {
        a * 0.5 + b * 0.5
    }
}

/// Median of `n > 0` ordered values.
#[inline(always)]
pub(crate) fn median(n: usize, at: impl Fn(usize) -> f64) -> f64 {
    midpoint(at((n - 1) / 2), at(n / 2))
}

/// Median of the distances of `n > 0` ordered values from `centre`.
///
/// The k + 1 nearest values are neighbours in order, so that the k-th distance (from 0) is the least, over all runs of
/// k + 1 values, of the larger of its two ends' distances. One end's distance falls along the runs and the other's
/// rises: bisect for where they cross.
#[inline(always)]
pub(crate) fn median_distance(n: usize, centre: f64, at: impl Fn(usize) -> f64) -> f64 {
    let kth = |k: usize| {
        let (mut low, mut high) = (0, n - 1 - k);
        while low < high {
            let run = usize::midpoint(low, high);
            if at(run + k) - centre >= centre - at(run) {
                high = run;
            } else {
                low = run + 1;
            }
        }
        let here = f64::max(at(low + k) - centre, centre - at(low));
        if low == 0 {
            here
        } else {
            f64::min(
                here,
                f64::max(at(low - 1 + k) - centre, centre - at(low - 1)),
            )
        }
    };
    let (lower, upper) = ((n - 1) / 2, n / 2);
    let low = kth(lower);
    midpoint(low, if upper == lower { low } else { kth(upper) })
}

/// Spread of `n > 0` ordered values about their median: scaled MAD, or where that is 0 the scaled interquartile range.
#[inline(always)]
pub(crate) fn robust_spread(n: usize, centre: f64, at: impl Fn(usize) -> f64) -> f64 {
    let mad = median_distance(n, centre, &at);
    if mad > 0.0 {
        return MAD_TO_SIGMA * mad;
    }
    (quantile(n, 0.75, &at) - quantile(n, 0.25, &at)) * IQR_TO_SIGMA
}

/// Quantile by linear interpolation between order statistics (numpy's default).
#[inline(always)]
fn quantile(n: usize, q: f64, at: impl Fn(usize) -> f64) -> f64 {
    let place = q * (n - 1) as f64;
    let below = place.floor();
    let (low, high) = (at(below as usize), at((below as usize + 1).min(n - 1)));
    low + (high - low) * (place - below)
}

/// The windows of `L` pixels, each in order, all of one length; missing samples are padding.
///
/// Padding is kept in balance, half of it below all samples and half above (one more above where it is odd), so that
/// the middle of the window is the middle of its valid samples whatever their number.
pub(crate) struct LaneWindow<T, const L: usize> {
    ordered: Vec<[T; L]>,
    missing: [i32; L],
}

impl<T: Real, const L: usize> LaneWindow<T, L> {
    /// `length` missing samples in each lane.
    #[inline(always)]
    pub(crate) fn new(length: usize) -> Self {
        let mut ordered = vec![[T::INFINITY; L]; length];
        for row in &mut ordered[..length / 2] {
            *row = [T::NEG_INFINITY; L];
        }
        Self {
            ordered,
            missing: [length as i32; L],
        }
    }

    /// Replaces `old`, which must be in the window, by `new`, lane by lane.
    #[inline(always)]
    pub(crate) fn replace(&mut self, old: &[T; L], new: &[T; L]) {
        let (mut leaving, mut coming) = ([T::NAN; L], [T::NAN; L]);
        for l in 0..L {
            let (gone, none) = (!old[l].valid(), !new[l].valid());
            let missing = self.missing[l];
            let odd = missing & 1 == 1;
            let padding = if odd { T::INFINITY } else { T::NEG_INFINITY };
            leaving[l] = if gone { padding } else { old[l] };
            let odd = odd != gone;
            let padding = if odd { T::NEG_INFINITY } else { T::INFINITY };
            coming[l] = if none { padding } else { new[l] };
            self.missing[l] = missing - i32::from(gone) + i32::from(none);
        }
        // Between the two places every sample moves one step towards the gap; elsewhere nothing changes. Written as a
        // clamp of the newcomer between two neighbours, so that all lanes do the same.
        let mut before = [T::NEG_INFINITY; L];
        let last = self.ordered.len() - 1;
        for i in 0..last {
            let (head, tail) = self.ordered.split_at_mut(i + 1);
            shift(&mut head[i], &tail[0], &mut before, &leaving, &coming);
        }
        shift(
            &mut self.ordered[last],
            &[T::INFINITY; L],
            &mut before,
            &leaving,
            &coming,
        );
    }

    /// Valid samples of a lane.
    #[inline(always)]
    pub(crate) fn count(&self, lane: usize) -> usize {
        self.ordered.len() - self.missing[lane] as usize
    }

    /// Medians of all lanes (meaningless where nothing is valid).
    #[inline(always)]
    pub(crate) fn medians(&self) -> [f64; L] {
        let length = self.ordered.len();
        let middle = &self.ordered[(length - 1) / 2];
        // An even number of samples in an odd window leans low, in an even window high.
        let beside = if length % 2 == 1 {
            &self.ordered[(length - 1) / 2 - usize::from(length > 1)]
        } else {
            &self.ordered[length / 2]
        };
        let mut out = [f64::NAN; L];
        for l in 0..L {
            let even = (length as i32 - self.missing[l]) & 1 == 0;
            let other = if even { beside[l] } else { middle[l] };
            out[l] = midpoint(middle[l].to_f64(), other.to_f64());
        }
        out
    }

    /// The `i`-th valid sample in order of a lane.
    #[inline(always)]
    pub(crate) fn at(&self, lane: usize, i: usize) -> f64 {
        self.ordered[self.missing[lane] as usize / 2 + i][lane].to_f64()
    }
}

/// One row of the sweep of [`LaneWindow::replace`].
#[inline(always)]
fn shift<T: Real, const L: usize>(
    row: &mut [T; L],
    after: &[T; L],
    before: &mut [T; L],
    leaving: &[T; L],
    coming: &[T; L],
) {
    for l in 0..L {
        let (here, old, new) = (row[l], leaving[l], coming[l]);
        let up = new >= old;
        let low = if up { here } else { before[l] };
        let high = if up { after[l] } else { here };
        let kept = if up { here < old } else { here > old };
        let raised = if new > low { new } else { low };
        let clamped = if raised < high { raised } else { high };
        before[l] = here;
        row[l] = if kept { here } else { clamped };
    }
}

/// One pixel's window, its valid samples in order.
#[derive(Clone)]
pub(crate) struct SortedWindow<T> {
    ordered: Vec<T>,
}

impl<T: Real> SortedWindow<T> {
    pub(crate) fn with_capacity(length: usize) -> Self {
        Self {
            ordered: Vec::with_capacity(length + 1),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.ordered.len()
    }

    #[inline(always)]
    pub(crate) fn at(&self, i: usize) -> f64 {
        self.ordered[i].to_f64()
    }

    /// Replaces one sample by another; either may be missing.
    #[inline(always)]
    pub(crate) fn replace(&mut self, old: T, new: T) {
        let place = |ordered: &[T], x: T| ordered.partition_point(|&y| y < x);
        match (old.valid(), new.valid()) {
            (true, true) => {
                let from = place(&self.ordered, old);
                let to = place(&self.ordered, new);
                if to > from {
                    self.ordered.copy_within(from + 1..to, from);
                    self.ordered[to - 1] = new;
                } else {
                    self.ordered.copy_within(to..from, to + 1);
                    self.ordered[to] = new;
                }
            }
            (true, false) => {
                let from = place(&self.ordered, old);
                self.ordered.remove(from);
            }
            (false, true) => {
                let to = place(&self.ordered, new);
                self.ordered.insert(to, new);
            }
            (false, false) => {}
        }
    }
}
