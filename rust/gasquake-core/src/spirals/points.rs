//! What lies in the eight lanes of a refinement: eight starts for one track, or eight tracks with a start each.

use super::Track;
use super::pack::{Complex, LANES, Pack};

/// Points to fit, a track in each lane.
pub(super) trait Points {
    /// Whether all lanes hold the same track, so that a start may give up where another is lower already.
    const RIVALS: bool;
    /// Points of each track.
    fn count(&self) -> usize;
    /// Sum of the squared positions.
    fn power(&self) -> Pack;
    /// Time and position of one after the other.
    fn all(&self) -> impl Iterator<Item = (Pack, Complex)>;
}

impl Points for Track {
    const RIVALS: bool = true;

    #[inline(always)]
    fn count(&self) -> usize {
        self.t.len()
    }

    #[inline(always)]
    fn power(&self) -> Pack {
        Pack::splat(self.power)
    }

    #[inline(always)]
    fn all(&self) -> impl Iterator<Item = (Pack, Complex)> {
        let points = self.t.iter().zip(&self.x).zip(&self.y);
        points.map(|((&t, &x), &y)| (Pack::splat(t), Complex::new(Pack::splat(x), Pack::splat(y))))
    }
}

/// Up to eight tracks of as many points; lanes without one repeat the first.
pub(super) struct Eight {
    points: Vec<(Pack, Complex)>,
    power: Pack,
}

impl Eight {
    /// None unless all have as many points.
    pub(super) fn of(tracks: &[Track]) -> Option<Self> {
        let first = tracks.first()?;
        if tracks.iter().any(|track| track.t.len() != first.t.len()) {
            return None;
        }
        let lane = |l: usize| tracks.get(l).unwrap_or(first);
        let pack = |value: &dyn Fn(&Track) -> f64| {
            let mut out = Pack::ZERO;
            for l in 0..LANES {
                out.0[l] = value(lane(l));
            }
            out
        };
        let points = (0..first.t.len()).map(|k| {
            (
                pack(&|track| track.t[k]),
                Complex::new(pack(&|track| track.x[k]), pack(&|track| track.y[k])),
            )
        });
        Some(Self {
            points: points.collect(),
            power: pack(&|track| track.power),
        })
    }
}

impl Points for Eight {
    const RIVALS: bool = false;

    #[inline(always)]
    fn count(&self) -> usize {
        self.points.len()
    }

    #[inline(always)]
    fn power(&self) -> Pack {
        self.power
    }

    #[inline(always)]
    fn all(&self) -> impl Iterator<Item = (Pack, Complex)> {
        self.points.iter().copied()
    }
}
