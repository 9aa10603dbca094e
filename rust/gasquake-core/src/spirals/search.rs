//! Where to start: the least squares cost over the whole domain, on a grid of rates.
//!
//! For given nonlinear parameters the amplitude is a complex linear least squares, and what it explains of the track is
//! a ratio, |b^H W z|^2 / b^H W b. With U = sum w e^{-i rate t} z and V = sum w t e^{-i rate t} z this is for involute
//! and Archimedean about their centre a ratio of two quadratics in the offset, whose maximum is known in closed form:
//! the search is one-dimensional. The others need a grid in their second (and third) parameter, but no sum over the
//! points for each offset. Rates lie in lanes.

use super::Track;
use super::curve::{
    Archimedean, Curve, Involute, LogarithmicCentre, LogarithmicCusp, MAX_LOG_RADIUS, MAX_Q,
};
use super::pack::{Complex, LANES, Pack};
use super::peaks::{Best, FEW, MANY};
use crate::parallel::Stop;
use crate::simd::Vectorized;

/// Step of the grid in rate (by time span) and offset, rad: a sixth of the narrowest peak that a track can make.
const STEP: f64 = 0.4;
/// Step of the grid in the logarithm of the radius.
const GROWTH_STEP: f64 = 0.7;

/// Nonlinear parameters to refine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) cost: f64,
    pub(super) q: [f64; MAX_Q],
}

/// The least squares cost along the best other parameters, for all rates.
pub(super) struct Grid<'a, K> {
    pub(super) curve: K,
    pub(super) track: &'a Track,
    /// Weight of each point.
    pub(super) weights: &'a [f64],
    pub(super) max_angle: f64,
    /// Whether the starts are for another loss than the squares.
    pub(super) robust: bool,
    /// Up to `MANY` starts of each rate.
    pub(super) starts: &'a mut Vec<Start>,
    pub(super) stop: &'a Stop,
}

/// Sums over the points that do not depend on the rate.
struct Moments {
    s: [f64; 3],
    z: [f64; 2],
    power: f64,
}

/// What the grid of one kind does with eight rates.
pub(super) trait Screen: Curve {
    /// Whether the grid's second parameter is a growth, not an offset.
    const GROWS: bool;
    /// Whether a rate has many peaks.
    const MANY: bool;
    /// Offers all candidates for the rates `q0`; `turns` holds e^{-i q0 t} of each point.
    fn screen<const N: usize>(
        self,
        grid: &Table<'_>,
        q0: Pack,
        turns: &[Complex],
        best: &mut Best<N>,
    );
}

/// What the rates share.
pub(super) struct Table<'a> {
    track: &'a Track,
    weights: &'a [f64],
    moments: Moments,
    max_angle: f64,
    robust: bool,
    /// Offsets with their cosine and sine, or growths with sum w e^{2 growth t}.
    second: Vec<[f64; 3]>,
    /// w e^{growth t} z for each growth and point, and e^{growth t} w.
    grown: Vec<[f64; 3]>,
}

impl<K: Screen> Vectorized for Grid<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if K::MANY {
            self.keeping::<MANY>();
        } else {
            self.keeping::<FEW>();
        }
    }
}

impl<K: Screen> Grid<'_, K> {
    #[inline(always)]
    fn keeping<const N: usize>(self) {
        let table = Table::new(
            self.track,
            self.weights,
            self.max_angle,
            self.robust,
            K::GROWS,
        );
        let rates = steps(self.max_angle, STEP).next_multiple_of(LANES);
        let spacing = 2.0 * self.max_angle / (rates - 1) as f64;
        let mut turns = vec![Complex::ZERO; self.track.t.len()];
        self.starts.clear();
        for first in (0..rates).step_by(LANES) {
            if self.stop.requested() {
                return;
            }
            let mut q0 = Pack::ZERO;
            for l in 0..LANES {
                q0.0[l] = ((first + l) as f64 * spacing - self.max_angle).min(self.max_angle);
            }
            for (turn, &t) in turns.iter_mut().zip(&self.track.t) {
                let (sin, cos) = (q0 * t).sin_cos();
                *turn = Complex::new(cos, -sin);
            }
            let mut best = Best::<N>::new();
            self.curve.screen(&table, q0, &turns, &mut best);
            best.close();
            for (explained, q) in best.peaks {
                for l in 0..LANES {
                    if explained.0[l] >= 0.0 {
                        self.starts.push(Start {
                            cost: 0.5 * (table.moments.power - explained.0[l]),
                            q: [q0.0[l], q[0].0[l], q[1].0[l]],
                        });
                    }
                }
            }
        }
    }
}

fn steps(half_width: f64, step: f64) -> usize {
    (2.0 * half_width / step).ceil() as usize + 1
}

impl<'a> Table<'a> {
    #[inline(always)]
    fn new(
        track: &'a Track,
        weights: &'a [f64],
        max_angle: f64,
        robust: bool,
        grows: bool,
    ) -> Self {
        let mut moments = Moments {
            s: [0.0; 3],
            z: [0.0; 2],
            power: 0.0,
        };
        for k in 0..track.t.len() {
            let (w, t, x, y) = (weights[k], track.t[k], track.x[k], track.y[k]);
            moments.s[0] += w;
            moments.s[1] += w * t;
            moments.s[2] += w * t * t;
            moments.z[0] += w * x;
            moments.z[1] += w * y;
            moments.power += w * (x * x + y * y);
        }
        let (half, step) = if grows {
            (MAX_LOG_RADIUS, GROWTH_STEP)
        } else {
            (max_angle, STEP)
        };
        let count = steps(half, step);
        let mut second = Vec::with_capacity(count);
        let mut grown = Vec::new();
        for i in 0..count {
            let value = half * (2.0 * i as f64 / (count - 1) as f64 - 1.0);
            let (sin, cos) = Pack::splat(value).sin_cos();
            if !grows {
                second.push([value, cos.0[0], sin.0[0]]);
                continue;
            }
            let mut norm = 0.0;
            for k in 0..track.t.len() {
                let factor = Pack::splat(value * track.t[k]).exp().0[0];
                let weighted = weights[k] * factor;
                grown.push([weighted * track.x[k], weighted * track.y[k], weighted]);
                norm += weighted * factor;
            }
            second.push([value, norm, 0.0]);
        }
        Self {
            track,
            weights,
            moments,
            max_angle,
            robust,
            second,
            grown,
        }
    }

    /// U and V: what the points sum to against e^{i rate t} and t e^{i rate t}.
    #[inline(always)]
    fn against(&self, turns: &[Complex]) -> [Complex; 2] {
        let mut out = [Complex::ZERO; 2];
        for k in 0..self.track.t.len() {
            let (w, t) = (self.weights[k], self.track.t[k]);
            let z = Complex::new(
                Pack::splat(w * self.track.x[k]),
                Pack::splat(w * self.track.y[k]),
            );
            let turned = turns[k] * z;
            out[0] = out[0] + turned;
            out[1] = out[1] + turned * t;
        }
        out
    }
}

/// Keeps the offset s where (n0 s^2 + 2 n1 s + n2) / (d0 s^2 + 2 d1 s + d2) is largest.
///
/// And both ends of the domain, if the loss is another than the squares: its best offset lies elsewhere, and on scattered
/// points often is a circle.
#[inline(always)]
fn best_offsets<const N: usize>(grid: &Table<'_>, n: [Pack; 3], d: [Pack; 3], best: &mut Best<N>) {
    let a = n[0] * d[1] - n[1] * d[0];
    let b = n[0] * d[2] - n[2] * d[0];
    let c = n[1] * d[2] - n[2] * d[1];
    let root = (b * b - a * c * 4.0)
        .map(|x| if x > 0.0 { x } else { 0.0 })
        .sqrt();
    let half = b.zip(root, |b, r| -0.5 * (b + if b < 0.0 { -r } else { r }));
    let (mut most, mut place) = (Pack::splat(-1.0), Pack::ZERO);
    let bound = grid.max_angle;
    for (s, end) in [
        (half.over(a).clamp(bound), false),
        (c.over(half).clamp(bound), false),
        (Pack::splat(bound), true),
        (Pack::splat(-bound), true),
    ] {
        let top = (n[0] * s + n[1] * 2.0) * s + n[2];
        let bottom = (d[0] * s + d[1] * 2.0) * s + d[2];
        let ratio = top.over(bottom);
        place = ratio.above(most, s, place);
        most = ratio.above(most, ratio, most);
        if end && grid.robust {
            best.keep((ratio, [s, Pack::ZERO]));
        }
    }
    best.keep((most, [place, Pack::ZERO]));
}

/// |sum|^2 / norm, or nothing where the curve has shrunk to a point.
#[inline(always)]
fn explained(sum: Complex, norm: Pack, weight: f64) -> Pack {
    sized(sum.norm2().over(norm), norm, weight)
}

/// `value`, or -1 where the curve has shrunk to a point.
///
/// As the lesser of two: of a choice the compiler makes a branch around what leads to `value`, for one lane of eight.
#[inline(always)]
fn sized(value: Pack, norm: Pack, weight: f64) -> Pack {
    let cap = norm.above(
        Pack::splat(1e-9 * weight),
        Pack::splat(f64::INFINITY),
        Pack::splat(-1.0),
    );
    value.zip(cap, |x, cap| if x < cap { x } else { cap })
}

impl Screen for Archimedean {
    const GROWS: bool = false;
    const MANY: bool = false;

    #[inline(always)]
    fn screen<const N: usize>(
        self,
        grid: &Table<'_>,
        q0: Pack,
        turns: &[Complex],
        best: &mut Best<N>,
    ) {
        let [u, v] = grid.against(turns);
        let s = grid.moments.s;
        best_offsets(
            grid,
            [u.norm2(), q0 * u.dot(v), q0 * q0 * v.norm2()],
            [Pack::splat(s[0]), q0 * s[1], q0 * q0 * s[2]],
            best,
        );
    }
}

impl Screen for Involute {
    const GROWS: bool = false;
    const MANY: bool = false;

    #[inline(always)]
    fn screen<const N: usize>(
        self,
        grid: &Table<'_>,
        q0: Pack,
        turns: &[Complex],
        best: &mut Best<N>,
    ) {
        let [u, v] = grid.against(turns);
        let s = grid.moments.s;
        let across = u.conj_mul(v);
        if !self.cusp {
            best_offsets(
                grid,
                [
                    u.norm2(),
                    q0 * across.re,
                    u.norm2() - q0 * across.im * 2.0 + q0 * q0 * v.norm2(),
                ],
                [Pack::splat(s[0]), q0 * s[1], q0 * q0 * s[2] + s[0]],
                best,
            );
            return;
        }
        let mut e = [Complex::ZERO; 2];
        for k in 0..turns.len() {
            let (w, t) = (grid.weights[k], grid.track.t[k]);
            let turn = Complex::new(turns[k].re, -turns[k].im) * w;
            e[0] = e[0] + turn;
            e[1] = e[1] + turn * t;
        }
        let [zx, zy] = grid.moments.z;
        let (v, e1) = ((v * q0).times_i(), (e[1] * q0).times_i());
        let still = q0 * q0 * s[2] + 2.0 * s[0];
        for &[offset, cos, sin] in &grid.second {
            // In a frame turned by -offset: b = (1 - i s) e^{i rate t} - e^{-i offset}.
            let at_cusp = Complex::new(
                Pack::splat(cos * zx - sin * zy),
                Pack::splat(cos * zy + sin * zx),
            );
            let sum = u + (u * offset).times_i() + v - at_cusp;
            let own = e[0] - (e[0] * offset).times_i() - e1;
            let norm = still + q0 * (2.0 * offset * s[1]) + offset * offset * s[0]
                - (own.re * cos - own.im * sin) * 2.0;
            best.offer(
                explained(sum, norm, s[0]),
                [Pack::splat(offset), Pack::ZERO],
            );
        }
    }
}

impl Screen for LogarithmicCentre {
    const GROWS: bool = true;
    const MANY: bool = false;

    #[inline(always)]
    fn screen<const N: usize>(
        self,
        grid: &Table<'_>,
        _: Pack,
        turns: &[Complex],
        best: &mut Best<N>,
    ) {
        for (i, &[growth, norm, _]) in grid.second.iter().enumerate() {
            let (u, _) = grown_sums(grid, i, turns);
            best.offer(
                explained(u, Pack::splat(norm), 0.0),
                [Pack::splat(growth), Pack::ZERO],
            );
        }
    }
}

/// Least number of steps in the time since the cusp, and how far the curve may turn between two of them.
const LAGS: usize = 14;
const LAG_STEP: f64 = 0.9;

impl Screen for LogarithmicCusp {
    const GROWS: bool = true;
    // A circle, or nearly one, fits as well with a lag of some turns more.
    const MANY: bool = true;

    #[inline(always)]
    fn screen<const N: usize>(
        self,
        grid: &Table<'_>,
        q0: Pack,
        turns: &[Complex],
        best: &mut Best<N>,
    ) {
        let z = Complex::new(
            Pack::splat(grid.moments.z[0]),
            Pack::splat(grid.moments.z[1]),
        );
        let all = grid.moments.s[0];
        let fastest = q0.0.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let lags = LAGS + (2.0 * fastest / LAG_STEP) as usize;
        let spacing = 2.0 / (lags - 1) as f64;
        let back = turn(-q0);
        let onward = turn(q0 * spacing);
        let mut branches = Vec::with_capacity(grid.second.len());
        for (i, &[growth, norm, _]) in grid.second.iter().enumerate() {
            let (u, e) = grown_sums(grid, i, turns);
            branches.push(Branch {
                growth,
                norm,
                u,
                e,
                power: back * Pack::splat(-growth).exp(),
                factor: onward * Pack::splat(growth * spacing).exp(),
            });
        }
        for j in 0..lags {
            // The best growth of this lag; fractions are compared without dividing.
            let (mut top, mut bottom, mut place) =
                (Pack::splat(-1.0), Pack::splat(1.0), Pack::ZERO);
            for branch in &mut branches {
                let a = branch.power;
                let sum = (a.conj_mul(branch.u) - z).norm2();
                let norm =
                    a.norm2() * branch.norm - (a.re * branch.e.re - a.im * branch.e.im) * 2.0 + all;
                let usable = sized(sum, norm, all);
                let (left, right) = (usable * bottom, top * norm);
                top = left.above(right, usable, top);
                bottom = left.above(right, norm, bottom);
                place = left.above(right, Pack::splat(branch.growth), place);
                branch.power = a * branch.factor;
            }
            best.offer(
                top.over(bottom),
                [place, Pack::splat(j as f64 * spacing - 1.0)],
            );
        }
    }
}

/// One growth, while the lags go by.
struct Branch {
    growth: f64,
    norm: f64,
    u: Complex,
    e: Complex,
    /// e^{(growth + i rate) lag}, and what takes it to the next lag.
    power: Complex,
    factor: Complex,
}

/// e^{i angle}.
#[inline(always)]
fn turn(angle: Pack) -> Complex {
    let (sin, cos) = angle.sin_cos();
    Complex::new(cos, sin)
}

/// For the i-th growth: sum w e^{(growth - i rate) t} z and sum w e^{(growth + i rate) t}.
#[inline(always)]
fn grown_sums(grid: &Table<'_>, i: usize, turns: &[Complex]) -> (Complex, Complex) {
    let (mut u, mut e) = (Complex::ZERO, Complex::ZERO);
    let n = turns.len();
    for (turn, &[x, y, factor]) in turns.iter().zip(&grid.grown[i * n..(i + 1) * n]) {
        u = u + *turn * Complex::new(Pack::splat(x), Pack::splat(y));
        e = e + *turn * factor;
    }
    (u, Complex::new(e.re, -e.im))
}
