"""Twin of the vertical scan. Moments of the fit are summed with `math.fsum`: right to a few ulp."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np

from oracle import lanes

UNDETERMINED, NONE, ROOTED, ROOTLESS, MIXED = -1, 0, 1, 2, 3


def counted_levels(x, sigma, pressure, ground, upper):
    """Indices of the levels that count, from the ground up."""
    return [
        k
        for k in sorted(range(len(pressure)), key=lambda k: -pressure[k])
        if math.isfinite(x[k])
        and (sigma is None or (math.isfinite(sigma[k]) and sigma[k] > 0))
        and upper <= pressure[k]
        and (ground is None or (math.isfinite(ground) and pressure[k] <= ground - 5))
    ]


def weighted_slope(zeta, x, w):
    """Slope of x on zeta, and the weighted Sxx and SSE."""
    total = math.fsum(w)
    zeta_mean = math.fsum(wi * zi for wi, zi in zip(w, zeta, strict=True)) / total
    x_mean = math.fsum(wi * xi for wi, xi in zip(w, x, strict=True)) / total
    sxx = math.fsum(wi * (zi - zeta_mean) ** 2 for wi, zi in zip(w, zeta, strict=True))
    sxy = math.fsum(wi * (zi - zeta_mean) * (xi - x_mean) for wi, zi, xi in zip(w, zeta, x, strict=True))
    slope = sxy / sxx
    sse = math.fsum(wi * (xi - x_mean - slope * (zi - zeta_mean)) ** 2 for wi, zi, xi in zip(w, zeta, x, strict=True))
    return slope, sxx, sse


def scan_one(x, sigma, pressure, ground, *, split, top, upper, threshold, quiet, min_below, scale_height_km):
    counted = counted_levels(x, sigma, pressure, ground, upper)
    z = {k: x[k] if sigma is None else x[k] / sigma[k] for k in counted}
    below = [k for k in counted if pressure[k] >= split]
    above = [k for k in counted if pressure[k] < split]
    z_below = max((z[k] for k in below), default=math.nan)
    z_above = max((z[k] for k in above), default=math.nan)
    peak = max(counted, key=lambda k: z[k], default=-1)  # max keeps the first of equals: the lowest

    gradient, error = math.nan, math.nan
    fitted = [k for k in counted if pressure[k] >= top]
    if len(fitted) >= 2:
        p_ref = max(pressure) if ground is None else ground
        zeta = [-scale_height_km * math.log(pressure[k] / p_ref) for k in fitted]
        w = [1.0 if sigma is None else 1 / sigma[k] ** 2 for k in fitted]
        gradient, sxx, sse = weighted_slope(zeta, [x[k] for k in fitted], w)
        if sigma is not None:
            error = 1 / math.sqrt(sxx)
        elif len(fitted) >= 3:
            error = math.sqrt(sse / (len(fitted) - 2) / sxx)

    if len(below) < min_below:
        verdict = UNDETERMINED
    elif not max(z.values(), default=math.nan) >= threshold:
        verdict = NONE
    elif (
        below
        and z_below >= threshold
        and all(z[k] >= quiet for k in below[: [z[k] for k in below].index(z_below) + 1])
        and gradient + 1.645 * error < 0
    ):
        verdict = ROOTED
    elif above and z_above >= threshold and all(z[k] < quiet for k in below):
        verdict = ROOTLESS
    else:
        verdict = MIXED
    return verdict, gradient, error, z_below, z_above, peak, counted[0] if counted else -1, len(below)


def scan_profiles(
    values,
    pressure,
    /,
    *,
    sigma=None,
    surface_pressure=None,
    split=600.0,
    top=400.0,
    upper=100.0,
    threshold=2.0,
    quiet=1.0,
    min_below=2,
    scale_height_km=7.5,
    level_axis=-3,
):
    values = np.asarray(values)
    dtype = lanes.output_dtype(values)
    axis = level_axis % values.ndim
    shape = values.shape[:axis] + values.shape[axis + 1 :]
    x = np.moveaxis(values, axis, -1).astype(np.float64)
    s = None if sigma is None else np.moveaxis(np.broadcast_to(sigma, values.shape), axis, -1).astype(np.float64)
    ground = None if surface_pressure is None else np.broadcast_to(surface_pressure, shape).astype(np.float64)
    p = np.asarray(pressure, np.float64).tolist()
    types = {
        "verdict": np.int8,
        "gradient": dtype,
        "gradient_se": dtype,
        "z_below": dtype,
        "z_above": dtype,
        "peak_level": np.int16,
        "bottom_level": np.int16,
        "n_below": np.int16,
    }
    out = {name: np.zeros(shape, kind) for name, kind in types.items()}
    for at in np.ndindex(shape):
        found = scan_one(
            x[at].tolist(),
            None if s is None else s[at].tolist(),
            p,
            None if ground is None else float(ground[at]),
            split=split,
            top=top,
            upper=upper,
            threshold=threshold,
            quiet=quiet,
            min_below=min_below,
            scale_height_km=scale_height_km,
        )
        for name, value in zip(types, found, strict=True):
            out[name][at] = value
    return SimpleNamespace(**out)
