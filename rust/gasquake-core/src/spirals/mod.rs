//! Spirals through dated positions: involute, Archimedean and logarithmic, each as a function of time.
//!
//! `search` looks at the least squares cost over the whole domain of rates, `refine` follows the best places down to
//! their minima, `null` does the same to tracks that chance has rearranged. `local` refines starts of the caller's.

mod curve;
mod fit;
mod local;
mod null;
mod pack;
mod peaks;
mod points;
mod refine;
mod search;
mod slope;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result, check_shape};
use crate::parallel::{Exec, Stop, for_each};
use crate::simd::vectorize;
use curve::{Archimedean, Curve, Involute, LogarithmicCentre, LogarithmicCusp};
pub use fit::Fits;
pub use local::refine_spirals;
use ndarray::{ArrayView1, ArrayView2, Axis};
pub use null::{Null, spiral_null};
use pack::{LANES, Pack};
use peaks::thin;
use refine::{Appraise, FAR, Minimum, NEAR, Refine};
use search::{Grid, Screen, Start};

/// Tracks in a job.
const BLOCK: usize = 4;

/// Where Huber's loss turns from square to linear, in sigma: 95 % efficiency on normal noise.
pub const HUBER: f64 = 1.345;

/// Rows of the table that [`fit_spirals`] fills.
pub const FIELDS: usize = 9;

/// Turns at most: a search of seconds for each track, and sine and cosine still exact.
const MOST_TURNS: f64 = 1000.0;

/// Squares less than this share of the positions' are what rounding leaves of nothing.
const ROUNDING: f64 = 1e-28;

/// Which curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Involute of a circle: a string unwound from a disc.
    Involute,
    /// Radius proportional to angle.
    Archimedean,
    /// Radius exponential in angle.
    Logarithmic,
}

/// What lies at the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The curve's centre.
    Centre,
    /// The curve's point s = 0.
    Cusp,
}

/// What to fit and how.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    kind: Kind,
    anchor: Anchor,
    sigma: f64,
    /// Huber's delta, infinite for the square loss.
    delta: f64,
    max_angle: f64,
}

impl Options {
    /// Checks and builds. `sigma` is a position's error in km, `max_turns` bounds rate times span and offset.
    ///
    /// # Errors
    /// A `sigma` or `max_turns` out of range.
    pub fn new(
        kind: Kind,
        anchor: Anchor,
        sigma: f64,
        huber: bool,
        max_turns: f64,
    ) -> Result<Self> {
        if !(sigma > 0.0 && sigma < f64::INFINITY) {
            return Err(Error::value(
                "sigma",
                // Debug, for it writes 1e300 and not three hundred digits.
                format!("must be positive and finite, got {sigma:?}"),
            ));
        }
        if !(max_turns > 0.0 && max_turns <= MOST_TURNS) {
            return Err(Error::value(
                "max_turns",
                format!(
                    "must be above 0 and at most {MOST_TURNS}, got {max_turns:?}: all of its range is searched, in steps \
                     of a sixteenth of a turn"
                ),
            ));
        }
        Ok(Self {
            kind,
            anchor,
            sigma,
            delta: if huber { HUBER } else { f64::INFINITY },
            max_angle: max_turns * std::f64::consts::TAU,
        })
    }

    /// How much work some tracks are; a single short one is done at once, for it cannot be shared out.
    #[must_use]
    pub fn work(self, tracks: usize, points: usize) -> usize {
        let rates = 5.0 * self.max_angle;
        let second = match (self.kind, self.anchor) {
            (Kind::Involute, Anchor::Cusp) => 0.1 * rates * rates,
            (Kind::Logarithmic, Anchor::Cusp) => 2.0 * rates * (14.0 + 2.2 * self.max_angle),
            _ => 0.0,
        };
        let each = 500.0 * points as f64 * (1.0 + self.max_angle / 25.0) + second;
        (tracks as f64 * each).min(1e15) as usize
    }

    /// Real parameters of the curve.
    fn parameters(self) -> usize {
        if (self.kind, self.anchor) == (Kind::Logarithmic, Anchor::Cusp) {
            5
        } else {
            4
        }
    }
}

/// The valid points of a track: positions in sigma, times from 0 to 1.
#[derive(Debug, Clone, Default)]
struct Track {
    t: Vec<f64>,
    x: Vec<f64>,
    y: Vec<f64>,
    span: f64,
    /// Sum of squared positions.
    power: f64,
}

impl Track {
    fn fill(
        &mut self,
        x: ArrayView1<'_, f64>,
        y: ArrayView1<'_, f64>,
        t: ArrayView1<'_, f64>,
        sigma: f64,
    ) {
        self.t.clear();
        self.x.clear();
        self.y.clear();
        let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
        for ((&x, &y), &t) in x.iter().zip(y).zip(t) {
            if x.is_finite() && y.is_finite() && t.is_finite() {
                first = first.min(t);
                last = last.max(t);
                self.t.push(t);
                self.x.push(x / sigma);
                self.y.push(y / sigma);
            }
        }
        self.span = last - first;
        for t in &mut self.t {
            *t = (*t - first) / self.span;
        }
        self.weigh();
    }

    fn weigh(&mut self) {
        self.power = self.x.iter().zip(&self.y).map(|(x, y)| x * x + y * y).sum();
    }

    fn fits(&self, options: Options) -> bool {
        2 * self.t.len() > options.parameters()
            && self.span > 0.0
            && self.span.is_finite()
            && self.power.is_finite()
    }
}

/// Runs an expression with the curve of the options, each of which has a type of its own.
macro_rules! with_curve {
    ($options:expr, $curve:ident => $body:expr) => {
        match ($options.kind, $options.anchor) {
            (Kind::Involute, anchor) => {
                let $curve = Involute::at(anchor);
                $body
            }
            (Kind::Archimedean, _) => {
                let $curve = Archimedean;
                $body
            }
            (Kind::Logarithmic, Anchor::Centre) => {
                let $curve = LogarithmicCentre;
                $body
            }
            (Kind::Logarithmic, Anchor::Cusp) => {
                let $curve = LogarithmicCusp;
                $body
            }
        }
    };
}
use with_curve;

/// Memory that a thread keeps from one fit to the next.
#[derive(Default)]
struct Scratch {
    weights: Vec<f64>,
    starts: Vec<Start>,
    likely: Vec<Minimum>,
    found: Vec<Minimum>,
}

/// How many of the grid's best places are followed, under the square loss and in each round of Huber's.
const STARTS: [usize; 2] = [32, 44];
/// How many of them are looked at under Huber's loss first: their order under the squares is another.
const APPRAISED: usize = 128;
/// Steps that each of them gets.
const FIRST_STEPS: usize = 4;
/// How many are then followed to the end.
const FINALISTS: usize = 16;
/// Steps that they get at most; seven are usual.
const LAST_STEPS: usize = 100;

/// The best minimum of the cost over the domain.
fn best_fit(track: &Track, options: Options, scratch: &mut Scratch, stop: &Stop) -> Minimum {
    with_curve!(options, curve => search_all(curve, track, options, scratch, stop))
}

fn search_all<K: Screen>(
    curve: K,
    track: &Track,
    options: Options,
    scratch: &mut Scratch,
    stop: &Stop,
) -> Minimum {
    let Scratch {
        weights,
        starts,
        likely,
        found,
    } = scratch;
    let robust = options.delta < f64::INFINITY;
    let refine = |starts: &[Start], from: Option<&[Minimum]>, steps, damping| {
        vectorize(Refine {
            curve,
            points: track,
            starts,
            from,
            max_angle: options.max_angle,
            delta: options.delta,
            steps,
            damping,
            stop,
        })
    };
    weights.clear();
    weights.resize(track.t.len(), 1.0);
    found.clear();
    // The second round sees the track without what the best curve of the first calls outliers.
    for round in 0..=usize::from(robust) {
        if round > 0 {
            let Some(best) = found.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)) else {
                break;
            };
            reweigh(curve, track, best, options.delta, weights);
        }
        vectorize(Grid {
            curve,
            track,
            weights,
            max_angle: options.max_angle,
            robust,
            starts,
            stop,
        });
        starts.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        if K::MANY {
            thin(starts, if robust { APPRAISED } else { STARTS[0] });
        }
        if robust {
            starts.truncate(APPRAISED);
            likely.clear();
            for starts in starts.chunks(LANES) {
                if stop.requested() {
                    return Minimum::NONE;
                }
                let appraised = vectorize(Appraise {
                    curve,
                    track,
                    starts,
                    delta: options.delta,
                });
                likely.extend_from_slice(&appraised[..starts.len()]);
            }
            likely.sort_by(|a, b| a.cost.total_cmp(&b.cost));
            likely.truncate(STARTS[1]);
            starts.clear();
            starts.extend(likely.iter().map(Minimum::start));
        } else {
            starts.truncate(STARTS[0]);
        }
        for (i, starts) in starts.chunks(LANES).enumerate() {
            if stop.requested() {
                return Minimum::NONE;
            }
            let from = robust.then(|| &likely[i * LANES..i * LANES + starts.len()]);
            found.extend_from_slice(&refine(starts, from, FIRST_STEPS, FAR)[..starts.len()]);
        }
    }
    found.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    found.dedup_by(|b, a| (2..5).all(|j| (a.p[j] - b.p[j]).abs() < 0.05));
    found.truncate(FINALISTS);
    let mut best = Minimum::NONE;
    for from in found.chunks(LANES) {
        if stop.requested() {
            return Minimum::NONE;
        }
        starts.clear();
        starts.extend(from.iter().map(Minimum::start));
        for minimum in refine(starts, Some(from), LAST_STEPS, NEAR) {
            if minimum.cost < best.cost {
                best = minimum;
            }
        }
    }
    best
}

/// How far each point lies from the curve, in sigma.
fn misses<K: Curve>(curve: K, track: &Track, minimum: &Minimum) -> impl Iterator<Item = f64> {
    let [re, im, q @ ..] = minimum.p;
    let q = q.map(Pack::splat);
    (track.t.iter().zip(&track.x).zip(&track.y)).map(move |((&t, x), y)| {
        let b = curve.value(&q, Pack::splat(t));
        let (bx, by) = (b.re.0[0], b.im.0[0]);
        let (dx, dy) = (x - (re * bx - im * by), y - (re * by + im * bx));
        (dx * dx + dy * dy).sqrt()
    })
}

/// The weights at which a least squares fit would agree with Huber's at this minimum.
fn reweigh<K: Curve>(curve: K, track: &Track, minimum: &Minimum, delta: f64, weights: &mut [f64]) {
    for (weight, u) in weights.iter_mut().zip(misses(curve, track, minimum)) {
        *weight = if u > delta { delta / u } else { 1.0 };
    }
}

/// Fits a spiral to each track: `x`, `y` (km) and `t` (days) are `(tracks, points)`.
///
/// # Errors
/// A shape that differs, or an interrupt.
pub fn fit_spirals(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    t: ArrayView2<'_, f64>,
    options: Options,
    mut out: Fits<'_>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("y", y.shape(), x.shape())?;
    check_shape("t", t.shape(), x.shape())?;
    out.check(x.nrows())?;
    let jobs = x
        .axis_chunks_iter(Axis(0), BLOCK)
        .zip(y.axis_chunks_iter(Axis(0), BLOCK))
        .zip(t.axis_chunks_iter(Axis(0), BLOCK))
        .zip(out.blocks(BLOCK));
    for_each(exec, jobs.collect(), |(((x, y), t), mut out), stop| {
        let (mut track, mut scratch) = (Track::default(), Scratch::default());
        for i in 0..x.nrows() {
            if stop.requested() {
                return;
            }
            track.fill(x.row(i), y.row(i), t.row(i), options.sigma);
            let best = if track.fits(options) {
                best_fit(&track, options, &mut scratch, stop)
            } else {
                Minimum::NONE
            };
            out.put(i, &track, &best, options);
        }
    })
}
