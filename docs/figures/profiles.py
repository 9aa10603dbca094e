"""Four profiles and their verdicts; and what a retrieval with one degree of freedom makes of two different plumes."""

from __future__ import annotations

from typing import Any

import numpy as np
import style

from gasquake.kernels import ProfileVerdict, scan_profiles

PRESSURE = np.array([1000.0, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150])
SPLIT, THRESHOLD, SIGMA, H = 600.0, 2.0, 4.0, 7.5
COLOUR = {"ROOTED": style.VERMILION, "ROOTLESS": style.BLUE, "MIXED": style.PURPLE, "UNDETERMINED": style.GREY}


def plume(centre: float, width: float, amplitude: float) -> np.ndarray:
    """An anomaly that is Gaussian in log-pressure height, in ppb."""
    height = -H * np.log(PRESSURE / 1000)
    return np.asarray(amplitude * np.exp(-0.5 * ((height + H * np.log(centre / 1000)) / width) ** 2))


def verdicts() -> None:
    """The same errors, four worlds."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.35 * SIGMA, (4, PRESSURE.size))
    lifted = plume(660, 1.3, 26) + plume(250, 2.0, 14)
    worlds = np.array([plume(1000, 3.2, 34), plume(360, 1.8, 27), lifted, plume(950, 3, 34)])
    ground = np.array([960.0, 960, 960, 640])
    scan = scan_profiles(worlds + noise, PRESSURE, sigma=SIGMA, surface_pressure=ground, level_axis=1)
    with style.figure("profiles", 4, height=3.9, sharey=True) as (_, axes):
        for k, ax in enumerate(axes):
            seen = ground[k] - 5 >= PRESSURE
            x, p = (worlds + noise)[k][seen], PRESSURE[seen]
            name = ProfileVerdict(int(scan.verdict[k])).name
            colour = COLOUR[name]
            ax.axhspan(SPLIT, 1100, color="#F2F2F2", zorder=0)
            if ground[k] < 900:
                ax.axhspan(ground[k], 1100, facecolor="white", hatch="////", edgecolor=style.GREY, lw=0, zorder=1)
                boxed: dict[str, Any] = {"ha": "center", "fontsize": 8, "bbox": {"fc": "w", "lw": 0}}
                ax.text(0.5, 0.055, "under ground", transform=ax.transAxes, **boxed)
            ax.axvline(0, color=style.BLACK, lw=0.6)
            ax.errorbar(x, p, xerr=SIGMA, fmt="none", ecolor=colour, elinewidth=1, alpha=0.6)
            strong = x / SIGMA >= THRESHOLD
            ax.plot(x, p, color=colour, lw=1, alpha=0.6)
            ax.plot(x[strong], p[strong], "o", ms=5.5, color=colour)
            ax.plot(x[~strong], p[~strong], "o", ms=5.5, mfc="white", mec=colour)
            fitted = p >= 400
            zeta = -H * np.log(p / 1000)
            middle = np.average(zeta[fitted]), np.average(x[fitted])
            ends = np.array([zeta[fitted].min(), zeta[fitted].max()])
            ax.plot(
                middle[1] + scan.gradient[k] * (ends - middle[0]), 1000 * np.exp(-ends / H), "--", color="k", lw=1.2
            )
            slope = f"{scan.gradient[k]:+.1f} ± {scan.gradient_se[k]:.1f} ppb/km".replace("-", "\N{MINUS SIGN}")
            ax.set_title(f"{name}\n{slope}", color=colour, fontweight="bold")
            ax.set_xlim(-15, 48)
            ax.set_xlabel("CO anomaly (ppb)")
        style.pressure_axis(axes[0], PRESSURE)
        axes[0].text(46, 590, "split", ha="right", va="bottom", fontsize=8, color=style.GREY)
        for ax in axes[1:]:
            ax.set_ylabel("")


def one_degree_of_freedom() -> None:
    """Through an averaging kernel of rank 1, every plume has the kernel's shape."""
    low, high = plume(1000, 1.2, 40), plume(450, 1.0, 25)
    shape = plume(500, 3.0, 1.0)
    weight = plume(480, 3.5, 1.0)
    kernel = np.outer(shape, weight) / (weight @ shape)  # degrees of freedom: the trace, 1
    with style.figure("profiles_one_degree", 2, height=3.6, sharey=True) as (_, axes):
        pairs = (("plume at the ground", low, style.VERMILION, "o"), ("plume at 450 hPa", high, style.BLUE, "s"))
        for name, truth, colour, marker in pairs:
            for ax, profile in zip(axes, (truth, kernel @ truth), strict=True):
                scan = scan_profiles(profile, PRESSURE, sigma=SIGMA, level_axis=0)
                verdict = ProfileVerdict(int(scan.verdict)).name
                ax.plot(profile, PRESSURE, marker + "-", color=colour, label=f"{name}: {verdict}", ms=5)
        axes[0].set_title("true anomaly")
        axes[1].set_title("as retrieved, one degree of freedom")
        for ax in axes:
            ax.axhspan(SPLIT, 1100, color="#F2F2F2", zorder=0)
            ax.axvline(0, color="k", lw=0.6)
            ax.set_xlabel("CO anomaly (ppb)")
            ax.legend(loc="upper right")
        style.pressure_axis(axes[0], PRESSURE)


if __name__ == "__main__":
    verdicts()
    one_degree_of_freedom()
