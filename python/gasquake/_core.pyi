# The binding, as the kernels call it. Written by hand and compared with the extension by mypy.stubtest (`make lint`).
# Arrays are what the array gate lets through: native float32 or float64, all of one call alike; outputs are allocated
# by the caller and written in place.

from typing import Any

from numpy import floating, int32
from numpy.typing import NDArray

__all__ = ["build_info", "rolling_mean", "rolling_zscore"]

def build_info() -> tuple[str, str, str, int]: ...
def rolling_mean(
    values: NDArray[floating[Any]],
    window: int,
    min_count: int,
    center: bool,
    mean: NDArray[floating[Any]],
    threads: int,
) -> None: ...
def rolling_zscore(
    values: NDArray[floating[Any]],
    window: int,
    min_count: int,
    include_current: bool,
    anomaly: NDArray[floating[Any]],
    zscore: NDArray[floating[Any]],
    count: NDArray[int32],
    threads: int,
) -> None: ...
