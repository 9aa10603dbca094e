//! One pass over vertical profiles: is an anomaly rooted in the ground, or does it float?
//!
//! Levels are walked from the ground up, some neighbouring profiles at a time; levels that can never count are
//! never read.

mod fit;
mod peaks;
mod rows;
mod scan;

use crate::error::{Error, Result, check_shape};
use crate::lanes::{tiles, tiles_mut};
use crate::parallel::{Exec, for_each};
use crate::real::Real;
use crate::simd::vectorize;
use ndarray::{ArrayView3, ArrayViewMut2, ArrayViewMut3};
use scan::Scan;

/// Profiles walked together: their state stays in registers.
const LANES: usize = 16;
/// Profiles in one job.
const TILE: usize = 512 * LANES;

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
