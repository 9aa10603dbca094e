//! Cost, gradient and exact Hessian of eight fits.

use super::curve::{Curve, MAX_Q};
use super::pack::{Complex, Pack};
use super::points::Points;

/// Parameters at most: real and imaginary amplitude, then the nonlinear ones.
pub(super) const MAX_P: usize = MAX_Q + 2;
pub(super) const TRIANGLE: usize = MAX_P * (MAX_P + 1) / 2;

/// Cost, gradient and Hessian.
#[derive(Clone, Copy)]
pub(super) struct Slope {
    pub(super) cost: Pack,
    pub(super) gradient: [Pack; MAX_P],
    pub(super) hessian: [Pack; TRIANGLE],
    /// The Hessian's diagonal without the curve's curvature: positive, the natural unit of a step.
    pub(super) scale: [Pack; MAX_P],
}

/// Index in a lower triangle by rows.
#[inline(always)]
pub(super) const fn at(i: usize, j: usize) -> usize {
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

/// At the parameters `p`; `turns` is scratch, one for each point.
#[inline(always)]
pub(super) fn slope<K: Curve, P: Points>(
    curve: K,
    points: &P,
    p: &[Pack; MAX_P],
    delta: f64,
    turns: &mut [Complex],
) -> Slope {
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
    // A loop of their own: they are long chains, of which the processor then works on several points' at once.
    for (turn, (t, _)) in turns.iter_mut().zip(points.all()) {
        *turn = curve.turn(&q, t);
    }
    for ((t, z), &turn) in points.all().zip(turns.iter()) {
        let jet = curve.jet(&q, t, turn);
        let r = z - c * jet.value;
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

impl Slope {
    /// Takes lane `l` over from another.
    #[inline(always)]
    pub(super) fn take(&mut self, other: &Self, l: usize) {
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
///
/// `shapes` is scratch, one for each point; it ends as the curve's shape at each.
#[inline(always)]
pub(super) fn amplitude<K: Curve, P: Points>(
    curve: K,
    points: &P,
    q: &[Pack; MAX_Q],
    delta: f64,
    shapes: &mut [Complex],
) -> Complex {
    for (shape, (t, _)) in shapes.iter_mut().zip(points.all()) {
        *shape = curve.value(q, t);
    }
    let mut c = Complex::ZERO;
    let passes = if delta < f64::INFINITY { 2 } else { 1 };
    for pass in 0..passes {
        let (mut top, mut bottom) = (Complex::ZERO, Pack::splat(f64::MIN_POSITIVE));
        for ((_, z), &b) in points.all().zip(&*shapes) {
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

/// Huber's loss of the curves `c` times `shapes`.
#[inline(always)]
pub(super) fn robust_cost<P: Points>(
    points: &P,
    c: Complex,
    shapes: &[Complex],
    delta: f64,
) -> Pack {
    let mut cost = Pack::ZERO;
    for ((_, z), &b) in points.all().zip(shapes) {
        let u2 = (z - c * b).norm2();
        let linear = u2.sqrt() * delta - 0.5 * delta * delta;
        cost = cost + u2.above(Pack::splat(delta * delta), linear, u2 * 0.5);
    }
    cost
}
