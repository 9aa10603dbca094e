"""Hypothesis strategies: series and fields as satellites and catalogues give them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FLOATS = (np.float32, np.float64)

VMR = (1e-9, 1e-5)
"""Mixing ratios, mol/mol."""
KELVIN = (180.0, 330.0)
MOMENT = (1e9, 1e23)
"""Seismic moments, N m."""

MISSING = st.sampled_from([math.nan, math.inf, -math.inf])


@st.composite
def samples(draw: st.DrawFn, shape: Any, dtypes: tuple[Any, ...] = FLOATS, missing: bool = True) -> np.ndarray:
    """Samples of one physical range, often repeated (ties, constant windows), some of them missing."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    low, high = draw(st.sampled_from([VMR, KELVIN, MOMENT]))
    low, high = float(dtype.type(low)), float(dtype.type(high))
    finite = st.floats(low, high, width=8 * dtype.itemsize)
    if draw(st.booleans()):
        finite = st.sampled_from(draw(st.lists(finite, min_size=1, max_size=4)))
    return draw(hnp.arrays(dtype, shape, elements=finite | MISSING if missing else finite))


def series(max_n: int = 40, max_pixels: int = 35, min_n: int = 0, **options: Any) -> st.SearchStrategy[np.ndarray]:
    """(n, pixels): pixels beyond one tile of 16 or 32 lanes, and not a multiple of it."""
    return st.tuples(st.integers(min_n, max_n), st.integers(1, max_pixels)).flatmap(
        lambda shape: samples(shape, **options)
    )
