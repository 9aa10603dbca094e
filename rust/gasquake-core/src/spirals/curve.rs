//! The three spirals as functions of time, with their first and second derivatives.
//!
//! A curve is `c b(q, t)`: a complex amplitude `c` (scale and phase, linear) and nonlinear parameters `q` in the unit of
//! the track's time span, so that `t` runs from 0 to 1 and the domain is a box. Chirality is not among them: mirroring
//! is `rate -> -rate` (see `mod.rs`).

use super::Anchor;
use super::pack::{Complex, Pack};

/// Nonlinear parameters at most.
pub(super) const MAX_Q: usize = 3;

/// ln 1000: the most by which a logarithmic spiral's radius may change over the track.
pub(super) const MAX_LOG_RADIUS: f64 = 6.907_755_278_982_137;

/// A curve's shape with its derivatives by each nonlinear parameter; `second` is the lower triangle by rows.
pub(super) struct Jet {
    pub(super) value: Complex,
    pub(super) first: [Complex; MAX_Q],
    pub(super) second: [Complex; 6],
}

/// A spiral's shape.
pub(super) trait Curve: Copy + Sync {
    /// Nonlinear parameters: the rate first, then the offset or the growth.
    const Q: usize;
    /// Half widths of the box that the parameters are kept in.
    fn bounds(self, max_angle: f64) -> [f64; MAX_Q];
    /// Size and direction N of the shape, roughly, and how they change along a step: N(q)/N(q + step) and the first
    /// order of ln N(q + step) - ln N(q). Steps are taken in c N, which hardly changes along the valleys of the cost.
    fn gauge(self, q: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Complex, Complex);
    /// The shape alone.
    fn value(self, q: &[Pack; MAX_Q], t: Pack) -> Complex;
    /// The exponential in the shape: all that takes long to compute of it.
    fn turn(self, q: &[Pack; MAX_Q], t: Pack) -> Complex;
    /// The shape and its derivatives from its exponential.
    fn jet(self, q: &[Pack; MAX_Q], t: Pack, turn: Complex) -> Jet;
}

/// `(1 - i s) e^{is}`, less 1 for the cusp anchor; s = q1 + q0 t.
#[derive(Clone, Copy)]
pub(super) struct Involute {
    pub(super) cusp: bool,
}

/// `s e^{is}`; s = q1 + q0 t.
#[derive(Clone, Copy)]
pub(super) struct Archimedean;

/// `e^{(q1 + i q0) t}`: rate and growth times rate.
#[derive(Clone, Copy)]
pub(super) struct LogarithmicCentre;

/// `e^{(q1 + i q0) (t + q2)} - 1`: q2 is the time since the cusp at the track's start.
#[derive(Clone, Copy)]
pub(super) struct LogarithmicCusp;

impl Involute {
    pub(super) fn at(anchor: Anchor) -> Self {
        Self {
            cusp: anchor == Anchor::Cusp,
        }
    }
}

/// Derivatives by rate and offset from those by s.
#[inline(always)]
fn along(value: Complex, by_s: Complex, by_ss: Complex, t: Pack) -> Jet {
    Jet {
        value,
        first: [by_s * t, by_s, Complex::ZERO],
        second: [
            by_ss * (t * t),
            by_ss * t,
            by_ss,
            Complex::ZERO,
            Complex::ZERO,
            Complex::ZERO,
        ],
    }
}

/// Mean square of s over the track and its first order along a step, and the same of the mean s.
#[inline(always)]
fn mean_square(q: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Pack, Pack, Pack) {
    let third = 1.0 / 3.0;
    let square = |q0: Pack, q1: Pack| q1 * q1 + q1 * q0 + q0 * q0 * third;
    let first_order = (q[1] * 2.0 + q[0]) * step[1] + (q[1] + q[0] * (2.0 * third)) * step[0];
    (
        square(q[0], q[1]),
        first_order,
        square(q[0] + step[0], q[1] + step[1]),
    )
}

impl Curve for Involute {
    const Q: usize = 2;

    fn bounds(self, max_angle: f64) -> [f64; MAX_Q] {
        [max_angle, max_angle, 0.0]
    }

    #[inline(always)]
    fn gauge(self, q: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Complex, Complex) {
        let (before, slope, after) = mean_square(q, step);
        let (s, turn) = (q[1] + q[0] * 0.5, step[1] + step[0] * 0.5);
        let there = s + turn;
        let (sin, cos) = turn.sin_cos();
        // The direction of (1 - i s) e^{is} at the mean s.
        let turned = Complex::new(s * there + 1.0, there - s) * Complex::new(cos, -sin);
        let turned = turned * Pack::splat(1.0).over(turned.norm2().sqrt());
        let by_turn = (s * s).over(s * s + 1.0) * turn;
        let (size, growth) = if self.cusp {
            // m / sqrt(4 + m): s^2 / 2 where s is small, s where it is large.
            let ratio = before.over(after) * ((after + 4.0).over(before + 4.0)).sqrt();
            (ratio, slope.over(before) - slope.over(before + 4.0) * 0.5)
        } else {
            (
                ((before + 1.0).over(after + 1.0)).sqrt(),
                slope.over(before + 1.0) * 0.5,
            )
        };
        (turned * size, Complex::new(growth, by_turn))
    }

    #[inline(always)]
    fn value(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let s = q[1] + q[0] * t;
        let (sin, cos) = s.sin_cos();
        let back = if self.cusp { 1.0 } else { 0.0 };
        Complex::new(cos + s * sin - back, sin - s * cos)
    }

    #[inline(always)]
    fn turn(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let (sin, cos) = (q[1] + q[0] * t).sin_cos();
        Complex::new(cos, sin)
    }

    #[inline(always)]
    fn jet(self, q: &[Pack; MAX_Q], t: Pack, turn: Complex) -> Jet {
        let s = q[1] + q[0] * t;
        let (sin, cos) = (turn.im, turn.re);
        let back = if self.cusp { 1.0 } else { 0.0 };
        along(
            Complex::new(cos + s * sin - back, sin - s * cos),
            Complex::new(s * cos, s * sin),
            Complex::new(cos - s * sin, sin + s * cos),
            t,
        )
    }
}

impl Curve for Archimedean {
    const Q: usize = 2;

    fn bounds(self, max_angle: f64) -> [f64; MAX_Q] {
        [max_angle, max_angle, 0.0]
    }

    #[inline(always)]
    fn gauge(self, q: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Complex, Complex) {
        let (before, slope, after) = mean_square(q, step);
        let turn = step[1] + step[0] * 0.5;
        let (sin, cos) = turn.sin_cos();
        let size = before.over(after).sqrt();
        (
            Complex::new(cos, -sin) * size,
            Complex::new(slope.over(before) * 0.5, turn),
        )
    }

    #[inline(always)]
    fn value(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let s = q[1] + q[0] * t;
        let (sin, cos) = s.sin_cos();
        Complex::new(s * cos, s * sin)
    }

    #[inline(always)]
    fn turn(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let (sin, cos) = (q[1] + q[0] * t).sin_cos();
        Complex::new(cos, sin)
    }

    #[inline(always)]
    fn jet(self, q: &[Pack; MAX_Q], t: Pack, turn: Complex) -> Jet {
        let s = q[1] + q[0] * t;
        let (sin, cos) = (turn.im, turn.re);
        along(
            Complex::new(s * cos, s * sin),
            Complex::new(cos - s * sin, sin + s * cos),
            Complex::new(-(sin * 2.0 + s * cos), cos * 2.0 - s * sin),
            t,
        )
    }
}

impl Curve for LogarithmicCentre {
    const Q: usize = 2;

    fn bounds(self, max_angle: f64) -> [f64; MAX_Q] {
        [max_angle, MAX_LOG_RADIUS, 0.0]
    }

    #[inline(always)]
    fn gauge(self, _: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Complex, Complex) {
        let (growth, turn) = (step[1] * 0.5, step[0] * 0.5);
        let (sin, cos) = turn.sin_cos();
        (
            Complex::new(cos, -sin) * (-growth).exp(),
            Complex::new(growth, turn),
        )
    }

    #[inline(always)]
    fn value(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        self.turn(q, t)
    }

    #[inline(always)]
    fn turn(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let (sin, cos) = (q[0] * t).sin_cos();
        Complex::new(cos, sin) * (q[1] * t).exp()
    }

    #[inline(always)]
    fn jet(self, _: &[Pack; MAX_Q], t: Pack, value: Complex) -> Jet {
        let by_growth = value * t;
        let by_both = value * (t * t);
        Jet {
            value,
            first: [by_growth.times_i(), by_growth, Complex::ZERO],
            second: [
                by_both * -1.0,
                by_both.times_i(),
                by_both,
                Complex::ZERO,
                Complex::ZERO,
                Complex::ZERO,
            ],
        }
    }
}

impl Curve for LogarithmicCusp {
    const Q: usize = 3;

    fn bounds(self, max_angle: f64) -> [f64; MAX_Q] {
        [max_angle, MAX_LOG_RADIUS, 1.0]
    }

    #[inline(always)]
    fn gauge(self, q: &[Pack; MAX_Q], step: &[Pack; MAX_Q]) -> (Complex, Complex) {
        let there = [q[0] + step[0], q[1] + step[1], q[2] + step[2]];
        let middle = Pack::splat(0.5);
        let (from, to) = (self.value(q, middle), self.value(&there, middle));
        let twelfth = 1.0 / 12.0;
        let before = from.norm2() + (q[0] * q[0] + q[1] * q[1]) * twelfth;
        let after = to.norm2() + (there[0] * there[0] + there[1] * there[1]) * twelfth;
        let (speed, faster) = (Complex::new(q[1], q[0]), Complex::new(step[1], step[0]));
        let power = faster * (q[2] + 0.5) + speed * step[2];
        let e = from + Complex::new(Pack::splat(1.0), Pack::ZERO);
        let slope = from.dot(e * power) * 2.0 + speed.dot(faster) * (2.0 * twelfth);
        let size = before.over(after).sqrt();
        (
            Complex::new(size, Pack::ZERO),
            Complex::new(slope.over(before) * 0.5, Pack::ZERO),
        )
    }

    #[inline(always)]
    fn value(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        self.turn(q, t) - Complex::new(Pack::splat(1.0), Pack::ZERO)
    }

    #[inline(always)]
    fn turn(self, q: &[Pack; MAX_Q], t: Pack) -> Complex {
        let time = q[2] + t;
        let (sin, cos) = (q[0] * time).sin_cos();
        Complex::new(cos, sin) * (q[1] * time).exp()
    }

    #[inline(always)]
    fn jet(self, q: &[Pack; MAX_Q], t: Pack, e: Complex) -> Jet {
        let time = q[2] + t;
        let value = e - Complex::new(Pack::splat(1.0), Pack::ZERO);
        let speed = Complex::new(q[1], q[0]);
        let by_growth = e * time;
        let by_both = by_growth * time;
        let by_lag = e * speed;
        let mixed = e + by_growth * speed;
        Jet {
            value,
            first: [by_growth.times_i(), by_growth, by_lag],
            second: [
                by_both * -1.0,
                by_both.times_i(),
                by_both,
                mixed.times_i(),
                mixed,
                by_lag * speed,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences_agree(curve: impl Curve) {
        let (point, t, h) = ([1.3, -0.7, 0.4], Pack::splat(0.6), 1e-5);
        let at = |q: [f64; 3]| {
            let q = q.map(Pack::splat);
            curve.jet(&q, t, curve.turn(&q, t))
        };
        let close = |a: Complex, b: Complex| {
            assert!(
                (a.re.0[0] - b.re.0[0]).abs() < 1e-8 && (a.im.0[0] - b.im.0[0]).abs() < 1e-8,
                "{a:?} {b:?}"
            );
        };
        let jet = at(point);
        close(jet.value, curve.value(&point.map(Pack::splat), t));
        for j in 0..3 {
            let (mut low, mut high) = (point, point);
            low[j] -= h;
            high[j] += h;
            let (low, high) = (at(low), at(high));
            if j < first_free(&jet) {
                close((high.value - low.value) * (0.5 / h), jet.first[j]);
                for k in 0..=j {
                    close(
                        (high.first[k] - low.first[k]) * (0.5 / h),
                        jet.second[j * (j + 1) / 2 + k],
                    );
                }
            }
        }
    }

    fn first_free(jet: &Jet) -> usize {
        if jet.first[2] == Complex::ZERO { 2 } else { 3 }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        differences_agree(Involute { cusp: false });
        differences_agree(Involute { cusp: true });
        differences_agree(Archimedean);
        differences_agree(LogarithmicCentre);
        differences_agree(LogarithmicCusp);
    }
}
