"""What a study concludes, said in the report's language from the numbers themselves.

`gasquake.study.verdict` says the same in English; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gasquake._numbers import LEVEL, p_equals
from gasquake.report.language import Words, gas_label, unbroken
from gasquake.study.limits import Limit, find_limits
from gasquake.study.placebo import holm_by_family
from gasquake.study.result import StudyResult
from gasquake.study.verdict import large_counts, rooted_base_rate, supported, window_counts

__all__ = ["Conclusion", "conclude"]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The head of the report.

    Attributes
    ----------
    finding : str
        "ROOTED", "AMPLITUDE_ONLY", "NONE" or "UNDETERMINED".
    label : str
        The finding in words.
    sentence : str
        The verdict.
    rests_on, also, limits : list of str
        What it is built on, what else was more than chance, and what it cannot say.
    tiles : list of tuple of str
        The numbers behind it: number, what it is, a note.
    """

    finding: str
    label: str
    sentence: str
    rests_on: list[str]
    also: list[str]
    limits: list[str]
    tiles: list[tuple[str, str, str]]


def conclude(result: StudyResult, summary: Mapping[str, Any], say: Words, /) -> Conclusion:
    """The verdict of a study in words.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    summary : mapping
        As from `gasquake.study.summary.summarise`, in plain types.
    say : Words
        The language.

    Returns
    -------
    Conclusion
        The finding is that of the study; the words are made here.
    """
    tested = result.config.stages.tested
    gases = list(result.profiles)
    rooted = {gas: window_counts(result.profiles[gas], tested) for gas in gases}
    base = {gas: rooted_base_rate(result.profiles[gas]) for gas in gases}
    rests = []
    if result.headline_kind == "rooted":
        rests += [_resting(gas, rooted[gas], base[gas], say) for gas in gases]
    else:
        rests += [_large(gas, result, say) for gas in gases]
    rests.append(_chance(result, say))
    finding = result.verdict.finding
    limits = find_limits(result.config, result.inputs, result.judged, result.placebos, event=result.event)
    return Conclusion(
        finding, say.name("finding", finding), _sentence(result, gases, rooted, say), rests, _also(result, say),
        [_limit(limit, say) for limit in limits], _tiles(result, summary, rooted, base, say),
    )  # fmt: skip


def _window(result: StudyResult) -> tuple[str, str]:
    tested = [stage for stage in result.stages if stage.name in result.config.stages.tested]
    return str(tested[0].start)[:10], str(tested[-1].end - np.timedelta64(1, "s"))[:10]


def _sentence(result: StudyResult, gases: list[str], rooted: dict[str, tuple[int, int]], say: Words) -> str:
    headline, finding = result.tests["headline"], result.verdict.finding
    first, last = _window(result)
    kind = "rooted" if result.headline_kind == "rooted" else "amplitude"
    unusual = finding != "UNDETERMINED" and headline.p_value <= LEVEL
    named = supported(result.tests, gases, kind=kind) if unusual else gases
    names = say.gases(named) if named else say("word.together", gases=say.gases(gases))
    what = {"gases": names, "first": first, "last": last, "were": "were" if len(named or gases) > 1 else "was"}
    chance = {"p": p_equals(headline.p_value), "n": headline.n}
    if finding == "UNDETERMINED":
        judged = sum(n for _, n in rooted.values())
        if not math.isfinite(headline.statistic) or (result.headline_kind == "rooted" and judged == 0):
            return say("sentence.no_profile", **what)
        worth = {"worth": f"{headline.n_effective:.0f}", "smallest": say.p(headline.smallest_p),
                 "s": "" if round(headline.n_effective) == 1 else "s"}  # fmt: skip
        return say("sentence.few_placebos", **what, **worth)
    return say(f"sentence.{kind}_{'more' if unusual else 'no_more'}", **what, **chance)


def _resting(gas: str, days: tuple[int, int], base: tuple[float, float, float] | None, say: Words) -> str:
    values = {"gas": gas_label(gas), "hits": days[0], "n": days[1]}
    if base is None or not math.isfinite(base[0]):
        return say("rests.no_base_rate", **values)
    rate, low, high = (say.percent(share) for share in base)
    return say("rests.rooted", **values, rate=rate, low=low, high=high)


def _large(gas: str, result: StudyResult, say: Words) -> str:
    threshold = result.config.profile.threshold
    hits, n, out_of = large_counts(result.profiles[gas], result.config.stages.tested, threshold)
    return say("rests.large", gas=gas_label(gas), z=f"{threshold:g}", hits=hits, n=n, out_of=out_of)


def _chance(result: StudyResult, say: Words) -> str:
    headline = result.tests["headline"]
    if headline.n == 0:
        return say("rests.no_placebo")
    return say(
        "rests.placebos", n=headline.n, worth=f"{headline.n_effective:.0f}", smallest=say.p(headline.smallest_p),
        low=say.p(headline.p_low), high=say.p(headline.p_high),
    )  # fmt: skip


def _also(result: StudyResult, say: Words) -> list[str]:
    """Which other readings of the profiles were more than chance: the rule of `gasquake.study.verdict`."""
    stages, lines = [stage.name for stage in result.stages], []
    for name, corrected in holm_by_family(result.tests).items():
        kind, _, stage = name.partition(" ")
        if stage in stages and corrected <= LEVEL:
            lines.append(say(
                f"also.{kind}", stage=say.name("stage", stage), p=p_equals(result.tests[name].p_value),
                corrected=say.p(corrected),
            ))  # fmt: skip
    return lines


def _limit(limit: Limit, say: Words) -> str:
    orbits = say("limit.and_no").join(say.name("orbit", orbit) for orbit in limit.orbits)
    covered = say("limit.and_covers").join(say("word.interval", low=a, high=b) for a, b in limit.covered)
    filled = {"orbits": orbits, "covered": covered}
    return say(f"limit.{limit.kind}", **{name: text for name, text in filled.items() if text}, **limit.numbers)


def _tiles(
    result: StudyResult, summary: Mapping[str, Any], rooted: dict[str, tuple[int, int]],
    base: dict[str, tuple[float, float, float] | None], say: Words,
) -> list[tuple[str, str, str]]:  # fmt: skip
    headline = result.tests["headline"]
    tiles = [
        (say.p(headline.p_value), say("tile.p"), say("tile.p_note", smallest=say.p(headline.smallest_p))),
        (str(headline.n), say("tile.placebos"), say("tile.placebos_note", worth=f"{headline.n_effective:.0f}")),
    ]
    if result.headline_kind != "rooted":
        return tiles
    for gas, (hits, n) in rooted.items():
        found = base[gas]
        note = say("tile.no_base") if found is None else say("tile.base", rate=say.percent(found[0]))
        tiles.append((say("tile.of", hits=hits, n=n), say("tile.rooted", gas=gas_label(gas)), note))
    for gas, orbits in summary["profiles"].items():
        episodes = {orbit: found["neighbourhood"]["episode"] for orbit, found in orbits.items()}
        onsets = sorted(e["onset"] for e in episodes.values() if e["onset"])
        if onsets:
            first = next(e for e in episodes.values() if e["onset"] == onsets[0])
            low, high = (unbroken((first[end] or "…")[5:] or "…") for end in ("onset_low", "onset_high"))
            tiles.append((onsets[0], say("tile.onset", gas=gas_label(gas)), say("tile.onset_note", low=low, high=high)))
    return tiles
