//! One pass over vertical profiles: is an anomaly rooted in the ground, or does it float?
//!
//! Levels are walked from the ground up, some neighbouring profiles at a time; levels that can never count are
//! never read.

use crate::error::{Error, Result, check_shape};
use crate::lanes::{tiles, tiles_mut};
use crate::moments::as_count;
use crate::parallel::{Exec, for_each};
use crate::real::Real;
use crate::simd::{Vectorized, prefetch, vectorize};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

/// Profiles walked together.
const LANES: usize = 32;
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

/// What is known of each lane's profile so far. All lanes are f64, 0 or 1 for a truth, so that one width serves.
struct State {
    weight: [f64; LANES],
    zeta: [f64; LANES],
    zeta2: [f64; LANES],
    pivot: [f64; LANES],
    value: [f64; LANES],
    value2: [f64; LANES],
    cross: [f64; LANES],
    n_fit: [f64; LANES],
    n_below: [f64; LANES],
    z_below: [f64; LANES],
    z_above: [f64; LANES],
    peak_below: [f64; LANES],
    peak_above: [f64; LANES],
    bottom: [f64; LANES],
    unbroken: [f64; LANES],
    rooted: [f64; LANES],
}

impl State {
    const NEW: Self = Self {
        weight: [0.0; LANES],
        zeta: [0.0; LANES],
        zeta2: [0.0; LANES],
        pivot: [0.0; LANES],
        value: [0.0; LANES],
        value2: [0.0; LANES],
        cross: [0.0; LANES],
        n_fit: [0.0; LANES],
        n_below: [0.0; LANES],
        z_below: [f64::NEG_INFINITY; LANES],
        z_above: [f64::NEG_INFINITY; LANES],
        peak_below: [-1.0; LANES],
        peak_above: [-1.0; LANES],
        bottom: [-1.0; LANES],
        unbroken: [1.0; LANES],
        rooted: [0.0; LANES],
    };

    /// Forgets the last profiles, in place.
    #[inline(always)]
    fn clear(&mut self) {
        for l in 0..LANES {
            self.weight[l] = 0.0;
            self.zeta[l] = 0.0;
            self.zeta2[l] = 0.0;
            self.value[l] = 0.0;
            self.value2[l] = 0.0;
            self.cross[l] = 0.0;
            self.n_fit[l] = 0.0;
            self.n_below[l] = 0.0;
            self.z_below[l] = f64::NEG_INFINITY;
            self.z_above[l] = f64::NEG_INFINITY;
            self.peak_below[l] = -1.0;
            self.peak_above[l] = -1.0;
            self.bottom[l] = -1.0;
            self.unbroken[l] = 1.0;
            self.rooted[l] = 0.0;
        }
    }

    /// Takes one level into account. What cannot happen at this level is compiled out.
    #[inline(always)]
    fn step<T: Real, const BELOW: bool, const FITTED: bool, const SIGMA: bool>(
        &mut self,
        level: Level,
        quiet: f64,
        row: &[T; LANES],
        sigma: &[T; LANES],
        ground: &[f64; LANES],
    ) {
        let index = level.index as f64;
        let zeta = level.zeta;
        for l in 0..LANES {
            let x = row[l].to_f64();
            let s = sigma[l].to_f64();
            let known = !SIGMA || (s > 0.0 && s < f64::INFINITY);
            let counts = row[l].valid() && known && level.pressure <= ground[l];
            let z = if SIGMA { x / s } else { x };
            // Everything is loaded before it is chosen from: a store must not become a conditional one, which is
            // masked and cannot be forwarded to the next load.
            let bottom = self.bottom[l];
            self.bottom[l] = if counts && bottom < 0.0 {
                index
            } else {
                bottom
            };
            let z = if counts { z } else { f64::NEG_INFINITY };
            if BELOW {
                let (top, peak) = (self.z_below[l], self.peak_below[l]);
                let (unbroken, rooted) = (self.unbroken[l], self.rooted[l]);
                let unbroken = if counts && z < quiet { 0.0 } else { unbroken };
                let best = z > top;
                self.unbroken[l] = unbroken;
                self.rooted[l] = if best { unbroken } else { rooted };
                self.z_below[l] = if best { z } else { top };
                self.peak_below[l] = if best { index } else { peak };
                self.n_below[l] += if counts { 1.0 } else { 0.0 };
            } else {
                let (top, peak) = (self.z_above[l], self.peak_above[l]);
                let best = z > top;
                self.z_above[l] = if best { z } else { top };
                self.peak_above[l] = if best { index } else { peak };
            }
            if FITTED {
                // About the lowest counted value, which is one of them: no cancellation (see `moments`).
                let x = if counts { x } else { 0.0 };
                let pivot = self.pivot[l];
                let pivot = if self.n_fit[l] == 0.0 { x } else { pivot };
                self.pivot[l] = pivot;
                let d = if counts { x - pivot } else { 0.0 };
                let w = if SIGMA { 1.0 / (s * s) } else { 1.0 };
                let w = if counts { w } else { 0.0 };
                self.n_fit[l] += if counts { 1.0 } else { 0.0 };
                if SIGMA {
                    self.weight[l] += w;
                }
                let (wz, wd) = (w * zeta, w * d);
                self.zeta[l] += wz;
                self.zeta2[l] += wz * zeta;
                self.value[l] += wd;
                self.cross[l] += wd * zeta;
                if !SIGMA {
                    self.value2[l] += wd * d;
                }
            }
        }
    }
}

impl<T: Real> Vectorized for Scan<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let lanes = self.values.ncols();
        // No rows where they do not lie side by side: lanes are then gathered one by one.
        let values = self.values;
        let rows: Vec<&[T]> = self
            .levels
            .iter()
            .filter_map(|level| values.row(level.index).to_slice())
            .collect();
        let mut state = State::NEW;
        let mut from = 0;
        while from < lanes {
            if self.sigma.is_some() {
                self.walk::<true>(from, &rows, &mut state);
                self.finish::<true>(from, &state);
            } else {
                self.walk::<false>(from, &rows, &mut state);
                self.finish::<false>(from, &state);
            }
            from += LANES;
        }
    }
}

impl<T: Real> Scan<'_, T> {
    #[inline(always)]
    fn walk<const SIGMA: bool>(&self, from: usize, rows: &[&[T]], state: &mut State) {
        state.clear();
        let mut ground = [f64::INFINITY; LANES];
        if let Some(pressure) = &self.ground {
            let row = gather(pressure, 0, from);
            for l in 0..LANES {
                let known = row[l].valid();
                ground[l] = if known {
                    row[l].to_f64() - CLEARANCE
                } else {
                    f64::NAN
                };
            }
        }
        let unit = [T::NAN; LANES];
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
            let spread;
            let sigma = match &self.sigma {
                Some(sigma) if SIGMA => {
                    spread = gather(sigma, level.index, from);
                    &spread
                }
                _ => &unit,
            };
            let quiet = self.criteria.quiet;
            match (level.below, level.fitted) {
                (true, true) => {
                    state.step::<T, true, true, SIGMA>(level, quiet, row, sigma, &ground);
                }
                (true, false) => {
                    state.step::<T, true, false, SIGMA>(level, quiet, row, sigma, &ground);
                }
                (false, true) => {
                    state.step::<T, false, true, SIGMA>(level, quiet, row, sigma, &ground);
                }
                (false, false) => {
                    state.step::<T, false, false, SIGMA>(level, quiet, row, sigma, &ground);
                }
            }
        }
    }

    #[inline(always)]
    fn finish<const SIGMA: bool>(&mut self, from: usize, state: &State) {
        let Criteria {
            threshold,
            quiet,
            min_below,
            ..
        } = self.criteria;
        let min_below = min_below as f64;
        let mut verdict = [0i8; LANES];
        let mut gradient = [T::NAN; LANES];
        let mut gradient_se = [T::NAN; LANES];
        let mut z_below = [T::NAN; LANES];
        let mut z_above = [T::NAN; LANES];
        let mut peak = [-1i16; LANES];
        let mut bottom = [-1i16; LANES];
        let mut n_below = [0i16; LANES];
        for l in 0..LANES {
            let n = state.n_fit[l];
            let w = if SIGMA { state.weight[l] } else { n };
            let mean = state.zeta[l] / w;
            let sxx = state.zeta2[l] - state.zeta[l] * mean;
            let sxy = state.cross[l] - state.value[l] * mean;
            let enough = n >= 2.0;
            let slope = if enough { sxy / sxx } else { f64::NAN };
            let variance = if SIGMA {
                1.0 / sxx
            } else {
                let residuals = state.value2[l] - state.value[l] * state.value[l] / w - slope * sxy;
                let residuals = if residuals > 0.0 { residuals } else { 0.0 };
                residuals / ((n - 2.0) * sxx)
            };
            let known = if SIGMA { enough } else { n >= 3.0 };
            let se = if known { variance.sqrt() } else { f64::NAN };
            let (below, above) = (state.z_below[l], state.z_above[l]);
            let top = if above > below { above } else { below };
            let rooted =
                below >= threshold && state.rooted[l] == 1.0 && slope + ONE_SIDED_95 * se < 0.0;
            let rootless = above >= threshold && below < quiet;
            let mut v = Verdict::Mixed as i8;
            v = if rootless { Verdict::Rootless as i8 } else { v };
            v = if rooted { Verdict::Rooted as i8 } else { v };
            v = if top < threshold {
                Verdict::None as i8
            } else {
                v
            };
            v = if state.n_below[l] < min_below {
                Verdict::Undetermined as i8
            } else {
                v
            };
            verdict[l] = v;
            gradient[l] = T::from_f64(slope);
            gradient_se[l] = T::from_f64(se);
            z_below[l] = T::from_f64(if below > f64::NEG_INFINITY {
                below
            } else {
                f64::NAN
            });
            z_above[l] = T::from_f64(if above > f64::NEG_INFINITY {
                above
            } else {
                f64::NAN
            });
            let highest = if above > below {
                state.peak_above[l]
            } else {
                state.peak_below[l]
            };
            // One more and one less: counts have no sign.
            peak[l] = (as_count(highest + 1.0) - 1) as i16;
            bottom[l] = (as_count(state.bottom[l] + 1.0) - 1) as i16;
            n_below[l] = as_count(state.n_below[l]) as i16;
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
