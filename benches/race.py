"""Fair races: gasquake beside its peers on one workload, in one process, taking turns.

A `Race` is one workload: its inputs, our call, the peers' calls. `run` measures it:

1. every contestant answers the race's *trials*, small inputs with a known trap (a fill value that went by, a day
   without data): who answers them is `correct`, and nobody is called so by hand;
2. every contestant computes the race's own inputs once, untimed; what differs from ours by more than the contestant's
   tolerance fails the bench: a time for another answer is no time;
3. the contestants take turns, A B C A B C ..., with garbage collection off, so that whatever the machine does meanwhile
   happens to all of them; slow ones sit out some rounds. The read bandwidth is measured as one more contestant.

"fresh" is the call a user writes: it allocates its outputs. "warm" writes into outputs that are in memory already;
contestants that cannot are there fresh only.

pytest-benchmark runs one test to its end before the next, so it cannot take turns. `REPLAY` brings the recorded times
into its statistics by its public interface alone: a timer that shows recorded times.
"""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from statistics import median
from typing import Any

import numba
import numpy as np
import pytest

US = "gasquake"
CORRECT = "fastest correct"  # a floor against whichever correct peer is the fastest
BUDGET = 2.5  # seconds for the rounds of one contestant
ROUNDS = 15  # at most
PAUSE = 0.02  # seconds: OpenMP workers of the one before spin for some milliseconds, on a core of the next

Arrays = tuple[Any, ...]


@dataclass(frozen=True)
class Contestant:
    """Somebody who computes the workload.

    Attributes
    ----------
    who : str
        Its name in the bench id.
    fresh : callable, optional
        ``fresh(*inputs)`` computes and allocates. By default `empty`, then `into`.
    empty : callable, optional
        ``empty(*inputs)``: the tuple of output arrays, allocated.
    into : callable, optional
        ``into(outputs, *inputs)`` computes into them.
    prepare : callable, optional
        ``prepare(*inputs)``: untimed, what `fresh` gets instead of the race's inputs.
    finish : callable, optional
        Untimed: what `fresh` returned, as the tuple of arrays that the race compares.
    tolerance : float
        Largest `difference` from ours.
    """

    who: str
    fresh: Callable[..., Any] | None = None
    empty: Callable[..., Arrays] | None = None
    into: Callable[..., Any] | None = None
    prepare: Callable[..., Arrays] | None = None
    finish: Callable[[Any], Arrays] | None = None
    tolerance: float = 1e-5

    def call(self, *inputs: Any) -> Any:
        if self.fresh is not None:
            return self.fresh(*inputs)
        outputs = self.empty(*inputs)
        self.into(outputs, *inputs)
        return outputs

    def answer(self, *inputs: Any) -> Arrays:
        """The outputs as the race compares them."""
        result = self.call(*(self.prepare(*inputs) if self.prepare else inputs))
        if self.finish:
            result = self.finish(result)
        return result if isinstance(result, tuple) else (result,)

    def outputs(self) -> tuple[str, ...]:
        return ("fresh", "warm") if self.into else ("fresh",)


@dataclass(frozen=True)
class Trial:
    """A small input with a trap, its answer, and the part of the answer that must be right."""

    inputs: Arrays
    expected: Arrays
    where: Any = ...  # an index: what is looked at

    def survived(self, contestant: Contestant) -> bool:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = contestant.answer(*self.inputs)
        except (ValueError, ZeroDivisionError):  # such as nanargmax's "All-NaN slice encountered"
            return False
        # Peers may give fewer outputs than ours.
        pairs = zip(found, self.expected, strict=False)
        return all(difference(np.asarray(f)[self.where], np.asarray(e)[self.where]) <= 1e-3 for f, e in pairs)


@dataclass(frozen=True)
class Race:
    """One workload.

    Attributes
    ----------
    kernel, case : str
        The function, and which workload of it, such as ``"moment-30-366x64800"``. The case is part of the bench ids,
        which are a contract: it names the shape that is measured, also where a run without timing takes a small one.
    shape, tiny : tuple of int
        Shape of the values, and the one for a run without timing.
    inputs : callable
        ``inputs(shape)``: the arguments of every contestant.
    contestants : sequence of Contestant
        Ours first.
    trials : callable
        ``trials()``: the traps.
    bytes_moved : callable
        ``bytes_moved(shape)``: inputs that can count once, and outputs once.
    floor : mapping
        Peer (or `CORRECT`) -> how many times faster we must be, fresh against fresh.
    bandwidth_floor : float, optional
        The share of the read bandwidth that we must reach.
    """

    kernel: str
    case: str
    shape: tuple[int, ...]
    tiny: tuple[int, ...]
    inputs: Callable[[tuple[int, ...]], Arrays]
    contestants: Sequence[Contestant]
    trials: Callable[[], Sequence[Trial]]
    bytes_moved: Callable[[tuple[int, ...]], int]
    floor: Mapping[str, float] = field(default_factory=dict)
    bandwidth_floor: float | None = None

    @property
    def name(self) -> str:
        return f"{self.kernel} {self.case}"


@dataclass
class Result:
    """What a race found out about one contestant and one kind of outputs."""

    correct: bool
    difference: float
    seconds: list[float]
    read_bandwidth: float | None


Results = dict[tuple[str, str], Result]
ALL: dict[str, Race] = {}


def races(*some: Race) -> pytest.MarkDecorator:
    """Parametrise a bench over the contestants of these races; its test calls the `measured` fixture.

    The ids read ``test_rolling_zscore[moment-30-366x64800-gasquake-fresh]``.
    """
    cases = []
    for race in some:
        if ALL.setdefault(race.name, race) is not race:
            raise ValueError(f"two races are called {race.name}")
        for contestant in race.contestants:
            for outputs in contestant.outputs():
                bench = f"{race.case}-{contestant.who}-{outputs}"
                cases.append(pytest.param(race.name, contestant.who, outputs, id=bench))
    return pytest.mark.parametrize(("race", "who", "outputs"), cases)


def run(race: Race, entries: Sequence[tuple[str, str]], *, timed: bool) -> Results:
    """Check and, if `timed`, measure the entries ``(who, outputs)``."""
    inputs = race.inputs(race.shape if timed else race.tiny)
    by_name = {contestant.who: contestant for contestant in race.contestants}
    ours = by_name[US].answer(*inputs)
    correct = {who: all(trial.survived(by_name[who]) for trial in race.trials()) for who in {who for who, _ in entries}}
    turns: dict[tuple[str, str], Callable[[], Any]] = {}
    differences = {}
    for who, outputs in entries:
        contestant = by_name[who]
        args = contestant.prepare(*inputs) if contestant.prepare else inputs
        if outputs == "warm":
            given = contestant.empty(*inputs)
            turn = _warm(contestant, given, inputs)
            turn()
            found = contestant.finish(given) if contestant.finish else given
        else:
            turn = _fresh(contestant, args)
            result = turn()
            found = contestant.finish(result) if contestant.finish else result
            del result
        found = found if isinstance(found, tuple) else (found,)
        differences[who, outputs] = max(difference(f, o) for f, o in zip(found, ours, strict=False))
        turns[who, outputs] = turn
        del found
    del ours
    seconds, bandwidth = _take_turns(turns) if timed else ({entry: [] for entry in turns}, None)
    return {e: Result(correct[e[0]], differences[e], seconds[e], bandwidth) for e in turns}


def _fresh(contestant: Contestant, args: Arrays) -> Callable[[], Any]:
    return lambda: contestant.call(*args)


def _warm(contestant: Contestant, given: Arrays, inputs: Arrays) -> Callable[[], Any]:
    return lambda: contestant.into(given, *inputs)


def _take_turns(turns: Mapping[Any, Callable[[], Any]]) -> tuple[dict[Any, list[float]], float]:
    seconds: dict[Any, list[float]] = {entry: [_time(turn)] for entry, turn in turns.items()}  # also a warm-up
    rounds = {entry: min(ROUNDS, int(BUDGET / first[0])) for entry, first in seconds.items()}
    for entry, n in rounds.items():
        if n > 1:
            seconds[entry].clear()
    most = max(rounds.values(), default=0)
    data = _bandwidth_data()
    reading = [_time(lambda: read(data)) for _ in range(3)]
    gc.collect()
    gc.disable()
    try:
        for k in range(most):
            reading.append(_time(lambda: read(data)))
            for entry, turn in turns.items():
                if rounds[entry] > 1 and (k + 1) * rounds[entry] // most > k * rounds[entry] // most:
                    seconds[entry].append(_time(turn))
    finally:
        gc.enable()
    return seconds, data.nbytes / min(reading[1:])


def _time(turn: Callable[[], Any]) -> float:
    time.sleep(PAUSE)
    start = time.perf_counter()
    result = turn()
    stop = time.perf_counter()
    del result  # outputs are freed outside the time
    return stop - start


def difference(found: Any, expected: Any) -> float:
    """How far two arrays are apart.

    Integers: the share that differs. Floats: the largest error relative to the expected value plus the root mean square
    of all of them (so that values near zero do not decide), or, if larger, the share of samples that are NaN in one.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise ValueError(f"found shape {found.shape}, expected {expected.shape}")
    if expected.size == 0:
        return 0.0
    if expected.dtype.kind in "iub":
        return float(np.mean(found != expected))
    gaps = np.isnan(found) != np.isnan(expected)
    valid = ~(np.isnan(expected) | gaps)
    share = float(np.mean(gaps))
    if not valid.any():
        return share
    f, e = found[valid].astype(np.float64), expected[valid].astype(np.float64)
    error = np.abs(f - e, where=f != e, out=np.zeros_like(e)) / (np.abs(e) + np.sqrt(np.mean(np.square(e))) + 1e-300)
    return max(share, float(error.max()))


# ---- the machine's limit ---------------------------------------------------------------------------------------------


@numba.njit(parallel=True, fastmath=True)
def read(data):
    """Sum float32 values on all threads: as fast as this machine reads."""
    total = np.float32(0.0)
    for i in numba.prange(data.size):
        total += data[i]
    return total


@cache
def _bandwidth_data():
    return np.ones(100_000_000, np.float32)


# ---- into pytest-benchmark -------------------------------------------------------------------------------------------


class _Replay:
    """A clock that moves only by recorded times."""

    def __init__(self) -> None:
        self.now = 0.0
        self.recorded: list[float] = []

    def set(self, recorded: Sequence[float]) -> None:
        self.now, self.recorded = 0.0, list(recorded)

    def tick(self) -> None:
        if self.recorded:
            self.now += self.recorded.pop(0)


REPLAY = _Replay()


def replayed_time() -> float:
    """Timer of pytest-benchmark in races."""
    return REPLAY.now


@cache
def versions() -> dict[str, str]:
    """Peers and their versions."""
    return {name: version(name) for name in ("numpy", "numba", "numbagg", "bottleneck", "pandas", "polars", "xarray")}


# ---- the summary -----------------------------------------------------------------------------------------------------


def summary(race: Race, results: Results, threads: int) -> list[str]:
    """A few plain lines about one race."""
    medians = {entry: median(result.seconds) for entry, result in results.items() if result.seconds}
    if not medians:
        return []
    bandwidth = next(iter(results.values())).read_bandwidth
    lines = [f"{race.name}  ({threads} threads, reads {bandwidth / 1e9:.1f} GB/s)"]
    for outputs in ("fresh", "warm"):
        ours = medians.get((US, outputs))
        here = sorted((t, who) for (who, o), t in medians.items() if o == outputs)
        if not here:
            continue
        best = next((who for _, who in here if who != US and results[who, outputs].correct), None)
        for seconds, who in here:
            result = results[who, outputs]
            said = [f"  {outputs:5}  {who:22}{seconds * 1e3:10.2f} ms", "     " if result.correct else "WRONG"]
            said.append(f"{len(result.seconds):2} rounds")
            if who == US:
                speed = race.bytes_moved(race.shape) / seconds
                share = speed / bandwidth
                said.append(f"{speed / 1e9:.1f} GB/s, {share:.0%} of reading")
                if race.bandwidth_floor:
                    said.append(_met(share >= race.bandwidth_floor, f"floor {race.bandwidth_floor:.0%}"))
            elif ours:
                said.append(f"{seconds / ours:7.2f}x ours")
                wanted = [race.floor[w] for w in (who, CORRECT if who == best else "") if w in race.floor]
                if wanted and outputs == "fresh":
                    said.append(_met(seconds / ours >= max(wanted), f"floor {max(wanted):g}x"))
            lines.append("  ".join(said))
    return lines


def _met(met: bool, what: str) -> str:
    return f"{what} {'met' if met else 'MISSED'}"
