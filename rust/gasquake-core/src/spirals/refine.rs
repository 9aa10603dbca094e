//! From starts to minima: Newton's method with exact second derivatives, eight starts at a time.
//!
//! The residuals of a spiral through a random track are as large as the track, so that Gauss-Newton, which leaves the
//! curvature of the curve out, creeps. With it, four to eight steps reach the last digit.

use super::Track;
use super::curve::{Curve, MAX_Q};
use super::pack::{Complex, LANES, Pack};
use super::points::Points;
use super::search::Start;
use super::slope::{MAX_P, TRIANGLE, amplitude, at, robust_cost, slope};
use crate::parallel::Stop;
use crate::simd::Vectorized;

/// Where a start has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minimum {
    pub(super) cost: f64,
    /// Real and imaginary amplitude, then the nonlinear parameters.
    pub(super) p: [f64; MAX_P],
    pub(super) converged: bool,
}

impl Minimum {
    /// Worse than any.
    pub(super) const NONE: Self = Self {
        cost: f64::INFINITY,
        p: [f64::NAN; MAX_P],
        converged: false,
    };

    /// The start that it makes for more steps.
    pub(super) fn start(&self) -> Start {
        Start {
            cost: self.cost,
            q: [self.p[2], self.p[3], self.p[4]],
        }
    }
}

/// What eight starts cost under Huber's loss, each with its best amplitude.
pub(super) struct Appraise<'a, K> {
    pub(super) curve: K,
    pub(super) track: &'a Track,
    pub(super) starts: &'a [Start],
    pub(super) delta: f64,
}

impl<K: Curve> Vectorized for Appraise<'_, K> {
    type Output = [Minimum; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let q = lanes(self.starts);
        let mut shapes = vec![Complex::ZERO; self.track.count()];
        let c = amplitude(self.curve, self.track, &q, self.delta, &mut shapes);
        let cost = robust_cost(self.track, c, &shapes, self.delta);
        let mut out = [Minimum::NONE; LANES];
        for (l, start) in self.starts.iter().enumerate() {
            if cost.0[l].is_finite() {
                let [a, b, d] = start.q;
                out[l] = Minimum {
                    cost: cost.0[l],
                    p: [c.re.0[l], c.im.0[l], a, b, d],
                    converged: false,
                };
            }
        }
        out
    }
}

/// The nonlinear parameters of up to eight starts; lanes without one repeat the first.
#[inline(always)]
fn lanes(starts: &[Start]) -> [Pack; MAX_Q] {
    let mut q = [Pack::ZERO; MAX_Q];
    for l in 0..LANES {
        let start = if l < starts.len() {
            starts[l]
        } else {
            starts[0]
        };
        for j in 0..MAX_Q {
            q[j].0[l] = start.q[j];
        }
    }
    q
}

/// Damping of the first step.
pub(super) const FAR: f64 = 1e-2;
pub(super) const NEAR: f64 = 1e-6;

/// Eight starts on their way down.
pub(super) struct Refine<'a, K, P> {
    pub(super) curve: K,
    pub(super) points: &'a P,
    pub(super) starts: &'a [Start],
    /// Continue from these amplitudes; otherwise the best amplitude of each start is found first.
    pub(super) from: Option<&'a [Minimum]>,
    pub(super) max_angle: f64,
    /// Where Huber's loss turns linear, in sigma; infinite for the square.
    pub(super) delta: f64,
    pub(super) steps: usize,
    /// Of the first step: `FAR` from a minimum, or `NEAR` it.
    pub(super) damping: f64,
    pub(super) stop: &'a Stop,
}

/// Solves (H + diag) step = -gradient by Cholesky; the last value is the least pivot over its diagonal.
#[inline(always)]
fn solve(
    n: usize,
    hessian: &[Pack; TRIANGLE],
    extra: &[Pack; MAX_P],
    gradient: &[Pack; MAX_P],
) -> ([Pack; MAX_P], Pack) {
    let mut l = *hessian;
    let mut least = Pack::splat(1.0);
    let mut inverse = [Pack::ZERO; MAX_P];
    for j in 0..n {
        let whole = hessian[at(j, j)] + extra[j];
        let mut pivot = whole;
        for k in 0..j {
            pivot = pivot - l[at(j, k)] * l[at(j, k)];
        }
        least = pivot
            .zip(whole, |p, w| if w > 0.0 { p / w } else { -1.0 })
            .zip(least, f64::min);
        inverse[j] = pivot.map(|p| 1.0 / p.max(f64::MIN_POSITIVE).sqrt());
        for i in j + 1..n {
            let mut sum = l[at(i, j)];
            for k in 0..j {
                sum = sum - l[at(i, k)] * l[at(j, k)];
            }
            l[at(i, j)] = sum * inverse[j];
        }
    }
    let mut x = [Pack::ZERO; MAX_P];
    for i in 0..n {
        let mut sum = -gradient[i];
        for k in 0..i {
            sum = sum - l[at(i, k)] * x[k];
        }
        x[i] = sum * inverse[i];
    }
    for i in (0..n).rev() {
        let mut sum = x[i];
        for k in i + 1..n {
            sum = sum - l[at(k, i)] * x[k];
        }
        x[i] = sum * inverse[i];
    }
    (x, least)
}

/// A pivot less than this share of its diagonal is not trusted.
const LEAST_PIVOT: f64 = 1e-13;
/// A step that promises less than this share of the cost is the last one.
const PROMISE: f64 = 1e-14;

impl<K: Curve, P: Points> Vectorized for Refine<'_, K, P> {
    type Output = [Minimum; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self {
            curve,
            points,
            delta,
            ..
        } = self;
        let n = K::Q + 2;
        let bounds = curve.bounds(self.max_angle);
        let [a, b, d] = lanes(self.starts);
        let mut p = [Pack::ZERO, Pack::ZERO, a, b, d];
        for j in 2 + K::Q..MAX_P {
            p[j] = Pack::ZERO;
        }
        if let Some(from) = self.from {
            for l in 0..LANES {
                let lane = if l < from.len() { l } else { 0 };
                (p[0].0[l], p[1].0[l]) = (from[lane].p[0], from[lane].p[1]);
            }
        }
        let mut turns = vec![Complex::ZERO; points.count()];
        if self.from.is_none() {
            let c = amplitude(curve, points, &[p[2], p[3], p[4]], delta, &mut turns);
            (p[0], p[1]) = (c.re, c.im);
        }
        let mut here = slope(curve, points, &p, delta, &mut turns);
        let mut damping = Pack::splat(self.damping);
        let mut done = [false; LANES];
        // What rounding leaves of a perfect fit.
        let floor = points.power() * 1e-29;
        for _ in 0..self.steps {
            if self.stop.requested() {
                break;
            }
            let (mut gradient, mut hessian) = (here.gradient, here.hessian);
            // A parameter that leans on its bound is out of the step.
            for j in 2..n {
                for l in 0..LANES {
                    let (x, b) = (p[j].0[l], bounds[j - 2]);
                    if (x >= b && gradient[j].0[l] < 0.0) || (x <= -b && gradient[j].0[l] > 0.0) {
                        gradient[j].0[l] = 0.0;
                        hessian[at(j, j)].0[l] = here.scale[j].0[l];
                        for i in 0..n {
                            if i != j {
                                hessian[at(i.max(j), i.min(j))].0[l] = 0.0;
                            }
                        }
                    }
                }
            }
            let mut step = [Pack::ZERO; MAX_P];
            for _ in 0..8 {
                let mut extra = [Pack::ZERO; MAX_P];
                for j in 0..n {
                    extra[j] = (here.scale[j] + 1e-300) * damping;
                }
                let (found, least) = solve(n, &hessian, &extra, &gradient);
                step = found;
                let mut definite = true;
                for l in 0..LANES {
                    if (least.0[l] <= LEAST_PIVOT || least.0[l].is_nan()) && !done[l] {
                        damping.0[l] = (damping.0[l] * 8.0).max(1e-3);
                        definite = false;
                    }
                }
                if definite {
                    break;
                }
            }
            let mut trial = p;
            let mut promise = Pack::ZERO;
            for j in 0..n {
                promise = promise - gradient[j] * step[j];
                trial[j] = p[j] + step[j];
                if j >= 2 {
                    trial[j] = trial[j].clamp(bounds[j - 2]);
                }
            }
            let q = [p[2], p[3], p[4]];
            let (ratio, first_order) =
                curve.gauge(&q, &[trial[2] - q[0], trial[3] - q[1], trial[4] - q[2]]);
            let c = Complex::new(p[0], p[1]);
            let moved = (c + Complex::new(step[0], step[1]) + c * first_order) * ratio;
            for l in 0..LANES {
                // Where the shape has no size the plain step has to do.
                if moved.re.0[l].is_finite() && moved.im.0[l].is_finite() {
                    (trial[0].0[l], trial[1].0[l]) = (moved.re.0[l], moved.im.0[l]);
                }
            }
            let there = slope(curve, points, &trial, delta, &mut turns);
            let mut all = true;
            let lowest = here.cost.0.iter().copied().fold(f64::INFINITY, f64::min);
            for l in 0..LANES {
                if done[l] {
                    continue;
                }
                // Near a minimum that is higher than another start already is.
                if P::RIVALS
                    && damping.0[l] < 1e-3
                    && 8.0 * promise.0[l].abs() < here.cost.0[l] - lowest
                {
                    done[l] = true;
                    continue;
                }
                let last = promise.0[l].abs() <= PROMISE * here.cost.0[l] + floor.0[l];
                if there.cost.0[l] <= here.cost.0[l] * (1.0 + 4e-15) {
                    here.take(&there, l);
                    for j in 0..n {
                        p[j].0[l] = trial[j].0[l];
                    }
                    damping.0[l] *= 0.1;
                    if damping.0[l] < 1e-7 {
                        damping.0[l] = 0.0;
                    }
                } else {
                    damping.0[l] = (damping.0[l] * 6.0).max(1e-4);
                }
                done[l] = last;
                all &= last;
            }
            if all {
                break;
            }
        }
        let mut out = [Minimum::NONE; LANES];
        for l in 0..LANES.min(self.starts.len()) {
            let mut values = [0.0; MAX_P];
            for j in 0..n {
                values[j] = p[j].0[l];
            }
            if here.cost.0[l].is_finite() {
                out[l] = Minimum {
                    cost: here.cost.0[l],
                    p: values,
                    converged: done[l],
                };
            }
        }
        out
    }
}
