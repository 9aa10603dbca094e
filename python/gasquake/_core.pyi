from typing import Any, TypeAlias

from numpy.typing import NDArray

# Outputs are allocated by the caller and written to; see gasquake.kernels for what the arrays mean.
_Array: TypeAlias = NDArray[Any]

def build_info() -> tuple[str, str, str, int]: ...
def fit_spirals(
    x: _Array,
    y: _Array,
    t: _Array,
    kind: str,
    anchor: str,
    sigma: float,
    loss: str,
    max_turns: float,
    table: _Array,
    chirality: _Array,
    n: _Array,
    converged: _Array,
    threads: int,
) -> None: ...
def locate_maxima(values: _Array, index: _Array, value: _Array, count: _Array, ties: _Array, threads: int) -> None: ...
def refine_spirals(
    x: _Array,
    y: _Array,
    t: _Array,
    starts: _Array,
    kind: str,
    anchor: str,
    sigma: float,
    loss: str,
    max_turns: float,
    table: _Array,
    chirality: _Array,
    n: _Array,
    converged: _Array,
    threads: int,
) -> None: ...
def requested_threads() -> str | None: ...
def rolling_mad(values: _Array, window: int, min_count: int, center: bool, out: _Array, threads: int) -> None: ...
def rolling_mean(values: _Array, window: int, min_count: int, center: bool, out: _Array, threads: int) -> None: ...
def rolling_median(values: _Array, window: int, min_count: int, center: bool, out: _Array, threads: int) -> None: ...
def rolling_std(values: _Array, window: int, min_count: int, center: bool, out: _Array, threads: int) -> None: ...
def rolling_zscore(
    values: _Array,
    window: int,
    min_count: int,
    include_current: bool,
    robust: bool,
    anomaly: _Array,
    zscore: _Array,
    count: _Array,
    threads: int,
) -> None: ...
def scan_profiles(
    values: _Array,
    pressure: _Array,
    sigma: _Array | None,
    surface_pressure: _Array | None,
    criteria: tuple[float, ...],
    out: tuple[_Array, ...],
    threads: int,
) -> None: ...
def seasonal_zscore(
    values: _Array,
    day: _Array,
    half_width: int,
    min_count: int,
    exclude_own_year: bool,
    robust: bool,
    anomaly: _Array,
    zscore: _Array,
    mean: _Array,
    std: _Array,
    count: _Array,
    threads: int,
) -> None: ...
def spiral_null(
    x: _Array,
    y: _Array,
    t: _Array,
    null: str,
    seed: int,
    kind: str,
    anchor: str,
    sigma: float,
    loss: str,
    max_turns: float,
    n: int,
    null_statistics: _Array,
    threads: int,
) -> float: ...
