"""Where in the column an anomaly sits, whether the instrument can tell, and how much gas it stands for.

`scan_profiles` judges each profile: rooted at the ground, or floating without a root. `shape_information` says whether
the retrieval had a vertical shape of its own to judge. `column`, `dry_mole_fraction` and `implied_mass` turn profiles
into amounts.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled, kernels
from gasquake._array import check_number
from gasquake.columns import cell_area, column, dry_mole_fraction, implied_mass
from gasquake.kernels import ProfileVerdict
from gasquake.units import convert, is_unit

__all__ = [
    "ProfileVerdict", "cell_area", "column", "dry_mole_fraction", "implied_mass", "scan_profiles", "shape_information",
]  # fmt: skip


def scan_profiles(
    values: xr.DataArray,
    /,
    *,
    sigma: xr.DataArray | None = None,
    surface_pressure: xr.DataArray | None = None,
    kernel: xr.DataArray | None = None,
    split: float = 600.0,
    top: float = 400.0,
    upper: float = 100.0,
    threshold: float = 2.0,
    quiet: float = 1.0,
    min_below: int = 2,
    scale_height_km: float = 7.5,
    min_singular_ratio: float = 0.3,
    level_dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.Dataset:
    """Judge each vertical profile of an anomaly: rooted at the ground, rootless, or neither.

    Parameters
    ----------
    values : DataArray
        Anomalies, or z-scores if there is no `sigma`, with a level dim: the one whose coordinate has CF axis "Z",
        standard_name "air_pressure" or units of pressure, or that is called "level". A coordinate along it must hold
        the pressure, with units (hPa, Pa, ...), strictly monotonic either way. NaN and infinities are missing.
    sigma : DataArray, optional
        Standard deviation of each value, on the same grid or without some of its dims, with units that convert to
        those of `values`.
    surface_pressure : DataArray, optional
        With units of pressure. Levels within 5 hPa of the ground, or below it, do not count, and none does where it is
        missing. Without it every level counts, also below ground: give it over mountains.
    kernel : DataArray, optional
        Averaging kernel of the retrieval with two level dims (see `shape_information`). Where it carries no vertical
        shape, ROOTED, ROOTLESS and MIXED become AMPLITUDE_ONLY: the shape is then the instrument's, not the gas's.
    split : float
        Pressure in hPa that parts "below" (p >= split) from "above".
    top : float
        Smallest pressure in hPa of the levels in the gradient.
    upper : float
        Smallest pressure in hPa of the levels that count.
    threshold : float
        z-score from which a level is anomalous.
    quiet : float
        z-score below which a level is not anomalous at all.
    min_below : int
        Fewest counted levels below the split for a verdict other than UNDETERMINED.
    scale_height_km : float
        Scale height of the log-pressure altitude, km.
    min_singular_ratio : float
        The `kernel` carries shape from this ratio of its first two singular values on.
    level_dim : hashable, optional
        The level dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        Without the level dim, with the other coordinates and chunks of `values`. Floats have the type of `values`.

        - ``verdict`` (int8, CF flag_values and flag_meanings; see `ProfileVerdict`)
        - ``gradient``, ``gradient_se`` (units of `values` per km of log-pressure altitude; negative: falls with height)
        - ``z_below``, ``z_above`` (1): largest z-score below and above the split
        - ``peak_level``, ``bottom_level`` (int16 index, -1 if none) and ``peak_pressure``, ``bottom_pressure`` (hPa,
          float64, NaN if none)
        - ``n_below`` (int16): counted levels below the split
        - with `kernel` also ``dofs``, ``singular_ratio`` and ``has_shape`` of `shape_information`

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        If dims, pressures or units are missing, wrong or ambiguous, grids differ, or a number is out of range.

    See Also
    --------
    gasquake.kernels.scan_profiles : The formulas, the NaN rule and the sources.

    Examples
    --------
    >>> level = xr.DataArray([925.0, 850.0, 700.0, 500.0, 300.0], dims="level", attrs={"units": "hPa"})
    >>> zscore = xr.DataArray([4.0, 3.0, 2.0, 0.5, 0.0], {"level": level}, name="co")
    >>> result = scan_profiles(zscore, surface_pressure=xr.DataArray(960.0, attrs={"units": "hPa"}))
    >>> ProfileVerdict(result.verdict.item()).name, result.peak_pressure.item()
    ('ROOTED', 925.0)
    >>> result.verdict.attrs["flag_meanings"]
    'undetermined none rooted rootless mixed amplitude_only'
    """
    _check_ratio(min_singular_ratio)
    level = _labelled.find_dim(_labelled.require_dataarray(values, "values"), "level", "values", dim=level_dim)
    pressure = _labelled.pressure_levels(values, level, "values")
    units = values.attrs.get("units")
    if sigma is None and units not in _NO_UNIT:
        raise ValueError(
            f"values has units {units!r}, so it needs sigma; without sigma it must hold z-scores (units '1')"
        )
    if sigma is not None:
        _labelled.require_dataarray(sigma, "sigma")
        sigma = sigma if units is None else _labelled.with_units(sigma, "sigma", units)
    if surface_pressure is not None:
        surface_pressure = _labelled.with_units(surface_pressure, "surface_pressure", "hPa")
        if level in surface_pressure.dims:
            raise ValueError(
                f"surface_pressure must not have the level dimension {level!r}, got {surface_pressure.dims}"
            )
    _labelled.check_aligned(values, "values", sigma=sigma, surface_pressure=surface_pressure)
    threads = _labelled.thread_count(n_threads, values, sigma, surface_pressure)

    arrays, core = [values], [[level]]
    if sigma is not None:
        arrays.append(sigma)
        core.append([level] if level in sigma.dims else [])
    if surface_pressure is not None:
        arrays.append(surface_pressure)
        core.append([])

    def scan(array: NDArray[Any], *rest: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        given = iter(rest)
        spread = None if sigma is None else next(given)
        if spread is not None and not core[1]:
            spread = spread[..., np.newaxis]
        found = kernels.scan_profiles(
            array,
            pressure,
            sigma=spread,
            surface_pressure=None if surface_pressure is None else next(given),
            split=split,
            top=top,
            upper=upper,
            threshold=threshold,
            quiet=quiet,
            min_below=min_below,
            scale_height_km=scale_height_km,
            level_axis=-1,
            n_threads=threads,
        )
        pressures = _look_up(pressure, found.peak_level), _look_up(pressure, found.bottom_level)
        return (*(getattr(found, name) for name in _SCAN), *pressures)

    kind = _labelled.float_dtype(values, "values")
    types = {name: integer or kind for name, integer in _SCAN.items()}
    result = _labelled.apply(scan, arrays, core, {**types, "peak_pressure": np.float64, "bottom_pressure": np.float64})
    if kernel is not None:
        shape = shape_information(kernel, min_singular_ratio=min_singular_ratio)
        result = _without_shape(result, shape)
    return _named_scan(result, values, f"split={split:g}, top={top:g}, upper={upper:g}, threshold={threshold:g}, "
                       f"quiet={quiet:g}, min_below={min_below}")  # fmt: skip


_NO_UNIT = (None, "1", "")

# Result of the kernel -> its integer type; None is the type of the values.
_SCAN: dict[str, Any] = {
    "verdict": np.int8, "gradient": None, "gradient_se": None, "z_below": None, "z_above": None,
    "peak_level": np.int16, "bottom_level": np.int16, "n_below": np.int16,
}  # fmt: skip


def _look_up(pressure: NDArray[np.float64], index: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """The pressure of each index, NaN for -1."""
    found: NDArray[np.float64] = np.append(pressure, np.nan)[index]
    return found


def _without_shape(result: xr.Dataset, shape: xr.Dataset) -> xr.Dataset:
    """Downgrade the verdicts that rest on a shape the instrument cannot see."""
    _labelled.check_aligned(result["verdict"], "values", kernel=shape["has_shape"])

    def downgrade(verdict: NDArray[np.int8], has_shape: NDArray[np.bool_]) -> tuple[NDArray[np.int8]]:
        judged = verdict > ProfileVerdict.NONE
        return (np.where(judged & ~has_shape, np.int8(ProfileVerdict.AMPLITUDE_ONLY), verdict),)

    arrays = [result["verdict"], shape["has_shape"]]
    verdict = _labelled.apply(downgrade, arrays, [[], []], {"verdict": np.int8})["verdict"]
    return result.assign({"verdict": verdict, **shape.drop_vars(list(shape.coords)).data_vars})


def _named_scan(result: xr.Dataset, values: xr.DataArray, settings: str) -> xr.Dataset:
    """Set units, names and flags of the results of `scan_profiles`."""
    units, title = values.attrs.get("units"), _labelled.describe(values)
    per_km = "km-1" if units in _NO_UNIT else f"{units} km-1"
    names = {
        "verdict": ("1", f"where in the column the anomaly of {title} sits"),
        "gradient": (per_km, f"slope of {title} on log-pressure altitude"),
        "gradient_se": (per_km, f"standard error of the slope of {title}"),
        "z_below": ("1", f"largest z-score of {title} below the split"),
        "z_above": ("1", f"largest z-score of {title} above the split"),
        "peak_level": ("1", f"index of the level with the largest z-score of {title}"),
        "peak_pressure": ("hPa", f"pressure of the level with the largest z-score of {title}"),
        "bottom_level": ("1", f"index of the lowest level of {title} that counts"),
        "bottom_pressure": ("hPa", f"pressure of the lowest level of {title} that counts"),
        "n_below": ("1", f"levels of {title} that count below the split"),
    }
    for name, (unit, long_name) in names.items():
        _labelled.with_attrs(result[name], unit, long_name)
    result["verdict"].attrs |= {
        "flag_values": np.array([v.value for v in ProfileVerdict], dtype=np.int8),
        "flag_meanings": " ".join(v.name.lower() for v in ProfileVerdict),
    }
    return result.assign_attrs(history=_labelled.history(values, f"scan_profiles({settings})"))


def shape_information(
    kernel: xr.DataArray, /, *, min_singular_ratio: float = 0.3, dims: tuple[Hashable, Hashable] | None = None
) -> xr.Dataset:
    """How much of a retrieved profile is measured, and whether its vertical shape is.

    With one degree of freedom the averaging kernel A is close to rank one, A = k w', so that every plume is reported
    with the same shape k, whatever its own: the sign of a gradient is then a property of the instrument.

    Parameters
    ----------
    kernel : DataArray
        Averaging kernel with two level dims of the same length, as ("level", "level_true"), and any others.
    min_singular_ratio : float
        From this ratio of the first two singular values on there is shape.
    dims : tuple of hashable, optional
        The two level dims, where they are not the only two that are called or have the attributes of levels.

    Returns
    -------
    Dataset
        Without the level dims: ``dofs`` = trace(A), the degrees of freedom for signal; ``singular_ratio`` = second
        over first singular value, in the type of `kernel`; ``has_shape`` (bool). Lazy if `kernel` is.

    Raises
    ------
    TypeError
        If `kernel` is not a DataArray of real numbers.
    ValueError
        If it has not just two level dims of the same length and the same levels, or `min_singular_ratio` is not in
        0..1.

    Notes
    -----
    [D] Design choices, which no source fixes: the ratio 0.3; a level whose whole row and column are missing (below
    ground) is left out; if anything else is missing, or the kernel is zero, the numbers are NaN and has_shape False.
    Singular values are computed in float64 (LAPACK).

    Examples
    --------
    >>> plume = np.array([0.2, 0.5, 0.2])
    >>> rank_one = xr.DataArray(np.outer(plume, [0.5, 1.0, 0.5]), dims=("level", "level_true"))
    >>> result = shape_information(rank_one)
    >>> print(f"{result.dofs.item():.2f} {result.singular_ratio.item():.2f} {result.has_shape.item()}")
    0.70 0.00 False
    """
    _check_ratio(min_singular_ratio)
    rows, columns = _kernel_dims(_labelled.require_dataarray(kernel, "kernel"), dims)
    kind = _labelled.float_dtype(kernel, "kernel")

    def inspect(array: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        dofs, ratio = _singular_ratio(array.astype(np.float64))
        return dofs.astype(kind), ratio.astype(kind), ratio >= min_singular_ratio

    types = {"dofs": kind, "singular_ratio": kind, "has_shape": np.bool_}
    result = _labelled.apply(inspect, [kernel], [[rows, columns]], types)
    title = _labelled.describe(kernel)
    _labelled.with_attrs(result["dofs"], "1", f"degrees of freedom for signal of {title}")
    _labelled.with_attrs(result["singular_ratio"], "1", f"second over first singular value of {title}")
    _labelled.with_attrs(result["has_shape"], None, f"{title} carries a vertical shape")
    call = f"shape_information(min_singular_ratio={min_singular_ratio:g})"
    return result.assign_attrs(history=_labelled.history(kernel, call))


def _check_ratio(min_singular_ratio: float) -> None:
    if not 0.0 <= check_number(min_singular_ratio, "min_singular_ratio") <= 1.0:
        raise ValueError(f"min_singular_ratio must lie in 0..1, got {min_singular_ratio}")


def _singular_ratio(kernel: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Trace, and second over first singular value, of each (..., n, n)."""
    bad = ~np.isfinite(kernel)
    absent: NDArray[np.bool_] = np.logical_and(bad.all(axis=-1), bad.all(axis=-2))
    outside = absent[..., :, np.newaxis] | absent[..., np.newaxis, :]
    unknown = (bad & ~outside).any(axis=(-2, -1)) | absent.all(axis=-1)
    # Rows and columns of zeros change neither the trace nor the singular values that are not zero.
    clean = np.where(bad, 0.0, kernel)
    singular = np.linalg.svd(clean, compute_uv=False)
    first = singular[..., 0] if singular.shape[-1] else np.zeros(kernel.shape[:-2])
    second = singular[..., 1] if singular.shape[-1] > 1 else np.zeros(kernel.shape[:-2])
    ratio = np.divide(second, first, out=np.full(first.shape, np.nan), where=~unknown & (first > 0.0))
    # A contiguous diagonal is summed in one order, whatever the strides and the chunks.
    trace = np.ascontiguousarray(np.diagonal(clean, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.where(unknown, np.nan, trace), ratio


def _kernel_dims(kernel: xr.DataArray, dims: tuple[Hashable, Hashable] | None) -> tuple[Hashable, Hashable]:
    """The two level dims of an averaging kernel."""
    if dims is None:
        known = _labelled.matching_dims(kernel, "level", both=True)
        found = [d for d in kernel.dims if d in known or any(str(d).startswith(f"{k}_") for k in known)]
        if len(found) != 2:
            raise ValueError(
                f"kernel must have two level dimensions, found {found} among {kernel.dims}; name them with dims=(...)"
            )
        dims = found[0], found[1]
    for dim in dims:
        _labelled.find_dim(kernel, "level", "kernel", dim=dim)
    sizes = [kernel.sizes[dim] for dim in dims]
    if sizes[0] != sizes[1] or dims[0] == dims[1]:
        raise ValueError(f"the two level dimensions of kernel must have one length, got {dims} of {sizes}")
    # The trace pairs the i-th row with the i-th column: both must count the levels in one order.
    counted = [kernel.coords[dim] for dim in dims if dim in kernel.coords]
    if len(counted) == 2 and not _alike(*counted):
        raise ValueError(
            f"the level dimensions {dims[0]!r} and {dims[1]!r} of kernel have different coordinates, "
            f"{counted[0].values} and {counted[1].values}; bring both to the same levels in one order"
        )
    return dims


def _alike(first: xr.DataArray, second: xr.DataArray) -> bool:
    """Whether two level coordinates can be the same levels in the same order."""
    a, b = first.values, second.values
    if all(is_unit(c.attrs.get("units"), "pressure") for c in (first, second)):
        a, b = (convert(c.values.astype(np.float64), c.attrs["units"], "hPa", "kernel") for c in (first, second))
        return bool(np.allclose(a, b, rtol=1e-5, atol=0.0))
    # What they count is not known: only one order of the other is surely wrong.
    return bool(np.array_equal(a, b)) or set(a.tolist()) != set(b.tolist())
