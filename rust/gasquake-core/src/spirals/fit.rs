//! A minimum as the caller reads it.

use super::curve::{Archimedean, Involute, LogarithmicCentre, LogarithmicCusp};
use super::refine::Minimum;
use super::{Anchor, FIELDS, Kind, Options, ROUNDING, Track, misses, with_curve};
use crate::error::{Result, check_shape};
use ndarray::{ArrayViewMut1, ArrayViewMut2, Axis};

/// Where [`fit_spirals`](super::fit_spirals) writes.
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

impl Fits<'_> {
    pub(super) fn check(&self, tracks: usize) -> Result<()> {
        check_shape("table", self.table.shape(), &[FIELDS, tracks])?;
        check_shape("chirality", self.chirality.shape(), &[tracks])?;
        check_shape("n", self.n.shape(), &[tracks])?;
        check_shape("converged", self.converged.shape(), &[tracks])
    }

    /// So many tracks after the other.
    pub(super) fn blocks(&mut self, tracks: usize) -> impl Iterator<Item = Fits<'_>> {
        (self.table.axis_chunks_iter_mut(Axis(1), tracks))
            .zip(self.chirality.axis_chunks_iter_mut(Axis(0), tracks))
            .zip(self.n.axis_chunks_iter_mut(Axis(0), tracks))
            .zip(self.converged.axis_chunks_iter_mut(Axis(0), tracks))
            .map(|(((table, chirality), n), converged)| Fits {
                table,
                chirality,
                n,
                converged,
            })
    }

    /// The fit of the i-th track.
    pub(super) fn put(&mut self, i: usize, track: &Track, minimum: &Minimum, options: Options) {
        let fit = Fit::of(track, minimum, options);
        for (slot, &value) in self.table.column_mut(i).iter_mut().zip(&fit.fields) {
            *slot = value;
        }
        self.chirality[i] = fit.chirality;
        self.n[i] = track.t.len() as i32;
        self.converged[i] = fit.converged;
    }
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
    fn of(track: &Track, minimum: &Minimum, options: Options) -> Self {
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
        let square = sse(track, minimum, options);
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
    with_curve!(options, curve => misses(curve, track, minimum).map(|u| u * u).sum())
}
