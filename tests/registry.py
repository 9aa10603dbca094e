"""One table of all kernels. What it lists is put through the contract matrix, the pixel laws and the runtime tests.

A new kernel that is not in it fails `contract/test_registry.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gasquake.kernels
import oracle.climatology
import oracle.maxima
import oracle.profiles
import oracle.windows
from checks import by_name, frozen

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Kernel:
    """A kernel, how to draw arguments for it, and what its arguments may be."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...], Any], Arguments]
    """Arguments by name for a main array of the given shape and dtype; the main array comes first."""
    shape: tuple[int, ...]
    """A small shape with no length a multiple of the lanes."""
    pixels: Callable[[int], tuple[int, ...]] | None
    """The shape with so many independent pixels along `pixel_axis`, None where a call knows no pixels."""
    large: tuple[int, ...]
    """A shape that is cut into several jobs and handed to the pool."""
    positional: tuple[str, ...]
    """Positional arguments in order."""
    arrays: tuple[str, ...]
    """Names of the float arrays."""
    pixel_axis: int = -1
    oracle: Callable[..., Any] | None = None
    options: tuple[Arguments, ...] = ({},)
    """Choices of options to go through, beside the defaults."""
    axis: str | None = None
    """Name of the axis argument."""
    integers: dict[str, int] = field(default_factory=dict)
    """Integer arguments and their least value."""
    numbers: tuple[str, ...] = ()
    """Real-valued arguments."""
    choices: tuple[str, ...] = ()
    """Arguments that take one of several words."""

    def __str__(self) -> str:
        return self.name

    @property
    def function(self) -> Callable[..., Any]:
        return getattr(gasquake.kernels, self.name)

    def arguments(self, shape: tuple[int, ...] | None = None, dtype: Any = np.float32, seed: int = 1) -> Arguments:
        return self.draw(np.random.default_rng(seed), self.shape if shape is None else shape, dtype)

    def tiled(self, size: int, seed: int = 1, **options: Any) -> Arguments:
        """Arguments with about so many elements in the main array: a few pixels over and over."""
        arguments = {**self.arguments(None if self.pixels is None else self.pixels(100), seed=seed), **options}
        times = max(1, size // arguments[self.positional[0]].size)
        if self.pixels is None:
            return {**arguments, "n": times}
        for name in self.arrays:
            if name != "pressure":
                repeats = [1] * arguments[name].ndim
                repeats[self.pixel_axis] = times
                arguments[name] = np.tile(arguments[name], repeats)
        return arguments

    def lasting(self, seconds: float, most: int, **options: Any) -> Arguments:
        """Arguments whose call lasts about so long, with at most so many elements in the main array."""
        size, lasted = 500, 0.0
        while lasted < 0.02 and size < most:
            size *= 4
            arguments = self.tiled(size, **options)
            started = time.perf_counter()
            self(arguments)
            lasted = time.perf_counter() - started
        return self.tiled(int(min(size * seconds / lasted, most)), **options)

    def __call__(self, arguments: Arguments, **options: Any) -> dict[str, np.ndarray]:
        """Call the kernel, see that it wrote to none of its inputs, and return its arrays by name."""
        given = {**arguments, **options}
        before = {name: frozen(value) for name, value in given.items()}
        first = [given.pop(name) for name in self.positional]
        result = by_name(self.function(*first, **given))
        for name, value in {**arguments, **options}.items():
            assert frozen(value) == before[name], f"{self.name} wrote to {name}"
        return result

    def expected(self, arguments: Arguments, **options: Any) -> dict[str, np.ndarray]:
        """What the twin says."""
        assert self.oracle is not None
        given = {**arguments, **options}
        first = [given.pop(name) for name in self.positional]
        return by_name(self.oracle(*first, **given))


def mixing_ratio(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any, missing: float = 0.2) -> np.ndarray:
    """Methane, mol/mol: 1.8e-6 give or take 1e-8, a fifth missing, and a few infinities."""
    values = rng.normal(1.8e-6, 1e-8, shape)
    hole = rng.random(shape)
    values[hole < missing] = np.nan
    values[hole < missing / 20] = np.inf
    values[hole < missing / 40] = -np.inf
    return values.astype(dtype)


def _series(**fixed: Any) -> Callable[..., Arguments]:
    return lambda rng, shape, dtype: {"values": mixing_ratio(rng, shape, dtype), **fixed}


def _seasonal(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Arguments:
    day = rng.permutation(13514 + 17 * np.arange(shape[0]))  # any order, from 2007-01-01
    return {"values": mixing_ratio(rng, shape, dtype), "day": day, "min_count": 2}


def _field(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Arguments:
    values = mixing_ratio(rng, shape, dtype)
    return {"values": np.round(values, 8).astype(dtype)}  # rounded: some maxima are tied


def _profiles(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Arguments:
    levels = shape[-3]
    surface = shape[:-3] + shape[-2:]
    values = (2 * rng.normal(size=shape) + rng.normal(1, 1, size=(*shape[:-3], 1, *shape[-2:]))).astype(dtype)
    values[rng.random(shape) < 0.1] = np.nan
    sigma = rng.uniform(0.5, 1.5, shape).astype(dtype)
    sigma[rng.random(shape) < 0.05] = 0
    ground = rng.uniform(650, 1030, surface).astype(dtype)
    ground[rng.random(surface) < 0.05] = np.nan
    pressure = np.geomspace(1000, 50, levels).astype(dtype)
    return {"values": values, "pressure": pressure, "sigma": sigma, "surface_pressure": ground}


def _tracks(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Arguments:
    t = np.sort(rng.uniform(0, 20, shape), axis=-1)
    angle, radius = 0.3 * t + 1, 20 + 15 * t
    x = radius * np.cos(angle) + rng.normal(0, 10, shape)
    y = radius * np.sin(angle) + rng.normal(0, 10, shape)
    return {"x": x.astype(dtype), "y": y.astype(dtype), "t": t.astype(dtype)}


def _null(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Arguments:
    return {**_tracks(rng, shape, dtype), "n": 19, "seed": 7}


def _rolling(name: str, **fixed: Any) -> Kernel:
    return Kernel(
        name=name,
        oracle=getattr(oracle.windows, name),
        draw=_series(window=6, min_count=3, **fixed),
        shape=(23, 5, 7),
        pixels=lambda n: (23, n),
        large=(300, 2001),
        positional=("values", "window"),
        arrays=("values",),
        options=({"center": True}, {"axis": 1, "window": 3}, {"axis": -1, "min_count": 1}),
        axis="axis",
        integers={"window": 1, "min_count": 1},
    )


_SPIRAL = {
    "positional": ("x", "y", "t"),
    "arrays": ("x", "y", "t"),
    "numbers": ("sigma", "max_turns"),
}

KERNELS: tuple[Kernel, ...] = (
    _rolling("rolling_mean"),
    _rolling("rolling_std"),
    _rolling("rolling_median"),
    _rolling("rolling_mad"),
    Kernel(
        name="rolling_zscore",
        oracle=oracle.windows.rolling_zscore,
        draw=_series(window=6, min_count=3),
        shape=(23, 5, 7),
        pixels=lambda n: (23, n),
        large=(300, 2001),
        positional=("values", "window"),
        arrays=("values",),
        options=({"include_current": True}, {"method": "robust"}, {"method": "robust", "axis": -1}),
        axis="axis",
        integers={"window": 1, "min_count": 1},
        choices=("method",),
    ),
    Kernel(
        name="seasonal_zscore",
        oracle=oracle.climatology.seasonal_zscore,
        draw=_seasonal,
        shape=(67, 3, 7),
        pixels=lambda n: (67, n),
        large=(400, 801),
        positional=("values", "day"),
        arrays=("values",),
        options=({"method": "robust"}, {"exclude_own_year": False, "half_width": 40}),
        axis="axis",
        integers={"half_width": 0, "min_count": 1},
        choices=("method",),
    ),
    Kernel(
        name="locate_maxima",
        oracle=oracle.maxima.locate_maxima,
        draw=_field,
        shape=(5, 3, 7, 19),
        pixels=lambda n: (n, 7, 19),
        pixel_axis=0,
        large=(61, 24, 40, 50),
        positional=("values",),
        arrays=("values",),
        options=({"axes": (0, 2)}, {"axes": (3, 0, 1)}, {"axes": (1,)}),
        axis="axes",
    ),
    Kernel(
        name="scan_profiles",
        oracle=oracle.profiles.scan_profiles,
        draw=_profiles,
        shape=(2, 13, 5, 7),
        pixels=lambda n: (1, 13, 1, n),
        large=(31, 24, 60, 61),
        positional=("values", "pressure"),
        arrays=("values", "pressure", "sigma", "surface_pressure"),
        options=({"threshold": 1.0, "quiet": 0.0}, {"min_below": 1, "split": 500.0, "top": 200.0}),
        axis="level_axis",
        integers={"min_below": 1},
        numbers=("split", "top", "upper", "threshold", "quiet", "scale_height_km"),
    ),
    Kernel(
        name="fit_spirals",
        draw=_tracks,
        shape=(3, 12),
        pixels=lambda n: (n, 12),
        pixel_axis=0,
        large=(250, 24),
        options=({"kind": "archimedean"}, {"kind": "logarithmic", "loss": "square"}, {"anchor": "cusp"}),
        choices=("kind", "anchor", "loss"),
        **_SPIRAL,
    ),
    Kernel(
        name="spiral_null",
        draw=_null,
        shape=(12,),
        pixels=None,
        large=(40,),
        options=({"null": "rotate"}, {"null": "move_anchor"}),
        integers={"n": 1},
        choices=("kind", "anchor", "loss", "null"),
        **_SPIRAL,
    ),
)
