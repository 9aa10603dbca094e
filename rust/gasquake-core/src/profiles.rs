//! One pass over vertical profiles: is an anomaly rooted in the ground, or does it float?
//!
//! Levels are walked from the ground up, some neighbouring profiles at a time; levels that can never count are
//! never read.

use crate::error::{Error, Result, check_shape};
use crate::lanes::{tiles, tiles_mut};
use crate::parallel::{Exec, for_each};
use crate::real::Real;
use crate::simd::{Vectorized, prefetch, vectorize};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

/// Profiles walked together.
const LANES: usize = 64;
/// Profiles in one job.
const TILE: usize = 128 * LANES;
/// How far ahead of the walk a level's row is asked for; a row a level is more streams than the hardware follows.
const AHEAD: usize = 8 * LANES;
/// A level must lie this far above the ground, in hPa.
const CLEARANCE: f64 = 5.0;
/// One-sided 95 % of a normal distribution.
const ONE_SIDED_95: f64 = 1.645;

/// What a profile's anomaly says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Verdict {
    /// Too few levels below the split.
    Undetermined = -1,
    /// No level reaches the threshold.
    None = 0,
    /// Anomalous from the ground up and decreasing with height.
    Rooted = 1,
    /// Anomalous above the split and quiet below.
    Rootless = 2,
    /// Anomalous, but neither.
    Mixed = 3,
}

/// Thresholds of the scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criteria {
    /// Levels with a pressure of at least this are below, hPa.
    pub split: f64,
    /// The gradient is fitted up to this pressure, hPa.
    pub top: f64,
    /// Levels above this are ignored, hPa.
    pub upper: f64,
    /// z from which a level is anomalous.
    pub threshold: f64,
    /// z below which a level is quiet.
    pub quiet: f64,
    /// Counted levels needed below the split.
    pub min_below: usize,
    /// Scale height, km.
    pub scale_height: f64,
}

/// A level that can count.
#[derive(Clone, Copy)]
struct Level {
    index: usize,
    pressure: f64,
    zeta: f64,
    below: bool,
    fitted: bool,
}

/// Where the results go, each `(outer, 1, inner)`.
pub struct Outputs<'a, T> {
    /// Verdict.
    pub verdict: ArrayViewMut3<'a, i8>,
    /// Slope, units of values per km.
    pub gradient: ArrayViewMut3<'a, T>,
    /// Its standard error.
    pub gradient_se: ArrayViewMut3<'a, T>,
    /// Largest z below the split.
    pub z_below: ArrayViewMut3<'a, T>,
    /// Largest z above it.
    pub z_above: ArrayViewMut3<'a, T>,
    /// Level of the largest z.
    pub peak_level: ArrayViewMut3<'a, i16>,
    /// Lowest counted level.
    pub bottom_level: ArrayViewMut3<'a, i16>,
    /// Counted levels below the split.
    pub n_below: ArrayViewMut3<'a, i16>,
}

struct OutputTile<'a, T> {
    verdict: ArrayViewMut2<'a, i8>,
    gradient: ArrayViewMut2<'a, T>,
    gradient_se: ArrayViewMut2<'a, T>,
    z_below: ArrayViewMut2<'a, T>,
    z_above: ArrayViewMut2<'a, T>,
    peak_level: ArrayViewMut2<'a, i16>,
    bottom_level: ArrayViewMut2<'a, i16>,
    n_below: ArrayViewMut2<'a, i16>,
}

/// Scans every profile of `values`, `(outer, level, inner)`; `surface_pressure` is `(outer, 1, inner)`.
///
/// # Errors
/// A pressure that is not positive, finite and strictly monotonic; shapes that do not fit; an interrupt.
pub fn scan_profiles<T: Real>(
    values: ArrayView3<'_, T>,
    pressure: &[f64],
    sigma: Option<ArrayView3<'_, T>>,
    surface_pressure: Option<ArrayView3<'_, T>>,
    criteria: Criteria,
    out: Outputs<'_, T>,
    exec: Exec<'_>,
) -> Result<()> {
    let (outer, n, inner) = values.dim();
    let profiles = [outer, 1, inner];
    let levels = plan(pressure, &criteria)?;
    check_shape("pressure", &[pressure.len()], &[n])?;
    if let Some(sigma) = &sigma {
        check_shape("sigma", sigma.shape(), values.shape())?;
    }
    if let Some(ground) = &surface_pressure {
        check_shape("surface_pressure", ground.shape(), &profiles)?;
    }
    check_shape("verdict", out.verdict.shape(), &profiles)?;
    check_shape("gradient", out.gradient.shape(), &profiles)?;
    check_shape("gradient_se", out.gradient_se.shape(), &profiles)?;
    check_shape("z_below", out.z_below.shape(), &profiles)?;
    check_shape("z_above", out.z_above.shape(), &profiles)?;
    check_shape("peak_level", out.peak_level.shape(), &profiles)?;
    check_shape("bottom_level", out.bottom_level.shape(), &profiles)?;
    check_shape("n_below", out.n_below.shape(), &profiles)?;

    let values = tiles(values, TILE);
    let mut sigma = sigma
        .map_or_else(Vec::new, |sigma| tiles(sigma, TILE))
        .into_iter();
    let mut ground = surface_pressure
        .map_or_else(Vec::new, |ground| tiles(ground, TILE))
        .into_iter();
    let mut verdict = tiles_mut(out.verdict, TILE).into_iter();
    let mut gradient = tiles_mut(out.gradient, TILE).into_iter();
    let mut gradient_se = tiles_mut(out.gradient_se, TILE).into_iter();
    let mut z_below = tiles_mut(out.z_below, TILE).into_iter();
    let mut z_above = tiles_mut(out.z_above, TILE).into_iter();
    let mut peak_level = tiles_mut(out.peak_level, TILE).into_iter();
    let mut bottom_level = tiles_mut(out.bottom_level, TILE).into_iter();
    let mut n_below = tiles_mut(out.n_below, TILE).into_iter();
    let levels = &levels;
    let mut jobs = Vec::with_capacity(values.len());
    for values in values {
        let (sigma, ground) = (sigma.next(), ground.next());
        let outputs = (|| {
            Some(OutputTile {
                verdict: verdict.next()?,
                gradient: gradient.next()?,
                gradient_se: gradient_se.next()?,
                z_below: z_below.next()?,
                z_above: z_above.next()?,
                peak_level: peak_level.next()?,
                bottom_level: bottom_level.next()?,
                n_below: n_below.next()?,
            })
        })();
        // The shapes were checked, so that there are as many output tiles as input tiles.
        if let Some(out) = outputs {
            jobs.push(Scan {
                values,
                sigma,
                ground,
                levels,
                criteria,
                out,
            });
        }
    }
    for_each(exec, jobs, |job, _| vectorize(job))
}

/// The levels that can count, from the ground up.
fn plan(pressure: &[f64], criteria: &Criteria) -> Result<Vec<Level>> {
    if let Some(p) = pressure.iter().find(|p| !(p.is_finite() && **p > 0.0)) {
        return Err(Error::value(
            "pressure",
            format!("must be positive and finite (hPa), got {p}"),
        ));
    }
    let falling = pressure.windows(2).all(|pair| pair[0] > pair[1]);
    let rising = pressure.windows(2).all(|pair| pair[0] < pair[1]);
    if !(falling || rising) {
        return Err(Error::value(
            "pressure",
            "must be strictly monotonic along the levels",
        ));
    }
    if pressure.len() > i16::MAX as usize {
        return Err(Error::value(
            "pressure",
            format!(
                "has {} levels, at most {} are possible",
                pressure.len(),
                i16::MAX
            ),
        ));
    }
    let mut levels: Vec<Level> = pressure
        .iter()
        .enumerate()
        .filter(|&(_, &p)| p >= criteria.upper)
        .map(|(index, &p)| Level {
            index,
            pressure: p,
            zeta: -criteria.scale_height * p.ln(),
            below: p >= criteria.split,
            fitted: p >= criteria.top,
        })
        .collect();
    if rising {
        levels.reverse();
    }
    // A slope does not depend on where zeta is 0: the middle of the fitted levels keeps its sums small.
    let fitted = levels.iter().filter(|level| level.fitted).count().max(1) as f64;
    let middle = levels
        .iter()
        .filter(|l| l.fitted)
        .map(|l| l.zeta)
        .sum::<f64>()
        / fitted;
    for level in &mut levels {
        level.zeta -= middle;
    }
    Ok(levels)
}

struct Scan<'a, T> {
    values: ArrayView2<'a, T>,
    sigma: Option<ArrayView2<'a, T>>,
    ground: Option<ArrayView2<'a, T>>,
    levels: &'a [Level],
    criteria: Criteria,
    out: OutputTile<'a, T>,
}

/// No level of the plan.
const NEVER: i32 = i32::MAX;

/// What is known of each lane's z-scores so far. Levels are counted from the ground up.
struct Peaks<T> {
    /// Lowest level that counts, and its value.
    bottom: [i32; LANES],
    pivot: [T; LANES],
    /// Lowest level below the split that counts and is quiet.
    broken: [i32; LANES],
    n_below: [i32; LANES],
    z_below: [T; LANES],
    z_above: [T; LANES],
    peak_below: [i32; LANES],
    peak_above: [i32; LANES],
}

impl<T: Real> Peaks<T> {
    const NEW: Self = Self {
        bottom: [NEVER; LANES],
        pivot: [T::NAN; LANES],
        broken: [NEVER; LANES],
        n_below: [0; LANES],
        z_below: [T::NEG_INFINITY; LANES],
        z_above: [T::NEG_INFINITY; LANES],
        peak_below: [NEVER; LANES],
        peak_above: [NEVER; LANES],
    };

    /// Takes level `k` into account, of which lanes from `start` on count.
    ///
    /// Everything is loaded before it is chosen from: a store must not become a conditional one, which is masked and
    /// cannot be forwarded to the next load.
    #[inline(always)]
    fn step<const BELOW: bool>(
        &mut self,
        k: i32,
        quiet: T,
        row: &[T; LANES],
        z: &[T; LANES],
        start: &[i32; LANES],
    ) {
        for l in 0..LANES {
            let counts = z[l] > T::NEG_INFINITY && k >= start[l];
            let z = if counts { z[l] } else { T::NEG_INFINITY };
            let (bottom, pivot) = (self.bottom[l], self.pivot[l]);
            let first = counts && bottom == NEVER;
            self.bottom[l] = if first { k } else { bottom };
            self.pivot[l] = if first { row[l] } else { pivot };
            if BELOW {
                let (broken, top, peak) = (self.broken[l], self.z_below[l], self.peak_below[l]);
                let breaks = counts && z < quiet && broken == NEVER;
                let best = z > top;
                self.broken[l] = if breaks { k } else { broken };
                self.z_below[l] = if best { z } else { top };
                self.peak_below[l] = if best { k } else { peak };
                self.n_below[l] += i32::from(counts);
            } else {
                let (top, peak) = (self.z_above[l], self.peak_above[l]);
                let best = z > top;
                self.z_above[l] = if best { z } else { top };
                self.peak_above[l] = if best { k } else { peak };
            }
        }
    }
}

/// Sums of the fit, about each lane's lowest value (one of the fitted: no cancellation, see `moments`).
struct Fit {
    n: [f64; LANES],
    weight: [f64; LANES],
    zeta: [f64; LANES],
    zeta2: [f64; LANES],
    value: [f64; LANES],
    value2: [f64; LANES],
    cross: [f64; LANES],
}

impl Fit {
    const NEW: Self = Self {
        n: [0.0; LANES],
        weight: [0.0; LANES],
        zeta: [0.0; LANES],
        zeta2: [0.0; LANES],
        value: [0.0; LANES],
        value2: [0.0; LANES],
        cross: [0.0; LANES],
    };

    #[inline(always)]
    fn step<T: Real, const SIGMA: bool>(
        &mut self,
        k: i32,
        zeta: f64,
        row: &[T; LANES],
        z: &[T; LANES],
        sigma: &[T; LANES],
        pivot: &[T; LANES],
        start: &[i32; LANES],
    ) {
        for l in 0..LANES {
            let counts = z[l] > T::NEG_INFINITY && k >= start[l];
            let one = if counts { 1.0 } else { 0.0 };
            let d = row[l].to_f64() - pivot[l].to_f64();
            // By arithmetic: a sum that is chosen or not would be stored under a mask.
            let d = if counts { d } else { 0.0 };
            self.n[l] += one;
            if SIGMA {
                let s = sigma[l].to_f64();
                let w = if counts { 1.0 / (s * s) } else { 0.0 };
                self.weight[l] += w;
                self.zeta[l] += w * zeta;
                self.zeta2[l] += w * (zeta * zeta);
                self.value[l] += w * d;
                self.cross[l] += w * (d * zeta);
            } else {
                self.zeta[l] += one * zeta;
                self.zeta2[l] += one * (zeta * zeta);
                self.value[l] += d;
                self.value2[l] += d * d;
                self.cross[l] += d * zeta;
            }
        }
    }

    /// Slope and its standard error, NaN where too few levels count.
    #[inline(always)]
    fn solve<const SIGMA: bool>(&self) -> ([f64; LANES], [f64; LANES]) {
        let mut slope = [f64::NAN; LANES];
        let mut se = [f64::NAN; LANES];
        for l in 0..LANES {
            let n = self.n[l];
            let w = if SIGMA { self.weight[l] } else { n };
            // w^2 times the variance of zeta, and w^2 times its covariance with the value.
            let spread = w * self.zeta2[l] - self.zeta[l] * self.zeta[l];
            let shared = w * self.cross[l] - self.zeta[l] * self.value[l];
            if SIGMA {
                let inverse = 1.0 / spread;
                slope[l] = if n >= 2.0 { shared * inverse } else { f64::NAN };
                se[l] = if n >= 2.0 {
                    (w * inverse).sqrt()
                } else {
                    f64::NAN
                };
            } else {
                // One division for the slope and for the variance of the residuals.
                let free = if n > 2.0 { n - 2.0 } else { 1.0 };
                let inverse = 1.0 / (spread * free);
                let b = shared * (inverse * free);
                let residuals = (n * self.value2[l] - self.value[l] * self.value[l]) - b * shared;
                let residuals = if residuals > 0.0 { residuals } else { 0.0 };
                slope[l] = if n >= 2.0 { b } else { f64::NAN };
                se[l] = if n > 2.0 {
                    (residuals * inverse).sqrt()
                } else {
                    f64::NAN
                };
            }
        }
        (slope, se)
    }
}

impl<T: Real> Vectorized for Scan<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        // No rows where they do not lie side by side: lanes are then gathered one by one.
        let values = self.values;
        let rows: Vec<&[T]> = self
            .levels
            .iter()
            .filter_map(|level| values.row(level.index).to_slice())
            .collect();
        let mut from = 0;
        while from < values.ncols() {
            if self.sigma.is_some() {
                self.walk::<true>(from, &rows);
            } else {
                self.walk::<false>(from, &rows);
            }
            from += LANES;
        }
    }
}

impl<T: Real> Scan<'_, T> {
    /// Judges the profiles of lanes `from..from + LANES`.
    #[inline(always)]
    fn walk<const SIGMA: bool>(&mut self, from: usize, rows: &[&[T]]) {
        let start = self.grounds(from);
        let quiet = T::ceil_from(self.criteria.quiet);
        let mut peaks = Peaks::NEW;
        let mut fit = Fit::NEW;
        let mut sigma = [T::NAN; LANES];
        for (k, &level) in self.levels.iter().enumerate() {
            let copy;
            let full = rows.get(k).and_then(|row| {
                prefetch_row(row, from + AHEAD);
                row.get(from..from + LANES)?.try_into().ok()
            });
            let row: &[T; LANES] = if let Some(row) = full {
                row
            } else {
                copy = gather(&self.values, level.index, from);
                &copy
            };
            if let Some(spread) = &self.sigma {
                sigma = gather(spread, level.index, from);
            }
            let mut z = [T::NEG_INFINITY; LANES];
            for l in 0..LANES {
                let s = sigma[l].to_f64();
                let known = !SIGMA || (s > 0.0 && s < f64::INFINITY);
                let ratio = if SIGMA {
                    T::from_f64(row[l].to_f64() / s)
                } else {
                    row[l]
                };
                z[l] = if row[l].valid() && known {
                    ratio
                } else {
                    T::NEG_INFINITY
                };
            }
            let k = k as i32;
            if level.below {
                peaks.step::<true>(k, quiet, row, &z, &start);
            } else {
                peaks.step::<false>(k, quiet, row, &z, &start);
            }
            if level.fitted {
                fit.step::<T, SIGMA>(k, level.zeta, row, &z, &sigma, &peaks.pivot, &start);
            }
        }
        let (slope, se) = fit.solve::<SIGMA>();
        self.finish(from, &peaks, &slope, &se);
    }

    /// The lowest level above the ground of each lane, counted from the ground up.
    #[inline(always)]
    fn grounds(&self, from: usize) -> [i32; LANES] {
        let mut start = [0; LANES];
        if let Some(pressure) = &self.ground {
            let row = gather(pressure, 0, from);
            for level in self.levels {
                for l in 0..LANES {
                    let above = row[l].valid() && level.pressure <= row[l].to_f64() - CLEARANCE;
                    start[l] += i32::from(!above);
                }
            }
        }
        start
    }

    #[inline(always)]
    fn finish(&mut self, from: usize, peaks: &Peaks<T>, slope: &[f64; LANES], se: &[f64; LANES]) {
        let threshold = T::ceil_from(self.criteria.threshold);
        let quiet = T::ceil_from(self.criteria.quiet);
        let min_below = self.criteria.min_below.min(i32::MAX as usize) as i32;
        // Levels of the plan are those of the array, or those from its end back.
        let first = self.levels.first().map_or(0, |level| level.index) as i32;
        let rising = if self.levels.len() > 1 && first > 0 {
            -1
        } else {
            1
        };
        let mut verdict = [0i8; LANES];
        let mut gradient = [T::NAN; LANES];
        let mut gradient_se = [T::NAN; LANES];
        let mut z_below = [T::NAN; LANES];
        let mut z_above = [T::NAN; LANES];
        let mut peak = [-1i16; LANES];
        let mut bottom = [-1i16; LANES];
        let mut n_below = [0i16; LANES];
        for l in 0..LANES {
            let (below, above) = (peaks.z_below[l], peaks.z_above[l]);
            let falls = slope[l] + ONE_SIDED_95 * se[l] < 0.0;
            let rooted = below >= threshold && peaks.peak_below[l] < peaks.broken[l] && falls;
            let rootless = above >= threshold && below < quiet;
            let silent = below < threshold && above < threshold;
            let v = if rootless {
                Verdict::Rootless as i8
            } else {
                Verdict::Mixed as i8
            };
            let v = if rooted { Verdict::Rooted as i8 } else { v };
            let v = if silent { Verdict::None as i8 } else { v };
            let unsure = peaks.n_below[l] < min_below;
            verdict[l] = if unsure {
                Verdict::Undetermined as i8
            } else {
                v
            };
            gradient[l] = T::from_f64(slope[l]);
            gradient_se[l] = T::from_f64(se[l]);
            z_below[l] = if below > T::NEG_INFINITY {
                below
            } else {
                T::NAN
            };
            z_above[l] = if above > T::NEG_INFINITY {
                above
            } else {
                T::NAN
            };
            let (low, high) = (peaks.peak_below[l], peaks.peak_above[l]);
            let k = if above > below { high } else { low };
            peak[l] = if k == NEVER {
                -1
            } else {
                (first + rising * k) as i16
            };
            let k = peaks.bottom[l];
            bottom[l] = if k == NEVER {
                -1
            } else {
                (first + rising * k) as i16
            };
            n_below[l] = peaks.n_below[l] as i16;
        }
        scatter(&mut self.out.verdict, from, &verdict);
        scatter(&mut self.out.gradient, from, &gradient);
        scatter(&mut self.out.gradient_se, from, &gradient_se);
        scatter(&mut self.out.z_below, from, &z_below);
        scatter(&mut self.out.z_above, from, &z_above);
        scatter(&mut self.out.peak_level, from, &peak);
        scatter(&mut self.out.bottom_level, from, &bottom);
        scatter(&mut self.out.n_below, from, &n_below);
    }
}

#[inline(always)]
fn prefetch_row<T>(row: &[T], from: usize) {
    let line = 64 / size_of::<T>();
    for at in (from..from + LANES).step_by(line) {
        prefetch(row, at);
    }
}

/// Lanes `from..from + LANES` of one row of a tile, missing beyond its last.
#[inline(always)]
fn gather<T: Real>(tile: &ArrayView2<'_, T>, row: usize, from: usize) -> [T; LANES] {
    let mut out = [T::NAN; LANES];
    let row = tile.row(row);
    let n = (row.len() - from).min(LANES);
    if let Some(lanes) = row.to_slice() {
        out[..n].copy_from_slice(&lanes[from..from + n]);
    } else if row.stride_of(Axis(0)) == 0 {
        out[..n].fill(row[0]);
    } else {
        for (l, to) in out[..n].iter_mut().enumerate() {
            *to = row[from + l];
        }
    }
    out
}

/// Writes lanes `from..from + LANES` of a one-row tile.
#[inline(always)]
fn scatter<T: Copy>(tile: &mut ArrayViewMut2<'_, T>, from: usize, lanes: &[T; LANES]) {
    let mut row = tile.row_mut(0);
    if let Some(target) = row.as_slice_mut().and_then(|row| row.get_mut(from..)) {
        match target.first_chunk_mut::<LANES>() {
            Some(full) => *full = *lanes,
            None => target.copy_from_slice(&lanes[..target.len()]),
        }
    } else {
        for (to, &x) in row.iter_mut().skip(from).zip(lanes) {
            *to = x;
        }
    }
}
