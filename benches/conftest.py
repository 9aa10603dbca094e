"""Benches: `pytest benches` measures; with `--benchmark-disable` everything runs once on small inputs."""

from __future__ import annotations

from collections.abc import Callable

import numba
import pytest

from gasquake.kernels import build_info
from race import ALL, REPLAY, US, Results, run, summary, versions

_RESULTS = pytest.StashKey[dict[str, Results | Exception]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = {}
    # As many threads for the peers as for us: numba does not know of a container's quota.
    numba.set_num_threads(min(numba.config.NUMBA_NUM_THREADS, build_info().threads))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    timed = config.getoption("benchmark_enable") or not config.getoption("benchmark_disable")
    if timed and build_info().profile != "release":
        raise pytest.UsageError(f"refused to time a {build_info().profile} build of gasquake: build with --release")
    # The first contestant of a race measures them all.
    for item in items:
        if "measured" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture
def measured(request: pytest.FixtureRequest, benchmark) -> Callable[[], None]:
    """Report one contestant of a race to pytest-benchmark; the first one asked for measures the whole race."""

    def report() -> None:
        case = request.node.callspec.params
        race, entry = ALL[case["race"]], (case["who"], case["outputs"])
        results = request.config.stash[_RESULTS]
        timed = benchmark.enabled
        if not timed:
            result = run(race, [entry], timed=False)[entry]
        else:
            if race.name not in results:
                # Only those that were selected take part.
                chosen = [i.callspec.params for i in request.session.items if hasattr(i, "callspec")]
                entries = [(c["who"], c["outputs"]) for c in chosen if c.get("race") == race.name]
                try:
                    results[race.name] = run(race, entries, timed=True)
                except Exception as error:  # once is enough: every contestant of the race reports it
                    results[race.name] = error
            if isinstance(results[race.name], Exception):
                raise results[race.name]
            result = results[race.name][entry]
        contestant = next(c for c in race.contestants if c.who == entry[0])
        benchmark.group = race.name
        benchmark.extra_info.update(
            group=race.name,
            workload=race.name,
            who=entry[0],
            outputs=entry[1],
            correct=result.correct,
            difference=result.difference,
            tolerance=contestant.tolerance,
            shape=list(race.shape),
            bytes_moved=race.bytes_moved(race.shape),
            read_bandwidth=result.read_bandwidth,
            floor=dict(race.floor),
            bandwidth_floor=race.bandwidth_floor,
            threads=build_info().threads,
            versions=versions(),
        )
        REPLAY.set(result.seconds)
        benchmark.pedantic(REPLAY.tick, rounds=max(1, len(result.seconds)), iterations=1)
        assert result.difference <= contestant.tolerance, (
            f"{entry[0]} differs from ours by {result.difference:.3g}, more than {contestant.tolerance:g}"
        )
        assert entry[0] != US or result.correct, "ours did not survive the trials"

    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    measured = {name: found for name, found in config.stash[_RESULTS].items() if not isinstance(found, Exception)}
    lines = [summary(ALL[name], found, build_info().threads) for name, found in measured.items()]
    if any(lines):
        terminalreporter.section("races: medians; the floors compare fresh with fresh")
        for block in lines:
            for line in block:
                terminalreporter.write_line(line)
            terminalreporter.write_line("")
