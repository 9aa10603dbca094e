//! Which places of the grid are starts.

use super::pack::{LANES, Pack};
use super::search::Start;

/// Starts kept of each rate, usually and where it has `MANY` peaks.
pub(super) const FEW: usize = 3;
pub(super) const MANY: usize = 6;

/// The best local maxima of a sequence, in lanes.
pub(super) struct Best<const N: usize> {
    pub(super) peaks: [(Pack, [Pack; 2]); N],
    before: Pack,
    last: (Pack, [Pack; 2]),
}

impl<const N: usize> Best<N> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        let none = (Pack::splat(-1.0), [Pack::ZERO; 2]);
        Self {
            peaks: [none; N],
            before: none.0,
            last: none,
        }
    }

    /// The next of the sequence: how much it explains (negative: nothing), and the parameters after the rate.
    #[inline(always)]
    pub(super) fn offer(&mut self, explained: Pack, q: [Pack; 2]) {
        let mut peak = self.last;
        for l in 0..LANES {
            let (a, b, c) = (self.before.0[l], peak.0.0[l], explained.0[l]);
            peak.0.0[l] = if b >= a && b > c { b } else { -1.0 };
        }
        self.keep(peak);
        self.before = self.last.0;
        self.last = (explained, q);
    }

    /// Keeps one if it is among the best.
    #[inline(always)]
    pub(super) fn keep(&mut self, mut peak: (Pack, [Pack; 2])) {
        for slot in &mut self.peaks {
            let old = *slot;
            let [a, b] = peak.1;
            slot.1 = [
                peak.0.above(old.0, a, old.1[0]),
                peak.0.above(old.0, b, old.1[1]),
            ];
            peak.1 = [
                peak.0.above(old.0, old.1[0], a),
                peak.0.above(old.0, old.1[1], b),
            ];
            slot.0 = peak.0.above(old.0, peak.0, old.0);
            peak.0 = peak.0.above(old.0, old.0, peak.0);
        }
    }

    #[inline(always)]
    pub(super) fn close(&mut self) {
        self.offer(Pack::splat(-1.0), [Pack::ZERO; 2]);
    }
}

/// Keeps the first `most` of sorted starts that do not lie beside a better one: about a cusp, with a lag to choose, one
/// valley has many.
pub(super) fn thin(starts: &mut Vec<Start>, most: usize) {
    let mut kept = 0;
    for i in 0..starts.len() {
        let it = starts[i];
        let beside = |other: &Start| {
            (it.q[0] - other.q[0]).abs() < 0.5
                && (it.q[1] - other.q[1]).abs() < 0.8
                && (it.q[2] - other.q[2]).abs() * (7.0 + it.q[0].abs()) < 1.5
        };
        if !starts[..kept].iter().any(beside) {
            starts[kept] = it;
            kept += 1;
            if kept == most {
                break;
            }
        }
    }
    starts.truncate(kept);
}
