"""What chance does: base rates with their intervals, and the event among its placebos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gasquake._numbers import p_equals
from gasquake.episodes import wilson_interval
from gasquake.plot import _draw
from gasquake.plot.language import Language, label, usable_language
from gasquake.plot.style import OKABE_ITO
from gasquake.profiles import ProfileVerdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["base_rates", "placebo_distribution"]


def base_rates(
    rates: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """How often each verdict falls without an earthquake, and how often in the tested days.

    Parameters
    ----------
    rates : DataFrame
        One row each, named by the index (a MultiIndex is joined), with columns ``rate`` and ``n``, both of the
        reference days, and where known ``n_effective``, ``low``, ``high`` (as from `gasquake.episodes.base_rate`) and
        ``event_rate``, ``event_n`` of the tested days. Rates are between 0 and 1.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``rates.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Rates in per cent; a row without a rate is named and empty.

    Raises
    ------
    TypeError
        If `rates` is no DataFrame.
    ValueError
        If a column is missing or a rate is out of range.

    Notes
    -----
    Bars are 95 % intervals of Wilson (1927), doi 10.1080/01621459.1927.10502953, by ``n_effective`` where it is known.
    Those of the tested days take every day as independent, which neighbouring days are not: the truth is wider.

    Examples
    --------
    >>> rates = pd.DataFrame({"rate": [0.05, 0.2], "n": [200, 200]}, index=["rooted", "rootless"])
    >>> base_rates(rates).get_xlabel()
    'rate of days (%)'
    """
    language = usable_language(language)
    table = _checked(rates)
    rows = np.arange(len(table))[::-1]
    ax = _draw.new_axes(ax, (6.0, 0.55 * max(len(table), 2) + 1.5))
    worth = table.get("n_effective", table["n"]).to_numpy(dtype=np.float64)
    rate = table["rate"].to_numpy(dtype=np.float64)
    low, high = wilson_interval(rate, worth)
    if {"low", "high"} <= set(table.columns):
        low, high = (table[name].to_numpy(dtype=np.float64) for name in ("low", "high"))
    tested = "event_rate" in table.columns
    shift = 0.14 if tested else 0.0
    _bars(ax, rate, low, high, rows + shift, OKABE_ITO["blue"], "o", label("reference days", language))
    hits = [_hits(r, n, language) for r, n in zip(rate, table["n"], strict=True)]
    if tested:
        own = table["event_rate"].to_numpy(dtype=np.float64)
        own_n = table["event_n"].to_numpy(dtype=np.float64)
        own_low, own_high = wilson_interval(own, own_n)
        _bars(ax, own, own_low, own_high, rows - shift, OKABE_ITO["vermilion"], "D", label("tested days", language))
        hits = [f"{a}\n{_hits(r, n, language)}" for a, r, n in zip(hits, own, own_n, strict=True)]
    for row, text in zip(rows, hits, strict=True):
        ax.annotate(text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.set_yticks(rows, [_row_name(name, language) for name in table.index])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(left=0.0)
    ax.set_xlabel(label("rate of days (%)", language))
    ax.grid(axis="x", lw=0.4, color="#DDDDDD")
    if np.isfinite(rate).any():
        _draw.legend_below(ax, points=36, title=label("95 % interval", language), ncols=2)
    else:
        ax.set_xlim(0.0, 100.0)
        _draw.note_empty(ax, language)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, rates), language=language)
    return ax


def placebo_distribution(
    null: ArrayLike,
    /,
    *,
    statistic: float,
    p_value: float,
    n_effective: float | None = None,
    standardised: bool = True,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """The event's score among those of other places and years.

    Parameters
    ----------
    null : array_like of float
        The placebos' scores; NaN is left out.
    statistic : float
        The event's; NaN if it could not be had.
    p_value : float
        Share of the placebos that reach it, the event counted in.
    n_effective : float, optional
        How many independent placebos they are worth.
    standardised : bool
        Whether the scores are set against each place's own years; else they are the mean z-scores themselves.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        A histogram. The bars at or beyond the event are darker and hatched: they are what the p-value counts.

    Examples
    --------
    >>> ax = placebo_distribution([0.1, 0.4, 0.9], statistic=0.7, p_value=0.5)
    >>> ax.get_title(loc="left")
    'p = 0.50, 3 placebos'
    """
    language = usable_language(language)
    numbers = np.asarray(null, dtype=np.float64).ravel()
    known = numbers[np.isfinite(numbers)]
    ax = _draw.new_axes(ax, (5.6, 3.3))
    _draw.null_histogram(ax, known, float(statistic), label("this event", language), language)
    measured = "standard deviations of the place's own years" if standardised else "mean z-score over the tested days"
    ax.set_xlabel(label(f"score ({measured})", language))
    ax.set_ylabel(label("number of placebos", language))
    values: dict[str, Any] = {"p": p_equals(p_value), "n": known.size}
    text = "{p}, {n} placebos"
    if n_effective is not None:
        text, values["worth"] = "{p}, {n} placebos worth {worth:.0f} independent ones", n_effective
    ax.set_title(label(text, language, **values), loc="left", fontsize="medium")
    # Above the line of the title, which may be long.
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, null), language=language, lifted=14.0)
    return ax


def _checked(rates: Any) -> pd.DataFrame:
    if not isinstance(rates, pd.DataFrame):
        raise TypeError(f"rates must be a DataFrame with columns rate and n, got {type(rates).__name__}")
    absent = [name for name in ("rate", "n") if name not in rates.columns]
    if "event_rate" in rates.columns and "event_n" not in rates.columns:
        absent.append("event_n")
    if absent:
        raise ValueError(f"rates has no column {', '.join(absent)}; it has {', '.join(map(str, rates.columns))}")
    for name in ("rate", "event_rate"):
        known = rates[name].dropna() if name in rates.columns else pd.Series(dtype=float)
        if ((known < 0.0) | (known > 1.0)).any():
            raise ValueError(f"{name} must lie in 0..1, got {known.min():g}..{known.max():g}")
    return rates


def _bars(
    ax: Any, rate: NDArray[np.float64], low: Any, high: Any, rows: NDArray[Any], colour: str, marker: str,
    name: str,
) -> None:  # fmt: skip
    reach = np.stack([rate - low, high - rate]).clip(min=0.0) * 100.0
    ax.errorbar(100.0 * rate, rows, xerr=reach, fmt=marker, color=colour, ms=6, capsize=3, elinewidth=1.5, label=name,
                clip_on=False, zorder=3)  # fmt: skip


def _hits(rate: float, n: float, language: Language) -> str:
    if not (np.isfinite(rate) and np.isfinite(n)):
        return "–"
    return label("{hits} of {n}", language, hits=round(rate * n), n=int(n))


def _row_name(name: Any, language: Language) -> str:
    """A row as it is read: gases and verdicts by their names, what the caller calls otherwise as it stands."""
    parts = [str(part) for part in (name if isinstance(name, tuple) else (name,))]
    return label(", ", language).join(
        label(part.lower(), language).replace("_", " ") if part in ProfileVerdict.__members__
        else ("" if "_" in part else _draw.gas_label(part)) or label(part, language)
        for part in parts
    )  # fmt: skip
