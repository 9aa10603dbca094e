"""Colours that people with any colour vision tell apart, and that read in grey.

Colour vision is simulated by the matrices of Machado, Oliveira and Fernandes (2009), doi 10.1109/TVCG.2009.113, at full
severity, on linear RGB; distances are those of CIE 1976 (a just noticeable one is about 2.3).
"""

from __future__ import annotations

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gasquake.plot import _draw
from gasquake.plot.style import (
    DIVERGING,
    OKABE_ITO,
    SEQUENTIAL,
    SERIES_STYLES,
    STAGE_STYLES,
    VERDICT_STYLES,
)
from gasquake.profiles import ProfileVerdict

VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colours: np.ndarray, vision: str = "normal") -> np.ndarray:
    """CIELAB of sRGB colours (n, 3) as an eye sees them."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISION[vision]).T, 0, 1)
    ratio = seen @ XYZ.T / (XYZ @ np.ones(3))
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def rgb(*names: str) -> np.ndarray:
    return np.array([to_rgb(n) for n in names])


def test_the_conversion_is_that_of_the_books() -> None:
    assert np.allclose(
        lab(rgb("#FFFFFF", "#000000", "#FF0000")), [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]], atol=0.05
    )


@pytest.mark.parametrize("vision", VISION)
def test_verdicts_differ_for_every_eye(vision: str) -> None:
    for a, b in combinations(VERDICT_STYLES.values(), 2):
        one, other = lab(rgb(a.colour, b.colour), vision)
        assert np.linalg.norm(one - other) > 15 or a.hatch != b.hatch, (a, b)
    coloured = [VERDICT_STYLES[v].colour for v in (ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS, ProfileVerdict.NONE)]
    for one, other in combinations(lab(rgb(*coloured), vision), 2):
        assert np.linalg.norm(one - other) > 25


def test_verdicts_read_in_grey() -> None:
    assert set(VERDICT_STYLES) == set(ProfileVerdict)
    assert len({s.letter for s in VERDICT_STYLES.values()}) == len(ProfileVerdict)
    for a, b in combinations(VERDICT_STYLES.values(), 2):
        lightness = lab(rgb(a.colour, b.colour))[:, 0]
        assert abs(lightness[0] - lightness[1]) > 8 or a.hatch != b.hatch, (a, b)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("styles", [SERIES_STYLES, tuple(STAGE_STYLES.values())])
def test_lines_differ_for_every_eye_and_in_shape(styles: tuple, vision: str) -> None:
    assert len({s.marker for s in styles}) == len(styles)
    for a, b in combinations(styles, 2):
        one, other = lab(rgb(a.colour, b.colour), vision)
        assert np.linalg.norm(one - other) > 10, (a, b)


@pytest.mark.parametrize("vision", VISION)
def test_values_rise_in_lightness_for_every_eye(vision: str) -> None:
    scale = lab(mpl.colormaps[SEQUENTIAL](np.linspace(0, 1, 33))[:, :3], vision)
    assert (np.diff(scale[:, 0]) > 0).all()
    assert np.ptp(scale[:, 0]) > 70


@pytest.mark.parametrize("vision", VISION)
def test_differences_have_two_sides_for_every_eye(vision: str) -> None:
    scale = lab(mpl.colormaps[DIVERGING](np.linspace(0, 1, 33))[:, :3], vision)
    assert scale[:, 0].argmax() in range(14, 19)
    for k in range(8):  # equal sizes of either sign
        assert np.linalg.norm(scale[k] - scale[-1 - k]) > 20


def test_ground_and_gaps_are_told_from_values_by_a_hatch_and_from_each_other_by_theirs() -> None:
    # No plain colour can do it: cividis runs through brownish greys, and in print all are grey.
    assert _draw.GROUND_LOOK["hatch"] and _draw.MISSING_LOOK["hatch"]  # noqa: PT018
    assert _draw.GROUND_LOOK["hatch"] != _draw.MISSING_LOOK["hatch"]
    for look in (_draw.GROUND_LOOK, _draw.MISSING_LOOK):
        face, mark = lab(rgb(look["facecolor"], look["edgecolor"]))[:, 0]
        assert face - mark > 15


def test_categories_are_okabe_and_ito() -> None:
    assert set(OKABE_ITO.values()) == {
        "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    }  # fmt: skip
