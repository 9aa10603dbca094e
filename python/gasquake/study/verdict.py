"""One sentence that the numbers support, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gasquake import episodes
from gasquake._numbers import LEVEL, p_equals, p_text, percent_text
from gasquake.profiles import ProfileVerdict
from gasquake.study.placebo import Rank, holm_by_family

__all__ = [
    "LEVEL", "Verdict", "as_dict", "conclude", "further_findings", "large_counts", "resolves_shape", "rooted_base_rate",
    "supported", "window_counts",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the study says.

    Attributes
    ----------
    finding : str
        "ROOTED", "AMPLITUDE_ONLY", "NONE" or "UNDETERMINED".
    sentence : str
        For a reader.
    p_value : float
        Of the headline among its placebos; NaN if there is none.
    rests_on : list of str
        What the sentence is built on: counts, rates, intervals.
    also : list of str
        What else was more than chance, corrected for how many such tests were made.
    limits : list of str
        What it cannot say.
    """

    finding: str
    sentence: str
    p_value: float
    rests_on: list[str]
    also: list[str]
    limits: list[str]


def conclude(
    headline: Rank,
    /,
    *,
    kind: str,
    rooted_days: dict[str, tuple[int, int]],
    large_days: dict[str, tuple[int, int, int]],
    threshold: float,
    base_rates: dict[str, tuple[float, float, float]],
    window: tuple[str, str],
    gases: list[str],
    named: list[str],
    also: list[str],
    limits: list[str],
) -> Verdict:
    """The verdict of a study.

    Parameters
    ----------
    headline : Rank
        The event among its placebos.
    kind : {"rooted", "amplitude"}
        What the headline scores.
    rooted_days : dict of str to tuple of int
        For each gas: days of the window with a rooted profile at the epicentre, and days that could be judged.
    large_days : dict of str to tuple of int
        As from `large_counts`, for each gas.
    threshold : float
        The z-score from which an anomaly is large.
    base_rates : dict of str to tuple of float
        For each gas: how often background days and other years are called rooted, with its interval.
    window : tuple of str
        First and last date of the tested stages.
    gases : list of str
        In order of the configuration.
    named : list of str
        As from `supported`: those of which the sentence speaks where the headline is unusual.
    also : list of str
        As from `further_findings`.
    limits : list of str
        What is known to be missing.

    Returns
    -------
    Verdict
        UNDETERMINED where nothing could be judged, or where so few placebos exist that no result could be unusual.
    """
    names = _listed([gas.upper() for gas in gases])
    span = f"from {window[0]} to {window[1]}"
    judged = sum(n for _, n in rooted_days.values())
    if kind == "rooted":
        rests = [_resting(gas, rooted_days[gas], base_rates.get(gas)) for gas in gases]
    else:
        rests = [_large(gas, large_days[gas], threshold) for gas in gases]
    rests.append(_chance(headline))
    if not np.isfinite(headline.statistic) or (kind == "rooted" and judged == 0):
        sentence = f"Undetermined: {span} no profile of {names} near the epicentre could be judged."
        return Verdict("UNDETERMINED", sentence, np.nan, rests, also, limits)
    what = f"{names} over the epicentre {span}"
    verb = "were" if len(gases) > 1 else "was"
    if not np.isfinite(headline.p_value) or headline.smallest_p > LEVEL:
        sentence = (
            f"Undetermined: {what} {verb} compared with only {headline.n_effective:.0f} independent "
            f"placebo{'' if round(headline.n_effective) == 1 else 's'}, so that no result could have had p below "
            f"{p_text(headline.smallest_p)}."
        )
        return Verdict("UNDETERMINED", sentence, headline.p_value, rests, also, limits)
    unusual = headline.p_value <= LEVEL
    if unusual:
        names = _listed([gas.upper() for gas in named]) if named else f"{names} together"
        what = f"{names} over the epicentre {span}"
        verb = "were" if len(named or gases) > 1 else "was"
    if kind == "amplitude":
        size = "larger than chance would have it" if unusual else "no larger than chance would have it"
        sentence = (
            f"The anomaly of {what} was {size} ({p_equals(headline.p_value)}, {headline.n} placebos); whether it was "
            "rooted at the ground or drifted in aloft these data cannot tell."
        )
        return Verdict("AMPLITUDE_ONLY" if unusual else "NONE", sentence, headline.p_value, rests, also, limits)
    if unusual:
        sentence = (
            f"{what} {verb} rooted at the ground more than chance would have it ({p_equals(headline.p_value)}, "
            f"{headline.n} placebos)."
        )
        return Verdict("ROOTED", sentence, headline.p_value, rests, also, limits)
    sentence = (
        f"{what} {verb} rooted at the ground no more than at other times and places ({p_equals(headline.p_value)}, "
        f"{headline.n} placebos)."
    )
    return Verdict("NONE", sentence, headline.p_value, rests, also, limits)


def supported(tests: Mapping[str, Rank], gases: list[str], /, *, kind: str) -> list[str]:
    """The gases that an unusual headline holds for: those whose own score is unusual too.

    Parameters
    ----------
    tests : mapping of str to Rank
        Every statistic, named as "rooted co".
    gases : list of str
        All that the headline scores.
    kind : {"rooted", "amplitude"}
        What it scores.

    Returns
    -------
    list of str
        In the order of `gases`; none where only all of them together are unusual.

    Notes
    -----
    A mean over gases is unusual if one of them is, and says nothing of the other. The headline asks of all gases
    together; only where it rejects is each asked alone, at the same level. For two gases this is closed testing, which
    keeps the level without correction: Marcus, Peritz and Gabriel (1976), Biometrika 63, 655,
    doi 10.1093/biomet/63.3.655.
    """
    alone = {gas: tests.get(f"{kind} {gas}") for gas in gases}
    return [gas for gas, rank in alone.items() if rank is not None and rank.p_value <= LEVEL]


def further_findings(tests: dict[str, Rank], /, *, stages: list[str]) -> list[str]:
    """Which other readings of the profiles were more than chance, in which stage.

    Parameters
    ----------
    tests : dict of str to Rank
        Every statistic, named as "rootless background".
    stages : list of str
        Names of the stages.

    Returns
    -------
    list of str
        One line for each with a corrected p-value at or below the level; the headline itself is not repeated.
    """
    corrected = holm_by_family(tests)
    lines = []
    for name, p in corrected.items():
        kind, _, where = name.partition(" ")
        if where in stages and p <= LEVEL:
            what = {"rooted": "rooted profiles", "rootless": "rootless (drifted) profiles"}.get(kind, "large anomalies")
            told = f"{p_equals(tests[name].p_value)}, corrected {p_text(p)}"
            lines.append(f"more {what} than chance in the stage “{where}”: {told}")
    return lines


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _resting(gas: str, days: tuple[int, int], base: tuple[float, float, float] | None) -> str:
    line = f"{gas.upper()}: {days[0]} of {days[1]} judged days and orbits rooted at the epicentre"
    if base is None or not np.isfinite(base[0]):
        return f"{line}; no base rate"
    rate, low, high = map(percent_text, base)
    return f"{line}, against {rate} ({low} to {high}) of background days and other years"


def _large(gas: str, days: tuple[int, int, int], threshold: float) -> str:
    hits, known, out_of = days
    return (
        f"{gas.upper()}: largest z-score at the epicentre {threshold:g} or more on {hits} of {known} days and orbits "
        f"with data, out of {out_of}"
    )


def _chance(headline: Rank) -> str:
    if headline.n == 0:
        return "no placebo: nothing to compare with"
    return (
        f"{headline.n} placebos worth {headline.n_effective:.0f} independent ones; the smallest p they allow is "
        f"{p_text(headline.smallest_p)}; 95 % interval of the placebos' share {p_text(headline.p_low)} to "
        f"{p_text(headline.p_high)}"
    )


def as_dict(verdict: Verdict, headline: Rank, /) -> dict[str, Any]:
    """The verdict for ``summary.json``.

    Parameters
    ----------
    verdict : Verdict
        What is said.
    headline : Rank
        What it rests on.

    Returns
    -------
    dict
        Plain numbers and strings.
    """
    return {
        "finding": verdict.finding,
        "sentence": verdict.sentence,
        "p_value": verdict.p_value,
        "level": LEVEL,
        "statistic": headline.statistic,
        "n_placebos": headline.n,
        "n_effective": headline.n_effective,
        "smallest_p": headline.smallest_p,
        "placebo_share_interval": [headline.p_low, headline.p_high],
        "rests_on": verdict.rests_on,
        "also": verdict.also,
        "limits": verdict.limits,
    }


def resolves_shape(judged: xr.Dataset, gas: str, /) -> bool:
    """Whether the profiles of a gas could be told rooted from rootless.

    Parameters
    ----------
    judged : Dataset
        Verdicts of all profiles, along gas.
    gas : str
        Which.

    Returns
    -------
    bool
        False where anomalies were judged by their amplitude and none by its shape: that none was rooted is no finding.
    """
    codes = judged["verdict"].sel(gas=gas)
    shapes = [ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS, ProfileVerdict.MIXED]
    return bool(codes.isin(shapes).any()) or not bool((codes == ProfileVerdict.AMPLITUDE_ONLY).any())


def rooted_base_rate(profiles: Mapping[str, Any], /) -> tuple[float, float, float] | None:
    """How often days on which nothing is claimed are called rooted, over the orbits of one gas.

    Parameters
    ----------
    profiles : mapping
        orbit -> as in ``summary.json``.

    Returns
    -------
    tuple of float, or None
        The rate and its 95 % interval; None if no such day could be judged.
    """
    known = [rate for orbit in profiles.values() if (rate := orbit["epicentre"]["base_rate"]["ROOTED"])["n"]]
    if not known:
        return None
    rate = sum(b["hits"] for b in known) / sum(b["n"] for b in known)
    low, high = episodes.wilson_interval(rate, sum(b["n_effective"] for b in known))
    return rate, float(low), float(high)


def _tested_days(profiles: Mapping[str, Any], tested: list[str]) -> list[Any]:
    return [day for orbit in profiles.values() for day in orbit["epicentre"]["days"] if day["stage"] in tested]


def window_counts(profiles: Mapping[str, Any], tested: list[str], which: str = "ROOTED", /) -> tuple[int, int]:
    """Days of the tested stages with a verdict at the epicentre, over the orbits of one gas.

    Parameters
    ----------
    profiles : mapping
        orbit -> as in ``summary.json``.
    tested : list of str
        Names of stages.
    which : str
        The verdict.

    Returns
    -------
    tuple of int
        Days and orbits with it, and those that could be judged.
    """
    judged = [day["verdict"] for day in _tested_days(profiles, tested) if day["verdict"] != "UNDETERMINED"]
    return judged.count(which), len(judged)


def large_counts(profiles: Mapping[str, Any], tested: list[str], threshold: float, /) -> tuple[int, int, int]:
    """Days of the tested stages with a large anomaly at the epicentre, over the orbits of one gas.

    Parameters
    ----------
    profiles : mapping
        orbit -> as in ``summary.json``.
    tested : list of str
        Names of stages.
    threshold : float
        The largest z-score of a day's profile from which it is large.

    Returns
    -------
    tuple of int
        Days and orbits with one, those with any z-score, and all.
    """
    days = _tested_days(profiles, tested)
    known = [z for day in days if (z := day["amplitude"]) is not None and np.isfinite(z)]
    return sum(z >= threshold for z in known), len(known), len(days)
