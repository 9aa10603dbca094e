//! What chance does: the same fit on tracks that a null hypothesis has rearranged.

use super::pack::Pack;
use super::{Options, ROUNDING, Scratch, Track, best_fit};
use crate::error::Result;
use crate::parallel::{Exec, Stop, for_each};
use crate::philox::Stream;
use ndarray::{ArrayView1, ArrayViewMut1};

/// Tracks in a job.
const BLOCK: usize = 4;

/// How a track is rearranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// The positions change days.
    PermuteDays,
    /// Each position turns about the origin by its own angle.
    Rotate,
    /// The origin moves to a uniform place in the box around the positions and itself.
    MoveAnchor,
}

/// 1 - cost / cost of the best constant point, of the track itself and of `null_statistics.len()` rearranged ones.
///
/// # Errors
/// An interrupt.
pub fn spiral_null(
    x: ArrayView1<'_, f64>,
    y: ArrayView1<'_, f64>,
    t: ArrayView1<'_, f64>,
    options: Options,
    null: Null,
    seed: [u64; 2],
    mut null_statistics: ArrayViewMut1<'_, f64>,
    exec: Exec<'_>,
) -> Result<f64> {
    let mut observed = Track::default();
    observed.fill(x, y, t, options.sigma);
    null_statistics.fill(f64::NAN);
    if !observed.fits(options) {
        return Ok(f64::NAN);
    }
    let mut statistic = f64::NAN;
    let mut jobs = vec![(None, vec![&mut statistic])];
    let mut items = null_statistics.iter_mut();
    let mut first = 0;
    loop {
        let slots: Vec<&mut f64> = items.by_ref().take(BLOCK).collect();
        if slots.is_empty() {
            break;
        }
        let next = first + slots.len() as u64;
        jobs.push((Some(first), slots));
        first = next;
    }
    for_each(exec, jobs, |(first, slots), stop| {
        let (mut track, mut scratch) = (observed.clone(), Scratch::default());
        for (item, slot) in slots.into_iter().enumerate() {
            if stop.requested() {
                return;
            }
            if let Some(first) = first {
                rearrange(
                    &observed,
                    null,
                    Stream::new(seed, first + item as u64),
                    &mut track,
                );
            }
            *slot = statistic_of(&track, options, &mut scratch, stop);
        }
    })?;
    Ok(statistic)
}

fn rearrange(observed: &Track, null: Null, mut random: Stream, track: &mut Track) {
    track.x.clone_from(&observed.x);
    track.y.clone_from(&observed.y);
    let n = track.x.len();
    match null {
        Null::PermuteDays => {
            for i in (1..n).rev() {
                let j = random.below(i + 1);
                track.x.swap(i, j);
                track.y.swap(i, j);
            }
        }
        Null::Rotate => {
            for i in 0..n {
                let (sin, cos) = Pack::splat(std::f64::consts::TAU * random.uniform()).sin_cos();
                let (x, y) = (track.x[i], track.y[i]);
                track.x[i] = x * cos.0[0] - y * sin.0[0];
                track.y[i] = x * sin.0[0] + y * cos.0[0];
            }
        }
        Null::MoveAnchor => {
            for axis in [&mut track.x, &mut track.y] {
                let low = axis.iter().copied().fold(0.0, f64::min);
                let high = axis.iter().copied().fold(0.0, f64::max);
                let origin = low + (high - low) * random.uniform();
                for x in &mut *axis {
                    *x -= origin;
                }
            }
        }
    }
    track.weigh();
}

fn statistic_of(track: &Track, options: Options, scratch: &mut Scratch, stop: &Stop) -> f64 {
    let constant = constant_cost(track, options.delta);
    if constant <= ROUNDING * track.power {
        return f64::NAN;
    }
    1.0 - best_fit(track, options, scratch, stop).cost / constant
}

/// The least cost of a point that never moves. It is convex: Newton's step, or a reweighted mean where that climbs.
pub(super) fn constant_cost(track: &Track, delta: f64) -> f64 {
    let n = track.t.len() as f64;
    let mut centre = [
        track.x.iter().sum::<f64>() / n,
        track.y.iter().sum::<f64>() / n,
    ];
    let mut here = around(track, centre, delta);
    for _ in 0..100 {
        let [gx, gy] = here.gradient;
        let [xx, xy, yy] = here.hessian;
        let mut better = None;
        let determinant = xx * yy - xy * xy;
        let newton = [
            (yy * gx - xy * gy) / determinant,
            (xx * gy - xy * gx) / determinant,
        ];
        for step in [newton, [gx / here.weight, gy / here.weight]] {
            let point = [centre[0] + step[0], centre[1] + step[1]];
            let there = around(track, point, delta);
            if there.cost < here.cost {
                better = Some((point, there));
                break;
            }
        }
        let Some((point, there)) = better else { break };
        (centre, here) = (point, there);
    }
    here.cost
}

/// The cost of a constant point, its downhill gradient and its Hessian.
struct Around {
    cost: f64,
    weight: f64,
    gradient: [f64; 2],
    hessian: [f64; 3],
}

fn around(track: &Track, centre: [f64; 2], delta: f64) -> Around {
    let mut out = Around {
        cost: 0.0,
        weight: 0.0,
        gradient: [0.0; 2],
        hessian: [0.0; 3],
    };
    for (&x, &y) in track.x.iter().zip(&track.y) {
        let (dx, dy) = (x - centre[0], y - centre[1]);
        let u = (dx * dx + dy * dy).sqrt();
        let (cost, weight, fall) = if u <= delta {
            (0.5 * u * u, 1.0, 0.0)
        } else {
            (delta * (u - 0.5 * delta), delta / u, delta / (u * u * u))
        };
        out.cost += cost;
        out.weight += weight;
        out.gradient[0] += weight * dx;
        out.gradient[1] += weight * dy;
        out.hessian[0] += weight - fall * dx * dx;
        out.hessian[1] -= fall * dx * dy;
        out.hessian[2] += weight - fall * dy * dy;
    }
    out
}
