"""Processes that stage blocks side by side, and end when this one does, however it ends.

`multiprocessing` and `concurrent.futures` would run the user's main module again in every process, and leave their
processes waiting for ever when this one is killed: each holds both ends of the queue. Here a process reads tasks from
its standard input, which closes with this process.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Self

import xarray as xr

from gasquake.staging._block import stage_block
from gasquake.staging._plan import Reader, Task

_SERVE = "from gasquake.staging._workers import serve; serve()"


class Workers:
    """Processes that stage blocks: they start at once, and do what is needed once only while this one gets ready.

    Parameters
    ----------
    n : int
        How many; with fewer than two the blocks are staged in this process.
    """

    def __init__(self, n: int) -> None:
        self._workers = [_Worker() for _ in range(n if n > 1 else 0)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.stop()

    def stage(self, tasks: Sequence[Task], reader: Reader, *, tell: Callable[[], object]) -> list[dict[str, Any]]:
        """The records of all blocks, in the order of `tasks`. `tell` is called once for each granule."""
        if not self._workers:
            return [stage_block(task, reader, tell) for task in tasks]
        records: list[Any] = [None] * len(tasks)
        waiting: queue.SimpleQueue[tuple[int, Task]] = queue.SimpleQueue()
        answers: queue.SimpleQueue[tuple[int | None, Any]] = queue.SimpleQueue()
        for job in enumerate(tasks):
            waiting.put(job)
        threads = [threading.Thread(target=w.work, args=(waiting, answers, reader), daemon=True) for w in self._workers]
        try:
            for thread in threads:
                thread.start()
            left = len(tasks)
            while left:  # in this thread, so that `tell` is only called from here, and Ctrl-C is heard
                number, answer = answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                if number is None:
                    tell()
                else:
                    records[number] = answer
                    left -= 1
        finally:
            for worker in self._workers:
                worker.stop()
            for thread in threads:
                thread.join()
        return records


class _Worker:
    """One process and the thread that talks to it."""

    def __init__(self) -> None:
        # The same places to import from as here; one thread for linear algebra that nobody asks for.
        paths = os.pathsep.join(path for path in sys.path if path)
        environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def work(self, waiting: Any, answers: Any, reader: Reader) -> None:
        """Hand on tasks until there are none, and all that the process says."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        with suppress(queue.Empty):
            while True:
                number, task = waiting.get_nowait()
                try:
                    pickle.dump((task, reader), process.stdin, protocol=5)
                    process.stdin.flush()
                    while (said := pickle.load(process.stdout)) is None:
                        answers.put((None, None))
                    answers.put((number, said))
                except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                    process.kill()
                    code = process.wait()
                    message = (
                        f"a process that staged granules ended early (exit code {code}), perhaps for want of memory; "
                        "what is finished is kept: run again, with fewer n_processes"
                    )
                    answers.put((number, RuntimeError(message)))
                    return

    def stop(self) -> None:
        process = self._process
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def serve() -> None:
    """What runs in a process: stage the blocks that come in on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the replies

    def say(message: Any) -> None:
        pickle.dump(message, replies, protocol=5)
        replies.flush()

    # While the other side looks through the granules: xarray loads dask, where there is one, with its first array.
    xr.DataArray(0.0)
    with suppress(ImportError):  # said when it is needed
        import_module("zarr.codecs")
    while True:
        try:
            task, reader = pickle.load(requests)
        except EOFError:
            return
        try:
            answer: Any = stage_block(task, reader, lambda: say(None))
        except BrokenPipeError:
            return
        except Exception as error:  # whatever it is, the parent raises it
            answer = error
        say(answer)
