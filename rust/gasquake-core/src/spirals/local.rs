//! Refinement alone, without the search: one minimum for each track, from a start of the caller's.
//!
//! What a local optimiser does; here to be measured and tested beside one.

use super::curve::{Archimedean, Curve, Involute, LogarithmicCentre, LogarithmicCusp, MAX_Q};
use super::pack::LANES;
use super::points::{Eight, Points};
use super::refine::{FAR, Minimum, Refine};
use super::search::Start;
use super::{Anchor, Fits, Kind, LAST_STEPS, Options, Track, with_curve};
use crate::error::{Result, check_shape};
use crate::parallel::{Exec, Stop, for_each};
use crate::simd::vectorize;
use ndarray::{ArrayView2, Axis, s};

/// Tracks in a job.
const BLOCK: usize = 8 * LANES;

/// Follows one start of each track down to its minimum; `x`, `y` and `t` as in [`fit_spirals`](super::fit_spirals).
///
/// `starts` is (tracks, 3), in the unit of the track's span: rate and offset of involute and Archimedean spirals;
/// rate, growth times rate, and the time since the cusp of logarithmic ones. A negative rate with a negative offset is
/// the mirror image. Columns that the curve does not have are not looked at; scale and phase need no start.
///
/// # Errors
/// A shape that differs, or an interrupt.
pub fn refine_spirals(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    t: ArrayView2<'_, f64>,
    starts: ArrayView2<'_, f64>,
    options: Options,
    mut out: Fits<'_>,
    exec: Exec<'_>,
) -> Result<()> {
    check_shape("y", y.shape(), x.shape())?;
    check_shape("t", t.shape(), x.shape())?;
    check_shape("starts", starts.shape(), &[x.nrows(), MAX_Q])?;
    out.check(x.nrows())?;
    let jobs = x
        .axis_chunks_iter(Axis(0), BLOCK)
        .zip(y.axis_chunks_iter(Axis(0), BLOCK))
        .zip(t.axis_chunks_iter(Axis(0), BLOCK))
        .zip(starts.axis_chunks_iter(Axis(0), BLOCK))
        .zip(out.blocks(BLOCK));
    for_each(exec, jobs.collect(), |job, stop| {
        let ((((x, y), t), starts), mut out) = job;
        let mut tracks = vec![Track::default(); LANES];
        for first in (0..x.nrows()).step_by(LANES) {
            if stop.requested() {
                return;
            }
            let tracks = &mut tracks[..LANES.min(x.nrows() - first)];
            for (i, track) in (first..).zip(&mut *tracks) {
                track.fill(x.row(i), y.row(i), t.row(i), options.sigma);
            }
            let rows = starts.slice(s![first..first + tracks.len(), ..]);
            let found =
                with_curve!(options, curve => refine_all(curve, tracks, rows, options, stop));
            for ((i, track), minimum) in (first..).zip(&*tracks).zip(&found) {
                let minimum = if track.fits(options) {
                    minimum
                } else {
                    &Minimum::NONE
                };
                out.put(i, track, minimum, options);
            }
        }
    })
}

/// Side by side where the tracks have as many points, else one by one: with the same bits.
fn refine_all<K: Curve>(
    curve: K,
    tracks: &[Track],
    starts: ArrayView2<'_, f64>,
    options: Options,
    stop: &Stop,
) -> Vec<Minimum> {
    fn refine<K: Curve, P: Points>(
        curve: K,
        points: &P,
        starts: &[Start],
        options: Options,
        stop: &Stop,
    ) -> [Minimum; LANES] {
        vectorize(Refine {
            curve,
            points,
            starts,
            from: None,
            max_angle: options.max_angle,
            delta: options.delta,
            steps: LAST_STEPS,
            damping: FAR,
            stop,
        })
    }
    let bounds = curve.bounds(options.max_angle);
    let starts: Vec<Start> = (starts.rows().into_iter())
        .map(|row| Start {
            cost: f64::INFINITY,
            q: std::array::from_fn(|j| row[j].clamp(-bounds[j], bounds[j])),
        })
        .collect();
    match Eight::of(tracks) {
        Some(eight) => refine(curve, &eight, &starts, options, stop)[..tracks.len()].to_vec(),
        None => (tracks.iter().zip(&starts))
            .map(|(track, &start)| refine(curve, track, &[start], options, stop)[0])
            .collect(),
    }
}
