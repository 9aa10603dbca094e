"""Every figure beside the picture that was looked at. New pictures: pytest --mpl-generate-path=tests/baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from plot_examples import FIGURES, GRIDS

EVERY = FIGURES | GRIDS
BASELINE = Path(__file__).parents[1] / "baseline"


# Fonts differ by a pixel between builds of FreeType; another colour, mark or label differs by more (see below).
@pytest.mark.parametrize("name", sorted(EVERY))
@pytest.mark.mpl_image_compare(baseline_dir=str(BASELINE), style="default", tolerance=6, savefig_kwargs={"dpi": 45})
def test_figure(name: str) -> Any:
    drawn = EVERY[name](simulated=True)
    return (drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn).figure


def test_pictures_are_small_and_each_has_a_figure() -> None:
    pictures = {p.stem.removeprefix("test_figure_"): p.stat().st_size for p in BASELINE.glob("*.png")}
    assert pictures.keys() == EVERY.keys()
    assert max(pictures.values()) < 30_000


def test_the_tolerance_sees_a_changed_colour_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.testing.compare import compare_images

    from gasquake.plot import series

    monkeypatch.setattr(series, "DIVERGING", "PuOr")
    with mpl.rc_context(mpl.rcParamsDefault):
        ax = EVERY["time_height"](simulated=True)
        ax.figure.savefig(tmp_path / "changed.png", dpi=45)
    expected = tmp_path / "expected.png"
    expected.write_bytes((BASELINE / "test_figure_time_height.png").read_bytes())
    assert compare_images(str(expected), str(tmp_path / "changed.png"), tol=6) is not None
