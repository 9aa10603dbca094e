"""What the fits and the nulls share: points that count, and the spirals to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake._array import as_float, check_choice

__all__ = ["ANCHORS", "KINDS", "MIN_POINTS", "Anchor", "Float64", "Kind", "Points", "distinct_spirals", "valid_points"]

Float64 = NDArray[np.float64]
Kind = Literal["involute", "archimedean", "logarithmic"]
Anchor = Literal["centre", "cusp"]

KINDS: tuple[Kind, ...] = ("involute", "archimedean", "logarithmic")
ANCHORS: tuple[Anchor, ...] = ("centre", "cusp")

# [D] A logarithmic spiral with a cusp has five parameters and a variance: fewer points than this say nothing.
MIN_POINTS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The valid points of a track, in the order of time.

    Attributes
    ----------
    x, y : ndarray of float64
        km.
    t : ndarray of float64
        Days; whole numbers are midnights where the times were dates.
    zeta : ndarray of float64
        Heights, 0 where none were given.
    n_missing : int
        Points left out.
    """

    x: Float64
    y: Float64
    t: Float64
    zeta: Float64
    n_missing: int

    @property
    def too_few(self) -> str:
        """Why the track cannot be judged, or nothing.

        Returns
        -------
        str
            A sentence without a full stop; empty if there are enough points.
        """
        if self.t.size < MIN_POINTS:
            return f"{self.t.size} valid points ({self.n_missing} missing); at least {MIN_POINTS} are needed"
        if self.t[0] == self.t[-1]:
            return f"all {self.t.size} valid points have the same time"
        return ""


def valid_points(x: ArrayLike, y: ArrayLike, t: ArrayLike, zeta: ArrayLike | None = None) -> Points:
    """The points of one track whose numbers are all finite.

    Raises
    ------
    TypeError
        If an array holds no real numbers, or `t` neither numbers nor dates.
    ValueError
        If the arrays are not 1-d and of one length.
    """
    arrays = {"x": as_float(x, "x", _F64), "y": as_float(y, "y", _F64), "t": _days(t)}
    arrays["zeta"] = np.zeros(arrays["t"].shape) if zeta is None else as_float(zeta, "zeta", _F64)
    shapes = {name: array.shape for name, array in arrays.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) != 1:
        raise ValueError(f"the arrays must be 1-d and of one length (one track), got shapes {shapes}")
    good = np.logical_and.reduce([np.isfinite(array) for array in arrays.values()])
    where = np.flatnonzero(good)
    where = where[np.argsort(arrays["t"][where], kind="stable")]
    points = {name: np.asarray(array[where], dtype=np.float64) for name, array in arrays.items()}
    return Points(**points, n_missing=int(good.size - where.size))


_F64 = np.dtype(np.float64)


def _days(t: ArrayLike) -> Float64:
    """Numbers as they are; dates as days since the midnight before the first."""
    stamps = np.asarray(t)
    if stamps.dtype.kind != "M":
        return np.asarray(as_float(t, "t", _F64), dtype=np.float64)
    known = stamps[~np.isnat(stamps)]
    first = known.min().astype("datetime64[D]") if known.size else np.datetime64("NaT", "D")
    since: Float64 = (stamps.astype("datetime64[ns]") - first) / np.timedelta64(1, "D")
    return since


def distinct_spirals(kinds: Sequence[Kind], anchors: Sequence[Anchor]) -> list[tuple[str, Kind, Anchor]]:
    """Name, kind and anchor of each spiral to try; the Archimedean once, as its anchors are one point.

    Raises
    ------
    TypeError
        If a sequence is a text.
    ValueError
        For an unknown choice, or none.
    """
    for name, given, choices in (("kinds", kinds, KINDS), ("anchors", anchors, ANCHORS)):
        if isinstance(given, str):
            raise TypeError(f"{name} must be a sequence of names, got the text {given!r}; write ({given!r},)")
        if not given:
            raise ValueError(f"{name} must name at least one of {', '.join(map(repr, choices))}")
        for one in given:
            check_choice(one, name, choices)
    pairs = [(k, a) for k in dict.fromkeys(kinds) for a in dict.fromkeys(anchors)]
    once = {(k, "" if k == "archimedean" else a): (k, a) for k, a in reversed(pairs)}
    return [(f"{k}_{a}", k, a) for k, a in reversed(once.values())]
