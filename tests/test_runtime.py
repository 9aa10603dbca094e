"""Threads, processes, signals: same bits for any number of threads, the GIL is free, Ctrl-C is heard, forks live."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gasquake
from checks import assert_same_bits
from gasquake.kernels import build_info, rolling_mean
from processes import digest, digest_of, digests, run_python, start_python
from registry import KERNELS

NAMES = [kernel.name for kernel in KERNELS]
TASKS = Path("/proc/self/task")
linux = pytest.mark.skipif(not TASKS.exists(), reason="names of threads are read from /proc")


def workers() -> set[str]:
    return {(task / "comm").read_text().strip() for task in TASKS.iterdir()} & {f"gasquake-{i}" for i in range(64)}


# --- threads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_same_bits_for_any_number_of_threads(kernel):
    """As many as this machine has; rust/gasquake-core/tests/determinism.rs goes to eight anywhere."""
    arguments = kernel.arguments(kernel.large)
    for options in ({}, *kernel.options):
        if "axis" in options:
            continue
        one = kernel(arguments, n_threads=1, **options)
        for n_threads in (2, 3, 8, None):
            assert_same_bits(kernel(arguments, n_threads=n_threads, **options), one)


@linux
@pytest.mark.parametrize("name", NAMES)
def test_large_calls_go_to_the_pool(name):
    """Otherwise the test above would compare one thread with itself."""
    code = """
import sys
from gasquake.kernels import build_info
from processes import digest_of
from test_runtime import workers
print(len(workers()))
digest_of(sys.argv[1], 8)
print(len(workers()) - min(8, build_info().threads))
"""
    done = run_python(code, name, GASQUAKE_NUM_THREADS=None)
    assert done.stdout.split() == ["0", "0"], done.stdout + done.stderr


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_small_and_large_calls_agree(kernel):
    """What is small is computed on the calling thread."""
    if kernel.pixels is None:
        return
    small = kernel.arguments(kernel.pixels(5))
    tiled = kernel.tiled(math.prod(kernel.large))
    first = {
        name: np.take(value, range(5), kernel.pixel_axis) if name in kernel.arrays and name != "pressure" else value
        for name, value in tiled.items()
    }
    assert small.keys() == first.keys()
    whole = kernel(tiled)
    assert_same_bits(
        kernel(first), {name: np.take(array, range(5), kernel.pixel_axis) for name, array in whole.items()}
    )


@pytest.mark.timeout(120)
def test_calls_from_several_python_threads():
    wanted = {name: digest_of(name) for name in NAMES}
    with ThreadPoolExecutor(4) as executor:
        for name, found in executor.map(lambda name: (name, digest_of(name)), NAMES * 3):
            assert found == wanted[name]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_the_gil_is_free_during_a_long_call(kernel):
    """Another thread ticks every millisecond while a call runs on one thread.

    The switch interval is set so long that Python never makes a thread give the GIL up: the ticker can only tick when
    the kernel has let go of it.
    """
    # How long a call takes is a guess from a short one, wrong where the machine was busy meanwhile.
    for seconds in (0.4, 1.6, 6.4):
        lasted, ticked = ticks_during(kernel, kernel.lasting(seconds, 90_000_000, n_threads=1))
        if lasted > 0.05:
            break
    assert lasted > 0.02
    assert ticked > 0.15 * lasted / 0.001, f"{ticked} ticks in {lasted:.3f} s"


def ticks_during(kernel, arguments):
    """Seconds that the call took, and ticks of the other thread meanwhile."""
    first = [arguments.pop(name) for name in kernel.positional]
    ticks, stop = [0], threading.Event()

    def tick():
        while not stop.is_set():
            ticks[0] += 1
            time.sleep(0.001)

    interval = sys.getswitchinterval()
    ticker = threading.Thread(target=tick)
    try:
        sys.setswitchinterval(100)
        ticker.start()
        before, started = ticks[0], time.perf_counter()
        kernel.function(*first, **arguments)
        return time.perf_counter() - started, ticks[0] - before
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        ticker.join()


# --- processes ----------------------------------------------------------------------------------------------------


def in_a_child(method: str, names: list[str], n_threads: int | None = None) -> dict[str, str]:
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=digests, args=(names, n_threads, sender), daemon=True)
    with warnings.catch_warnings():
        if method == "fork":  # since Python 3.12: "this process is multi-threaded"; that is what is tested
            warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    sender.close()
    try:
        assert receiver.poll(40), f"a child by {method} hangs"
        found = receiver.recv()
        child.join(10)
        assert child.exitcode == 0
        return found
    finally:
        if child.is_alive():
            child.kill()


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.parametrize("name", NAMES)
def test_a_forked_child_can_call(name):
    wanted = digest_of(name)  # the parent has a pool, whose threads the child does not inherit
    assert in_a_child("fork", [name]) == {name: wanted}
    assert digest_of(name) == wanted  # and the parent's still works


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_a_fork_while_another_thread_computes():
    kernel = next(kernel for kernel in KERNELS if kernel.name == "rolling_median")
    wanted = digest_of("rolling_mean")
    arguments = kernel.tiled(8_000_000)
    busy = threading.Thread(target=lambda: kernel(arguments))
    busy.start()
    time.sleep(0.02)
    assert in_a_child("fork", ["rolling_mean"]) == {"rolling_mean": wanted}
    busy.join()


def test_a_spawned_child_can_call():
    wanted = {name: digest_of(name) for name in NAMES}
    assert in_a_child("spawn", NAMES) == wanted


# --- signals ------------------------------------------------------------------------------------------------------

INTERRUPTED = """
import json, signal, sys, time
import numpy as np
from processes import digest
from registry import KERNELS
signal.signal(signal.SIGINT, signal.default_int_handler)
kernel = next(kernel for kernel in KERNELS if kernel.name == sys.argv[1])
small = kernel.arguments()
wanted = digest(kernel(small))
arguments = kernel.lasting(1.5, 40_000_000, n_threads=1)
first = [arguments.pop(name) for name in kernel.positional]
print("ready", flush=True)
calls, heard, longest = 0, 0.0, 0.0
try:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        started = time.monotonic()
        kernel.function(*first, **arguments)
        calls, longest = calls + 1, max(longest, time.monotonic() - started)
except KeyboardInterrupt:
    heard = time.monotonic()
again = digest(kernel(small)) == wanted
kernel.function(*first, **arguments)  # the pool works, too
print(json.dumps({"calls": calls, "heard": heard, "again": again}), flush=True)
"""

IN_ITS_MIDST = {
    "many pixels": (
        "values = random.normal(size=(4000, 3000)).astype(np.float32)",
        "rolling_mad(values[:500, :50].copy(), 365)",
        "rolling_mad(values, 365, n_threads=1)",
    ),
    "the grid of one track": (
        "x, y, t = random.normal(0, 200, (3, 24))",
        "fit_spirals(x, y, t)",
        "fit_spirals(x, y, t, kind='logarithmic', anchor='cusp', max_turns=1000)",
    ),
    "one track of many points": (
        "x, y, t = random.normal(0, 200, (3, 1_000_000))",
        "fit_spirals(x[:99], y[:99], t[:99])",
        "fit_spirals(x, y, t)",
    ),
}
"""What to prepare, a small call, and one of many seconds that is a single job or several."""

PROMISED, SLACK = 0.2, 0.4
"""Seconds: from the signal to KeyboardInterrupt, and what a busy machine may add."""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c(name):
    """Calls of 1.5 s where 160 MB of input take so long, else one call after the other."""
    child = start_python(INTERRUPTED, name)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n", child.communicate()
        time.sleep(0.3)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=40)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 0, err
    found = json.loads(out)
    assert found["heard"], "no KeyboardInterrupt"
    assert found["again"], "the call after it gives another answer"
    assert found["heard"] - sent < PROMISED + SLACK


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize("call", IN_ITS_MIDST)
def test_ctrl_c_stops_a_call_in_its_midst(call):
    """A call that would take many seconds."""
    arguments, small, large = IN_ITS_MIDST[call]
    code = f"""
import signal, threading, time, os
import numpy as np
from gasquake.kernels import fit_spirals, rolling_mad
signal.signal(signal.SIGINT, signal.default_int_handler)
random = np.random.default_rng(1)
{arguments}
{small}
sent = []
def later():
    time.sleep(0.3)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=later).start()
try:
    {large}
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
"""
    done = run_python(code, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout, "the call ended before the signal, or did not hear it"
    assert float(done.stdout) < PROMISED + SLACK


def test_another_handler_is_honoured():
    """What the program's own handler raises comes out of the call; a handler that raises nothing does not stop it."""
    code = """
import os, signal, threading, time
import numpy as np
from gasquake.kernels import rolling_mad
values = np.random.default_rng(1).normal(size=(2000, 4000)).astype(np.float32)
class Enough(Exception): pass
seen = []
def handler(*_):
    seen.append(1)
    if len(seen) > 1:
        raise Enough
def later():
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGUSR1, handler)
wanted = rolling_mad(values[:, :20].copy(), 501)
for _ in range(2):
    threading.Thread(target=later).start()
    try:
        found = rolling_mad(values, 501, n_threads=1)
        assert np.array_equal(found[:, :20], wanted, equal_nan=True)
        print("done")
    except Enough:
        print("enough")
"""
    if not hasattr(signal, "SIGUSR1"):
        return
    assert run_python(code, timeout=100).stdout.split() == ["done", "enough"]


# --- settings -----------------------------------------------------------------------------------------------------


def test_build_info():
    info = build_info()
    assert info.version == gasquake.__version__
    assert info.profile == "release", "tests and benches of a debug build say nothing about what users get"
    assert info.simd in ("avx512", "avx2", "baseline")
    assert 1 <= info.threads <= (os.cpu_count() or 1)
    with pytest.raises(AttributeError):
        info.threads = 3


def test_affinity_is_respected():
    if not hasattr(os, "sched_setaffinity"):
        return
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from gasquake.kernels import build_info
print(build_info().threads)
"""
    assert run_python(code, GASQUAKE_NUM_THREADS=None).stdout == "1\n"


def test_the_environment_limits_the_threads(monkeypatch):
    monkeypatch.setenv("GASQUAKE_NUM_THREADS", "1")
    assert build_info().threads == 1
    monkeypatch.setenv("GASQUAKE_NUM_THREADS", "100000")
    everything = build_info().threads
    monkeypatch.setenv("GASQUAKE_NUM_THREADS", "")
    assert build_info().threads == everything
    monkeypatch.delenv("GASQUAKE_NUM_THREADS")
    assert build_info().threads == everything


@linux
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_workers_than_the_environment_allows(limit):
    code = """
from gasquake.kernels import build_info
from processes import digest_of
from test_runtime import workers
digest_of("rolling_median"); digest_of("scan_profiles", 8)
print(len(workers()), build_info().threads)
"""
    done = run_python(code, GASQUAKE_NUM_THREADS=str(limit))
    started, told = map(int, done.stdout.split())
    assert started == told <= limit


@pytest.mark.parametrize("value", ["0", "-1", "two", "2.5", "²", "1e3", "0x2", "  ", "1 2"])
def test_bad_limits_are_refused(monkeypatch, value):
    monkeypatch.setenv("GASQUAKE_NUM_THREADS", value)
    for call in (build_info, lambda: rolling_mean(np.arange(5.0), 2)):
        with pytest.raises(ValueError, match="GASQUAKE_NUM_THREADS") as caught:
            call()
        assert repr(value) in str(caught.value)


def test_kernels_import_numpy_alone():
    code = """
import sys
import gasquake.kernels
heavy = {"xarray", "pandas", "dask", "scipy", "matplotlib", "numba"} & sys.modules.keys()
print(sorted(heavy))
"""
    assert run_python(code).stdout == "[]\n"


def test_results_do_not_change_between_processes():
    """Nor with the seed of Python's hashes."""
    code = "from processes import digest_of; print(digest_of('seasonal_zscore'))"
    kernel = next(kernel for kernel in KERNELS if kernel.name == "seasonal_zscore")
    wanted = digest(kernel(kernel.arguments(kernel.large)))
    assert run_python(code, PYTHONHASHSEED="5").stdout.strip() == wanted
