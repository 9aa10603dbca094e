"""What n allows to say of one coefficient, and the coefficients of Zhao et al. (2022) in that light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

__all__ = ["ZHAO2022_TABLE_1", "PublishedCorrelation", "fisher_interval"]


def fisher_interval(r: Any, n: Any, /, *, level: float = 0.95) -> tuple[Any, Any]:
    """Fisher's interval of a correlation coefficient.

    Parameters
    ----------
    r : array_like
        Pearson's coefficient, -1..1.
    n : array_like
        Number of independent pairs; it need not be whole.
    level : float
        Coverage, in 0..1.

    Returns
    -------
    low, high : float or ndarray of float64
        Bounds in -1..1; NaN where ``n <= 3``, of which no interval can be had.

    Raises
    ------
    ValueError
        If `level` does not lie between 0 and 1.

    Notes
    -----
    tanh(atanh r ± z / sqrt(n - 3)), with z the normal quantile of (1 + level)/2. Fisher, R. A. (1921), Metron 1, 3.

    Examples
    --------
    >>> low, high = fisher_interval(0.91, 4)
    >>> print(f"{low:.2f} to {high:.2f}")
    -0.41 to 1.00
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    z = float(stats.norm.ppf((1.0 + level) / 2.0))
    r, n = np.asarray(r, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore"):  # r = ±1 has the interval ±1..±1
        centre, half = np.arctanh(r), z / np.sqrt(np.where(n > 3.0, n - 3.0, np.nan))
    low, high = np.tanh(centre - half), np.tanh(centre + half)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


@dataclass(frozen=True, slots=True)
class PublishedCorrelation:
    """A coefficient of a publication, with the number of days it can rest on at most.

    Attributes
    ----------
    stage, orbit : str
        As "before" and "descending".
    r : float
        The coefficient as printed.
    n : int
        Days of the stage; valid ones may be fewer, which the publication does not say.

    Examples
    --------
    >>> PublishedCorrelation("before", "ascending", -0.38, 7).interval
    (-0.88, 0.52)
    """

    stage: str
    orbit: str
    r: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Fisher's 95 % interval, if all days were valid and independent: the narrowest that can be claimed.

        Returns
        -------
        tuple of float
            Bounds, rounded like the coefficient.
        """
        low, high = fisher_interval(self.r, self.n)
        return round(low, 2), round(high, 2)


#: Table 1 of Zhao et al. (2022): XCO with XCH4, background 1-29 August, before 30 August - 5 September, during 6-9
#: September 2022. Of the six only that of 7 days differs from 0 at 95 %, before any correction for six looks.
ZHAO2022_TABLE_1: tuple[PublishedCorrelation, ...] = (
    PublishedCorrelation("background", "ascending", -0.17, 29),
    PublishedCorrelation("background", "descending", -0.20, 29),
    PublishedCorrelation("before", "ascending", -0.38, 7),
    PublishedCorrelation("before", "descending", 0.93, 7),
    PublishedCorrelation("during", "ascending", 0.91, 4),
    PublishedCorrelation("during", "descending", 0.02, 4),
)
