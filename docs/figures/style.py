"""One look for all figures: colour-blind-safe, readable in grey, units on the axes, simulated data labelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's categories, in an order whose greys differ.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#8C8C8C"
SEQUENTIAL, DIVERGING = "cividis", "PuOr_r"

OUT = Path(__file__).parent.parent / "_generated"


@contextmanager
def figure(name: str, columns: int = 1, *, height: float = 3.6, **options: Any) -> Iterator[tuple[Figure, list[Axes]]]:
    """Axes in a row, saved as ``_generated/<name>.png`` with the word "simulated" on it."""
    rc: Any = {
        "font.size": 9.5,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "savefig.dpi": 160,
    }
    mpl.use("Agg")
    with mpl.rc_context(rc):
        fig, axes = plt.subplots(1, columns, figsize=(8.4, height), layout="constrained", squeeze=False, **options)
        yield fig, list(axes.flat)
        label(fig)
        OUT.mkdir(exist_ok=True)
        fig.savefig(OUT / f"{name}.png")
        plt.close(fig)


def label(fig: Figure) -> None:
    """Say that nothing here was measured by anybody."""
    fig.supxlabel("simulated data", x=0.995, ha="right", fontsize=8, color=GREY, style="italic")


def pressure_axis(ax: Axes, pressure: np.ndarray) -> None:
    """Height upwards, log pressure, plain numbers."""
    ax.set_yscale("log")
    ax.set_ylim(1013, pressure.min() * 0.93)
    ticks = [1000, 850, 700, 500, 400, 300, 200, 150]
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.set_ylabel("pressure (hPa)")
