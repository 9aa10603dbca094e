"""The tables of the report: what ``summary.json`` holds, in words and with its units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gasquake._numbers import MISSING
from gasquake.report._cells import (
    Cell,
    Table,
    count_cell,
    fixed_cell,
    name_cell,
    number_cell,
    p_span_cell,
    p_value_cell,
    rate_cells,
    share_cells,
    span_cell,
    verdict_cell,
)  # fmt: skip
from gasquake.report.language import Words, gas_label, unbroken
from gasquake.study.result import StudyResult
from gasquake.study.verdict import resolves_shape, window_counts

__all__ = ["all_tables"]

MOST_ROWS = 200  # [D] of files; provenance.json names them all
PPB = 1e9


def all_tables(result: StudyResult, summary: Mapping[str, Any], say: Words, /) -> dict[str, Table]:
    """Every table that has rows.

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
    dict of str to Table
        By name.
    """
    made = [
        _stages(summary, say), _refused(summary, say), _inputs(result, say),
        _days(result, summary, say),
        _rates(result, summary, say), _counts(summary, say), _episodes(summary, say), _runs(summary, say),
        _lateral(result, summary, say), _models(summary, say), _spirals(summary, say), _helices(summary, say),
        _correlation(summary, say), _placebos(result, summary, say), _masses(summary, say),
        _truth(result, summary, say),
    ]  # fmt: skip
    return {table.name: table for table in made if table.rows}


def _heads(say: Words, *names: str) -> list[str]:
    return [say(f"column.{name}") for name in names]


def _gas_and_orbit(say: Words, gas: str, orbit: str) -> list[Cell]:
    return [Cell(gas_label(gas)), Cell(say.name("orbit", orbit))]


def _orbits(section: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    return [(gas, orbit, found) for gas, orbits in section.items() for orbit, found in orbits.items()]


def _stages(summary: Mapping[str, Any], say: Words) -> Table:
    stages = summary["stages"]
    orbits = list(stages[0]["days"]) if stages else []
    days = [say("column.days_of", orbit=say.name("orbit", orbit)) for orbit in orbits]
    rows = [
        [
            Cell(say.name("stage", stage["name"])), Cell(_moment(stage["start"])), Cell(_moment(stage["end"])),
            Cell(say("word.yes") if stage["tested"] else say("word.no")),
            *(count_cell(stage["days"][orbit]) for orbit in orbits),
        ]
        for stage in stages
    ]  # fmt: skip
    return Table("stages", _heads(say, "stage", "start", "end_before", "tested") + days, rows)


def _moment(iso: str) -> str:
    return iso.replace("T", " ").removesuffix("Z")


def _refused(summary: Mapping[str, Any], say: Words) -> Table:
    refused = summary["inputs"]["refused"]
    rows = [[Cell(str(r["path"]), kind="code"), Cell(str(r["reason"]), kind="prose")] for r in refused[:MOST_ROWS]]
    return Table("refused", _heads(say, "file", "reason"), rows, left_out=max(len(refused) - MOST_ROWS, 0))


def _inputs(result: StudyResult, say: Words) -> Table:
    files = result.inputs.files
    rows = [
        [
            Cell(str(file.get("path", "")), kind="code"),
            Cell(say.fixed(file.get("bytes"), 0), file.get("bytes"), "number"),
            Cell(str(file.get("sha256", "")), kind="code"),
        ]
        for file in files[:MOST_ROWS]
    ]
    return Table("inputs", _heads(say, "file", "bytes", "sha256"), rows, left_out=max(len(files) - MOST_ROWS, 0))


def _days(result: StudyResult, summary: Mapping[str, Any], say: Words) -> Table:
    names = ["date", "stage", "gas", "orbit", "verdict", "z_below", "z_above", "amplitude", "gradient", "n_below"]
    rows = [
        [
            Cell(day["date"]), Cell(say.name("stage", day["stage"])), *_gas_and_orbit(say, gas, orbit),
            verdict_cell(say, day["verdict"]), fixed_cell(say, day["z_below"]), fixed_cell(say, day["z_above"]),
            fixed_cell(say, day["amplitude"]), _gradient(say, day["gradient"], day["gradient_se"]),
            count_cell(day["n_below"]),
        ]
        for gas, orbit, found in _orbits(summary["profiles"]) for day in found["epicentre"]["days"]
    ]  # fmt: skip
    words = ""
    if "level" not in result.fields.dims:  # one layer has no below and above
        names, rows, words = [*names[:5], "amplitude"], [[*row[:5], row[7]] for row in rows], "days_one_layer"
    return Table("days", _heads(say, *names), rows, sortable=True, filters=[1, 2, 3, 4], words=words)


def _gradient(say: Words, slope: float | None, error: float | None) -> Cell:
    if slope is None:
        return Cell(MISSING, None, "number")
    margin = "" if error is None else f" ± {say.fixed(error * PPB, 1)}"
    return Cell(f"{say.fixed(slope * PPB, 1)}{margin}", slope, "number")


def _rates(result: StudyResult, summary: Mapping[str, Any], say: Words) -> Table:
    tested = result.config.stages.tested
    rows = []
    for gas, orbit, found in _orbits(summary["profiles"]):
        if not resolves_shape(result.judged, gas):
            rows += _raw_rates(summary, gas, orbit, say)
            continue
        for verdict, rate in found["epicentre"]["base_rate"].items():
            hits, n = window_counts({orbit: found}, tested, verdict)
            rows.append([*_gas_and_orbit(say, gas, orbit), name_cell(say("criterion.anomaly")),
                         verdict_cell(say, verdict), *share_cells(say, hits, n), *rate_cells(say, rate)])  # fmt: skip
        window = {day["date"] for day in found["epicentre"]["days"] if day["stage"] in tested}
        for criterion, (hits, n), rate in _elsewhere(found, window):
            rows.append([*_gas_and_orbit(say, gas, orbit), name_cell(say(f"criterion.{criterion}")),
                         verdict_cell(say, "ROOTED"), *share_cells(say, hits, n), *rate_cells(say, rate)])  # fmt: skip
        rolling = summary["profiles_rolling_baseline"].get(gas, {}).get(orbit)
        if rolling:
            judged = [d["verdict"] for d in rolling if d["date"] in window and d["verdict"] != "UNDETERMINED"]
            rows.append([*_gas_and_orbit(say, gas, orbit), name_cell(say("criterion.rolling")),
                         verdict_cell(say, "ROOTED"), *share_cells(say, judged.count("ROOTED"), len(judged)),
                         Cell(MISSING, None, "number"), Cell(MISSING, None, "number")])  # fmt: skip
        rows += _raw_rates(summary, gas, orbit, say)
    # What was judged neither in the tested days nor in others has no rates.
    rows = [row for row in rows if row[5].order is not None or row[6].order is not None]
    names = ("gas", "orbit", "criterion", "verdict", "tested_days", "tested_share", "base_rate", "base_days")
    return Table("rates", _heads(say, *names), rows)


def _raw_rates(summary: Mapping[str, Any], gas: str, orbit: str, say: Words) -> list[list[Cell]]:
    """The paper's criterion, which judges shapes whatever the retrieval resolves; none where it was not asked."""
    raw = summary["raw_criterion"].get(gas, {}).get(orbit)
    if not raw:
        return []
    tested = share_cells(say, raw["window_rate"]["hits"], raw["window_rate"]["n"])
    return [[*_gas_and_orbit(say, gas, orbit), name_cell(say("criterion.raw")), verdict_cell(say, "ROOTED"), *tested,
             *rate_cells(say, raw["base_rate"])]]  # fmt: skip


def _elsewhere(found: Mapping[str, Any], window: set[str]) -> Iterator[tuple[str, tuple[int, int], Mapping[str, Any]]]:
    """Rooted profiles of the tested days around the epicentre, and at each day's maximum, with their base rates."""
    around = [{k: n for k, n in day.items() if k not in ("date", "UNDETERMINED")}
              for day in found["neighbourhood"]["days"] if day["date"] in window]  # fmt: skip
    counted = sum(day.get("ROOTED", 0) for day in around), sum(sum(day.values()) for day in around)
    yield "around", counted, found["neighbourhood"]["base_rate"]["ROOTED"]
    peaks = [day["verdict"] for day in found["maximum"]["days"] if day["date"] in window]
    judged = [verdict for verdict in peaks if verdict != "UNDETERMINED"]
    yield "maximum", (judged.count("ROOTED"), len(judged)), found["maximum"]["base_rate"]["ROOTED"]


def _counts(summary: Mapping[str, Any], say: Words) -> Table:
    verdicts = ["ROOTED", "ROOTLESS", "MIXED", "AMPLITUDE_ONLY", "NONE", "UNDETERMINED"]
    rows = [
        [Cell(say.name("stage", stage)), *_gas_and_orbit(say, gas, orbit), *(count_cell(n.get(v, 0)) for v in verdicts)]
        for gas, orbit, found in _orbits(summary["profiles"])
        for stage, n in found["stages"].items()
    ]
    return Table("counts", _heads(say, "stage", "gas", "orbit") + [say.name("verdict", v) for v in verdicts], rows)


def _episodes(summary: Mapping[str, Any], say: Words) -> Table:
    rows = []
    for gas, orbit, found in _orbits(summary["profiles"]):
        e = found["neighbourhood"]["episode"]
        rows.append([
            *_gas_and_orbit(say, gas, orbit), *(_dates(say, e, which) for which in ("onset", "recovery")),
            fixed_cell(say, e["elevation"]), p_value_cell(say, e["p"]), count_cell(e["n"]),
        ])  # fmt: skip
    return Table("episodes", _heads(say, "gas", "orbit", "onset", "recovery", "elevation", "p", "observed_days"), rows)


def _dates(say: Words, episode: Mapping[str, Any], which: str) -> Cell:
    if not episode[which]:
        return Cell(say("word.not_seen"))
    low, high = ((episode[f"{which}_{bound}"] or say("word.open"))[-5:] for bound in ("low", "high"))
    return Cell(say("word.date_interval", date=episode[which], low=low, high=high), episode[which])


def _runs(summary: Mapping[str, Any], say: Words) -> Table:
    rows = [
        [*_gas_and_orbit(say, gas, orbit), verdict_cell(say, verdict), Cell(run["start"]), Cell(run["end"]),
         count_cell(run["n_days"]), count_cell(run["n_unknown"])]
        for gas, orbit, found in _orbits(summary["profiles"])
        for verdict, runs in found["epicentre"]["runs"].items() for run in runs
    ]  # fmt: skip
    return Table(
        "runs", _heads(say, "gas", "orbit", "verdict", "first", "last", "run_days", "unknown_days"), rows, sortable=True
    )


def _lateral(result: StudyResult, summary: Mapping[str, Any], say: Words) -> Table:
    sides = _orbits(summary["lateral"])
    names = [
        say(f"column.{which}", what=say("column.gas_orbit", gas=gas_label(gas), orbit=say.name("orbit", orbit)))
        for gas, orbit, _ in sides for which in ("lateral_tested", "lateral_other")
    ]  # fmt: skip
    rows = []
    levels = next((found["level_hpa"] for _, _, found in sides if found["level_hpa"]), [None])
    for k, level in enumerate(levels):
        if level is not None and level < result.config.profile.upper:
            continue
        cells = []
        for _, _, found in sides:
            n, high, tested, tested_high = (
                _as_list(found[key])[k]
                for key in ("days", "days_at_least_2", "tested_days", "tested_days_at_least_2")
            )  # fmt: skip
            for hits, days in ((tested_high, tested), (high - tested_high, n - tested)):
                told = say("word.of", hits=hits, n=days) if days else MISSING
                cells.append(Cell(told, hits / days if days else None, "number"))
        if any(cell.order is not None for cell in cells):
            head = say("word.one_layer") if level is None else say.number(level, 4)
            rows.append([Cell(head, level, "number"), *cells])
    return Table("lateral", [say("column.level"), *names], rows)


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _models(summary: Mapping[str, Any], say: Words) -> Table:
    rows = []
    for gas, track in summary["tracks"].items():
        for model in track["models"]:
            best = model["name"] == track["best_model"]
            name = say.name("model", model["name"]) + (f" · {say('word.kept')}" if best else "")
            rows.append([
                Cell(gas_label(gas)), Cell(name, model["name"], "best" if best else "name"),
                number_cell(say, model["rmse_km"]), number_cell(say, model["loo_rmse_km"]),
                fixed_cell(say, model["r2"]), fixed_cell(say, model["delta_aicc"], 1),
                p_value_cell(say, model["weight"]),
                Cell(say("word.yes") if model["ambiguous"] else say("word.no")),
            ])  # fmt: skip
    names = ("gas", "model", "rmse", "loo", "r2", "delta_aicc", "weight", "ambiguous")
    return Table("models", _heads(say, *names), rows, sortable=True)


def _spirals(summary: Mapping[str, Any], say: Words) -> Table:
    rows = [
        [Cell(gas_label(gas)), name_cell(say.name("model", test["spiral"])), name_cell(say.name("null", test["null"])),
         fixed_cell(say, test["statistic"]), p_value_cell(say, test["p_value"]), p_value_cell(say, test["p_holm"])]
        for gas, track in summary["tracks"].items() for test in track["tests"]
    ]  # fmt: skip
    return Table(
        "spirals", _heads(say, "gas", "model", "null", "share", "p", "p_holm"), rows, sortable=True, filters=[0, 2]
    )


def _helices(summary: Mapping[str, Any], say: Words) -> Table:
    rows = []
    for gas, track in summary["tracks"].items():
        helix = track["helix"]
        if helix:
            climb = f"{say.fixed(helix['climb'])} ± {say.fixed(helix['climb_se'])}"
            rows.append([
                Cell(gas_label(gas)), Cell(climb, helix["climb"], "number"), p_value_cell(say, helix["p_value"]),
                fixed_cell(say, helix["zeta_r2"]), number_cell(say, helix["zeta_rmse"]),
                fixed_cell(say, helix["r2_plane"]), number_cell(say, helix["rmse_km"]), count_cell(helix["n"]),
            ])  # fmt: skip
    names = ("gas", "climb", "p", "r2_height", "rmse_height", "r2_plane", "rmse", "observed_days")
    return Table("helices", _heads(say, *names), rows)


def _correlation(summary: Mapping[str, Any], say: Words) -> Table:
    rows = [
        [
            Cell(say.name("stage", row["stage"])), Cell(say.name("orbit", row["orbit"])),
            fixed_cell(say, row["pearson"]), span_cell(say, row["low"], row["high"]), count_cell(row["n"]),
            fixed_cell(say, row["n_effective"], 1), p_value_cell(say, row["pearson_p"]),
            p_value_cell(say, row["p_against_background"]), fixed_cell(say, row["zhao2022_r"]),
            span_cell(say, row["zhao2022_low"], row["zhao2022_high"]),
            Cell(MISSING if row["zhao2022_n"] is None else str(row["zhao2022_n"]), row["zhao2022_n"], "number"),
        ]
        for row in summary["correlation"]
    ]  # fmt: skip
    names = ("stage", "orbit", "r", "interval", "n", "n_effective", "p_shift", "p_background", "paper_r",
             "paper_interval", "paper_n")  # fmt: skip
    return Table("correlation", _heads(say, *names), rows)


def _placebos(result: StudyResult, summary: Mapping[str, Any], say: Words) -> Table:
    rows, layered = [], "level" in result.fields.dims
    for name, test in summary["placebo"]["tests"].items():
        rows.append([
            Cell(test_name(name, say, layered=layered), name, "best" if name == "headline" else "text"),
            fixed_cell(say, test["statistic"]), p_value_cell(say, test["p_value"]),
            p_value_cell(say, test["p_holm"]),
            p_span_cell(say, test["p_low"], test["p_high"]), count_cell(test["n"]),
            fixed_cell(say, test["n_effective"], 0), p_value_cell(say, test["smallest_p"]),
        ])  # fmt: skip
    names = ("test", "statistic", "p", "p_holm", "share_interval", "placebos", "worth", "smallest_p")
    return Table("placebos", _heads(say, *names), rows, sortable=True)


def test_name(name: str, say: Words, /, *, layered: bool) -> str:
    """A test of the placebo section in words.

    Parameters
    ----------
    name : str
        As "headline", "rooted before", "column co", "link".
    say : Words
        The language.
    layered : bool
        Whether the data have levels, and so a column.

    Returns
    -------
    str
        The stage or gas in it translated.
    """
    kind, _, what = name.partition(" ")
    kind = "one_layer" if kind == "column" and not layered else kind
    if not what:
        return say.name("test", name)
    subject = gas_label(what) if gas_label(what) != what else say.name("stage", what)
    return say("test.of", kind=say.name("test", kind), what=subject)


def _masses(summary: Mapping[str, Any], say: Words) -> Table:
    rows = [
        [Cell(gas_label(gas)), Cell(say.name("stage", stage)),
         Cell(say.margin(m["tonnes"], m["standard_error"]), m["tonnes"], "number"),
         count_cell(m["n"])]
        for gas, stages in summary["masses"].items() for stage, m in stages.items()
    ]  # fmt: skip
    return Table("masses", _heads(say, "gas", "stage", "tonnes", "days_and_orbits"), rows)


def _truth(result: StudyResult, summary: Mapping[str, Any], say: Words) -> Table:
    """What was simulated beside what was found; no rows without a truth."""
    truth, rows = result.truth, []
    heads = _heads(say, "what", "gas", "orbit", "simulated", "found")
    if truth is None:
        return Table("truth", heads, [])
    for gas, orbit, found in _orbits(summary["profiles"]):
        simulated = truth.get("onset", {}).get(gas) if truth.get("amplitude") else None
        onset = _dates(say, found["neighbourhood"]["episode"], "onset")
        rows.append([Cell(say("truth.onset")), *_gas_and_orbit(say, gas, orbit),
                     Cell(str(simulated)[:10] if simulated else say("word.none")), onset])  # fmt: skip
    for expected in truth.get("expected", []):
        found = summary["profiles"].get(expected["gas"], {}).get(expected["orbit"])
        if found is None:
            continue
        first, end = str(expected["start"])[:10], str(expected["end"])[:10]
        seen = [day["verdict"] for day in found["epicentre"]["days"] if first <= day["date"] < end]
        judged = [verdict for verdict in seen if verdict != "UNDETERMINED"]
        counts = sorted({v: judged.count(v) for v in judged}.items(), key=lambda item: (-item[1], item[0]))
        told = say("word.comma").join(f"{n} × {say.name('verdict', v)}" for v, n in counts)
        last = _day_before(end)
        days = unbroken(first if first == last else say("word.interval", low=first, high=last))
        rows.append([
            name_cell(say("truth.verdict", days=days), first), *_gas_and_orbit(say, expected["gas"], expected["orbit"]),
            verdict_cell(say, str(expected["verdict"])), Cell(told or say("word.no_day_judged"), kind="prose"),
        ])  # fmt: skip
    return Table("truth", heads, rows)


def _day_before(date: str) -> str:
    import numpy as np

    return str(np.datetime64(date) - np.timedelta64(1, "D"))
