//! From starts to minima: Newton's method with exact second derivatives, eight starts at a time.
//!
//! The residuals of a spiral through a random track are as large as the track, so that Gauss-Newton, which leaves the
//! curvature of the curve out, creeps. With it, four to eight steps reach the last digit.

use super::curve::{Curve, MAX_Q};
use super::pack::{Complex, LANES, Pack};
use super::{Track, search::Start};
use crate::simd::Vectorized;

/// Parameters at most: real and imaginary amplitude, then the nonlinear ones.
const MAX_P: usize = MAX_Q + 2;
const TRIANGLE: usize = MAX_P * (MAX_P + 1) / 2;

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

/// Eight starts on their way down.
pub(super) struct Refine<'a, K> {
    pub(super) curve: K,
    pub(super) track: &'a Track,
    pub(super) starts: &'a [Start],
    /// Continue from these amplitudes; otherwise the best amplitude of each start is found first.
    pub(super) from: Option<&'a [Minimum]>,
    pub(super) max_angle: f64,
    /// Where Huber's loss turns linear, in sigma; infinite for the square.
    pub(super) delta: f64,
    pub(super) steps: usize,
}

/// Cost, gradient and Hessian.
#[derive(Clone, Copy)]
struct Slope {
    cost: Pack,
    gradient: [Pack; MAX_P],
    hessian: [Pack; TRIANGLE],
    /// The Hessian's diagonal without the curve's curvature: positive, the natural unit of a step.
    scale: [Pack; MAX_P],
}

/// Index in a lower triangle by rows.
#[inline(always)]
const fn at(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// A loop over parameters written out: left to itself, the compiler vectorises across parameters instead of lanes.
macro_rules! unroll {
    ($i:ident in $($value:literal)* => $body:block) => {
        $({
            let $i: usize = $value;
            $body
        })*
    };
}

#[inline(always)]
fn slope<K: Curve>(curve: K, track: &Track, p: &[Pack; MAX_P], delta: f64) -> Slope {
    let n = K::Q + 2;
    let c = Complex::new(p[0], p[1]);
    let q = [p[2], p[3], p[4]];
    let limit = Pack::splat(delta * delta);
    let mut cost = Pack::ZERO;
    // Sums over the points that the amplitude multiplies only afterwards; b_j are derivatives by the q, r = z - c b.
    let mut bb = Pack::ZERO; // w |b|^2
    let mut rb = Complex::ZERO; // w conj(r) b
    let mut b_bj = [Complex::ZERO; MAX_Q]; // w conj(b) b_j
    let mut r_bj = [Complex::ZERO; MAX_Q]; // w conj(r) b_j
    let mut bj_bk = [Pack::ZERO; 6]; // w Re(conj(b_j) b_k)
    let mut r_bjk = [Complex::ZERO; 6]; // w conj(r) b_jk
    let mut radial = [Pack::ZERO; TRIANGLE]; // fall Re(conj(r) C_i) Re(conj(r) C_j)
    for ((&t, &x), &y) in track.t.iter().zip(&track.x).zip(&track.y) {
        let jet = curve.jet(&q, t);
        let r = Complex::new(Pack::splat(x), Pack::splat(y)) - c * jet.value;
        let u2 = r.norm2();
        let along_b = r.conj_mul(jet.value);
        let mut along_bj = [Complex::ZERO; MAX_Q];
        unroll!(j in 0 1 2 => {
            if j < K::Q {
                along_bj[j] = r.conj_mul(jet.first[j]);
            }
        });
        let mut weight = Pack::splat(1.0);
        if delta < f64::INFINITY {
            // w = rho'(u)/u is 1 inside and delta/u outside, where it falls with u: fall = delta/u^3.
            let u = u2.sqrt();
            let inverse = Pack::splat(1.0).over(u);
            let linear = inverse * delta;
            weight = u2.above(limit, linear, weight);
            let fall = u2.above(limit, linear * inverse * inverse, Pack::ZERO);
            cost = cost + u2.above(limit, u * delta - 0.5 * delta * delta, u2 * 0.5);
            let mut along = [along_b.re, -along_b.im, Pack::ZERO, Pack::ZERO, Pack::ZERO];
            unroll!(j in 0 1 2 => {
                if j < K::Q {
                    along[2 + j] = along_bj[j].re * c.re - along_bj[j].im * c.im;
                }
            });
            unroll!(i in 0 1 2 3 4 => {
                if i < n {
                    let steep = along[i] * fall;
                    unroll!(j in 0 1 2 3 4 => {
                        if j <= i {
                            radial[at(i, j)] = radial[at(i, j)] + steep * along[j];
                        }
                    });
                }
            });
        } else {
            cost = cost + u2 * 0.5;
        }
        bb = bb + weight * jet.value.norm2();
        rb = rb + along_b * weight;
        let wr = r * weight;
        unroll!(j in 0 1 2 => {
            if j < K::Q {
                let wb = jet.first[j] * weight;
                b_bj[j] = b_bj[j] + jet.value.conj_mul(wb);
                r_bj[j] = r_bj[j] + along_bj[j] * weight;
                unroll!(k in 0 1 2 => {
                    if k <= j {
                        bj_bk[at(j, k)] = bj_bk[at(j, k)] + wb.dot(jet.first[k]);
                        r_bjk[at(j, k)] = r_bjk[at(j, k)] + wr.conj_mul(jet.second[at(j, k)]);
                    }
                });
            }
        });
    }
    let mut out = Slope {
        cost,
        gradient: [Pack::ZERO; MAX_P],
        hessian: [Pack::ZERO; TRIANGLE],
        scale: [Pack::ZERO; MAX_P],
    };
    let c2 = c.norm2();
    out.gradient[0] = -rb.re;
    out.gradient[1] = rb.im;
    out.hessian[at(0, 0)] = bb - radial[at(0, 0)];
    out.hessian[at(1, 0)] = -radial[at(1, 0)];
    out.hessian[at(1, 1)] = bb - radial[at(1, 1)];
    out.scale[0] = bb;
    out.scale[1] = bb;
    unroll!(j in 0 1 2 => {
        if j < K::Q {
            let (i, across) = (2 + j, c * b_bj[j]);
            out.gradient[i] = r_bj[j].im * c.im - r_bj[j].re * c.re;
            out.hessian[at(i, 0)] = across.re - r_bj[j].re - radial[at(i, 0)];
            out.hessian[at(i, 1)] = across.im + r_bj[j].im - radial[at(i, 1)];
            unroll!(k in 0 1 2 => {
                if k <= j {
                    let bend = r_bjk[at(j, k)];
                    out.hessian[at(i, 2 + k)] =
                        c2 * bj_bk[at(j, k)] - (bend.re * c.re - bend.im * c.im) - radial[at(i, 2 + k)];
                }
            });
            out.scale[i] = c2 * bj_bk[at(j, j)];
        }
    });
    out
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

impl<K: Curve> Vectorized for Refine<'_, K> {
    type Output = [Minimum; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self {
            curve,
            track,
            delta,
            ..
        } = self;
        let n = K::Q + 2;
        let bounds = curve.bounds(self.max_angle);
        let mut p = [Pack::ZERO; MAX_P];
        for l in 0..LANES {
            // Lanes without a start repeat the first.
            let lane = if l < self.starts.len() { l } else { 0 };
            for j in 0..K::Q {
                p[2 + j].0[l] = self.starts[lane].q[j];
            }
            if let Some(from) = self.from {
                (p[0].0[l], p[1].0[l]) = (from[lane].p[0], from[lane].p[1]);
            }
        }
        if self.from.is_none() {
            let c = amplitude(curve, track, &[p[2], p[3], p[4]], delta);
            (p[0], p[1]) = (c.re, c.im);
        }
        let mut here = slope(curve, track, &p, delta);
        let mut damping = Pack::splat(if self.from.is_some() { 1e-6 } else { 1e-2 });
        let mut done = [false; LANES];
        // What rounding leaves of a perfect fit.
        let floor = track.power * 1e-29;
        for _ in 0..self.steps {
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
            let there = slope(curve, track, &trial, delta);
            let mut all = true;
            let lowest = here.cost.0.iter().copied().fold(f64::INFINITY, f64::min);
            for l in 0..LANES {
                if done[l] {
                    continue;
                }
                // Near a minimum that is higher than another start already is.
                if damping.0[l] < 1e-3 && 8.0 * promise.0[l].abs() < here.cost.0[l] - lowest {
                    done[l] = true;
                    continue;
                }
                let last = promise.0[l].abs() <= PROMISE * here.cost.0[l] + floor;
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

impl Slope {
    #[inline(always)]
    fn take(&mut self, other: &Self, l: usize) {
        self.cost.0[l] = other.cost.0[l];
        for i in 0..MAX_P {
            self.gradient[i].0[l] = other.gradient[i].0[l];
            self.scale[i].0[l] = other.scale[i].0[l];
        }
        for i in 0..TRIANGLE {
            self.hessian[i].0[l] = other.hessian[i].0[l];
        }
    }
}

/// The best amplitude for given nonlinear parameters: least squares, reweighted once for Huber's loss.
#[inline(always)]
fn amplitude<K: Curve>(curve: K, track: &Track, q: &[Pack; MAX_Q], delta: f64) -> Complex {
    let mut c = Complex::ZERO;
    let passes = if delta < f64::INFINITY { 2 } else { 1 };
    for pass in 0..passes {
        let (mut top, mut bottom) = (Complex::ZERO, Pack::splat(f64::MIN_POSITIVE));
        for k in 0..track.t.len() {
            let b = curve.value(q, track.t[k]);
            let z = Complex::new(Pack::splat(track.x[k]), Pack::splat(track.y[k]));
            let mut weight = Pack::splat(1.0);
            if pass > 0 {
                let u2 = (z - c * b).norm2();
                weight = u2.above(
                    Pack::splat(delta * delta),
                    Pack::splat(delta).over(u2.sqrt()),
                    weight,
                );
            }
            top = top + b.conj_mul(z) * weight;
            bottom = bottom + b.norm2() * weight;
        }
        c = Complex::new(top.re.over(bottom), top.im.over(bottom));
    }
    c
}
