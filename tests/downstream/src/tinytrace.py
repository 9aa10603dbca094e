"""What another package would do with gasquake's primitives: plain NumPy in, plain NumPy out."""

from __future__ import annotations

import numpy as np

from gasquake import kernels


def trace(seed: int = 1) -> dict[str, float]:
    """A plume over the ground in the last ten days of four years of made-up methane; find it with every primitive."""
    rng = np.random.default_rng(seed)
    day = np.arange(np.datetime64("2019-01-01"), np.datetime64("2023-01-01"))
    pressure = np.array([925.0, 850, 700, 600, 500, 400, 300])
    methane = rng.normal(1.8e-6, 1e-8, (day.size, pressure.size, 5, 6)).astype(np.float32)
    methane[rng.random(methane.shape) < 0.1] = np.nan
    methane[-10:, :, 2, 3] += (3e-7 * np.linspace(1, 0, pressure.size))[:, None].T.astype(np.float32)

    ground = methane[:, 0]
    smooth = kernels.rolling_mean(ground, 7, min_count=3)
    spread = kernels.rolling_std(ground, 30, min_count=10)
    middle = kernels.rolling_median(ground, 30, min_count=10)
    robust = kernels.rolling_mad(ground, 30, min_count=10)
    window = kernels.rolling_zscore(ground, 30, method="robust", min_count=10)
    season = kernels.seasonal_zscore(methane, day, half_width=10, min_count=15)
    where = kernels.locate_maxima(season.anomaly[:, 0])
    scan = kernels.scan_profiles(season.anomaly, pressure, sigma=season.std, level_axis=1)

    t = np.arange(20.0)
    curve = (30 + 12 * t) * np.exp(0.35j * t)
    spiral = kernels.fit_spirals(curve.real, curve.imag, t, kind="archimedean")
    null = kernels.spiral_null(curve.real, curve.imag, t, n=19, seed=seed, kind="archimedean")
    plume = (slice(-8, None), 2, 3)
    return {
        "smooth": float(np.nanmax(smooth)),
        "spread": float(np.nanmedian(spread)),
        "middle": float(np.nanmedian(middle)),
        "robust": float(np.nanmedian(robust)),
        "window": float(np.nanmax(window.zscore)),
        "rooted": float(np.mean(scan.verdict[plume] == kernels.ProfileVerdict.ROOTED)),
        "elsewhere": float(np.mean(scan.verdict[:-10] == kernels.ProfileVerdict.ROOTED)),
        "located": float(np.mean(where.index[-8:] == 2 * 6 + 3)),
        "rmse": float(spiral.rmse),
        "p_value": float(null.p_value),
    }


if __name__ == "__main__":
    import json
    import sys

    loaded = sorted({"xarray", "pandas", "dask", "matplotlib"} & sys.modules.keys())
    print(json.dumps({"file": __file__, "gasquake": kernels.__file__, "loaded": loaded, **trace()}))
