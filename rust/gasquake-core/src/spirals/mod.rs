//! Spirals through dated positions: involute, Archimedean and logarithmic, each as a function of time.
//!
//! `search` looks at the least squares cost over the whole domain of rates, `refine` follows the best places down to
//! their minima, `null` does the same to tracks that chance has rearranged.

mod curve;
mod null;
mod pack;
mod refine;
mod search;
mod slope;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result, check_shape};
use crate::parallel::{Exec, Stop, for_each};
use crate::simd::vectorize;
use curve::{Archimedean, Curve, Involute, LogarithmicCentre, LogarithmicCusp};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};
pub use null::{Null, spiral_null};
use pack::{LANES, Pack};
use refine::{Minimum, Refine};
use search::{Grid, Screen, Start};

/// Tracks in a job.
const BLOCK: usize = 4;

/// Where Huber's loss turns from square to linear, in sigma: 95 % efficiency on normal noise.
pub const HUBER: f64 = 1.345;

/// Rows of the table that [`fit_spirals`] fills.
pub const FIELDS: usize = 9;

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
                format!("must be positive and finite, got {sigma}"),
            ));
        }
        if !(max_turns > 0.0 && max_turns <= 1000.0) {
            return Err(Error::value(
                "max_turns",
                format!("must be above 0 and at most 1000, got {max_turns}"),
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
        let each = 500.0 * points as f64 * (1.0 + self.max_angle / 25.0);
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

/// Memory that a thread keeps from one fit to the next.
#[derive(Default)]
struct Scratch {
    weights: Vec<f64>,
    starts: Vec<Start>,
    found: Vec<Minimum>,
}

/// How many of the grid's best places are followed, under the square loss and in each round of Huber's.
const STARTS: [usize; 2] = [32, 64];
/// Steps that each of them gets.
const FIRST_STEPS: usize = 4;
/// How many are then followed to the end.
const FINALISTS: usize = 16;
/// Steps that they get at most; seven are usual.
const LAST_STEPS: usize = 100;

/// The best minimum of the cost over the domain.
fn best_fit(track: &Track, options: Options, scratch: &mut Scratch, stop: &Stop) -> Minimum {
    match (options.kind, options.anchor) {
        (Kind::Involute, anchor) => search_all(Involute::at(anchor), track, options, scratch, stop),
        (Kind::Archimedean, _) => search_all(Archimedean, track, options, scratch, stop),
        (Kind::Logarithmic, Anchor::Centre) => {
            search_all(LogarithmicCentre, track, options, scratch, stop)
        }
        (Kind::Logarithmic, Anchor::Cusp) => {
            search_all(LogarithmicCusp, track, options, scratch, stop)
        }
    }
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
        found,
    } = scratch;
    let robust = options.delta < f64::INFINITY;
    let refine = |starts: &[Start], from: Option<&[Minimum]>, steps| {
        vectorize(Refine {
            curve,
            track,
            starts,
            from,
            max_angle: options.max_angle,
            delta: options.delta,
            steps,
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
            starts,
        });
        starts.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        starts.truncate(STARTS[usize::from(robust)]);
        for starts in starts.chunks(LANES) {
            if stop.requested() {
                return Minimum::NONE;
            }
            found.extend(
                refine(starts, None, FIRST_STEPS)
                    .into_iter()
                    .take(starts.len()),
            );
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
        for minimum in refine(starts, Some(from), LAST_STEPS) {
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
        let b = curve.value(&q, t);
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

/// Where [`fit_spirals`] writes.
pub struct Fits<'a> {
    /// (`FIELDS`, tracks): scale, phase, rate, offset, growth, cost, rmse, r2, aicc.
    pub table: ArrayViewMut2<'a, f64>,
    /// +1 anticlockwise, -1 clockwise (as s grows), 0 without a fit.
    pub chirality: ArrayViewMut1<'a, i8>,
    /// Valid points.
    pub n: ArrayViewMut1<'a, i32>,
    /// Whether the last step was as small as rounding.
    pub converged: ArrayViewMut1<'a, bool>,
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
    out: Fits<'_>,
    exec: Exec<'_>,
) -> Result<()> {
    let tracks = x.nrows();
    check_shape("y", y.shape(), x.shape())?;
    check_shape("t", t.shape(), x.shape())?;
    check_shape("table", out.table.shape(), &[FIELDS, tracks])?;
    check_shape("chirality", out.chirality.shape(), &[tracks])?;
    check_shape("n", out.n.shape(), &[tracks])?;
    check_shape("converged", out.converged.shape(), &[tracks])?;
    let Fits {
        mut table,
        mut chirality,
        mut n,
        mut converged,
    } = out;
    let jobs = x
        .axis_chunks_iter(Axis(0), BLOCK)
        .zip(y.axis_chunks_iter(Axis(0), BLOCK))
        .zip(t.axis_chunks_iter(Axis(0), BLOCK))
        .zip(table.axis_chunks_iter_mut(Axis(1), BLOCK))
        .zip(chirality.axis_chunks_iter_mut(Axis(0), BLOCK))
        .zip(n.axis_chunks_iter_mut(Axis(0), BLOCK))
        .zip(converged.axis_chunks_iter_mut(Axis(0), BLOCK));
    for_each(exec, jobs.collect(), |job, stop| {
        let ((((((x, y), t), mut table), mut chirality), mut n), mut converged) = job;
        let (mut track, mut scratch) = (Track::default(), Scratch::default());
        for i in 0..x.nrows() {
            if stop.requested() {
                return;
            }
            track.fill(x.row(i), y.row(i), t.row(i), options.sigma);
            let fit = if track.fits(options) {
                Fit::of(
                    &track,
                    best_fit(&track, options, &mut scratch, stop),
                    options,
                )
            } else {
                Fit::NONE
            };
            for (slot, &value) in table.column_mut(i).iter_mut().zip(&fit.fields) {
                *slot = value;
            }
            chirality[i] = fit.chirality;
            n[i] = track.t.len() as i32;
            converged[i] = fit.converged;
        }
    })
}

/// A fit as the caller reads it.
struct Fit {
    fields: [f64; FIELDS],
    chirality: i8,
    converged: bool,
}

impl Fit {
    const NONE: Self = Self {
        fields: [f64::NAN; FIELDS],
        chirality: 0,
        converged: false,
    };

    /// In days and km, in the canonical form: of the pairs of parameters that draw the same curve, the one with a mean s
    /// of at least 0 (involute, Archimedean) or a rate of at least 0 (logarithmic), the scale never negative.
    fn of(track: &Track, minimum: Minimum, options: Options) -> Self {
        if !minimum.cost.is_finite() {
            return Self::NONE;
        }
        let [mut re, mut im, rate, second, lag] = minimum.p;
        let n = track.t.len() as f64;
        let (mirror, rate, offset, growth) = if options.kind == Kind::Logarithmic {
            // -0.0 would count as clockwise.
            let sign = if rate < 0.0 { -1.0 } else { 1.0 };
            let offset = if options.anchor == Anchor::Cusp {
                rate * sign * lag
            } else {
                0.0
            };
            let growth = if second == 0.0 {
                0.0
            } else {
                second / rate.abs()
            };
            (sign, rate * sign, offset, growth)
        } else {
            let mean = second + rate * (track.t.iter().sum::<f64>() / n);
            let sign = if mean < 0.0 { -1.0 } else { 1.0 };
            if options.kind == Kind::Archimedean {
                // conj(b(s)) = -b(-s)
                (re, im) = (re * sign, im * sign);
            }
            (sign, rate * sign, second * sign, f64::NAN)
        };
        let square = sse(track, &minimum, options);
        let (mx, my) = (
            track.x.iter().sum::<f64>() / n,
            track.y.iter().sum::<f64>() / n,
        );
        let total: f64 = (track.x.iter().zip(&track.y))
            .map(|(x, y)| (x - mx).powi(2) + (y - my).powi(2))
            .sum();
        let sse = square * options.sigma * options.sigma;
        let k = (options.parameters() + 1) as f64;
        let left = 2.0 * n - k - 1.0;
        let aicc = if left > 0.0 {
            2.0 * n * (sse / (2.0 * n)).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / left
        } else {
            f64::NAN
        };
        Self {
            fields: [
                re.hypot(im) * options.sigma,
                im.atan2(re),
                rate / track.span,
                offset,
                growth,
                minimum.cost,
                (square / n).sqrt() * options.sigma,
                if total > ROUNDING * track.power {
                    1.0 - square / total
                } else {
                    f64::NAN
                },
                aicc,
            ],
            chirality: mirror as i8,
            converged: minimum.converged,
        }
    }
}

/// Sum of squared misses, in sigma^2.
fn sse(track: &Track, minimum: &Minimum, options: Options) -> f64 {
    fn sum<K: Curve>(curve: K, track: &Track, minimum: &Minimum) -> f64 {
        misses(curve, track, minimum).map(|u| u * u).sum()
    }
    match (options.kind, options.anchor) {
        (Kind::Involute, anchor) => sum(Involute::at(anchor), track, minimum),
        (Kind::Archimedean, _) => sum(Archimedean, track, minimum),
        (Kind::Logarithmic, Anchor::Centre) => sum(LogarithmicCentre, track, minimum),
        (Kind::Logarithmic, Anchor::Cusp) => sum(LogarithmicCusp, track, minimum),
    }
}
