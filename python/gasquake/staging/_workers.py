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

from gasquake.staging._block import stage_block
from gasquake.staging._plan import Reader, Task

_SERVE = "from gasquake.staging._workers import serve; serve()"


class Workers:
    """Processes that stage blocks side by side, the present one among them; the others start at once.

    Parameters
    ----------
    n : int
        How many, this one included.
    """

    def __init__(self, n: int) -> None:
        self._others = [_Worker() for _ in range(n - 1)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._others:
            worker.stop()

    def stage(self, tasks: Sequence[Task], reader: Reader, *, tell: Callable[[], object]) -> list[dict[str, Any]]:
        """The records of all blocks, in the order of `tasks`. `tell` is called here, once for each granule."""
        records: dict[int, dict[str, Any]] = {}
        waiting: queue.SimpleQueue[tuple[int, Task]] = queue.SimpleQueue()
        answers: queue.SimpleQueue[tuple[int | None, Any]] = queue.SimpleQueue()
        # The longest first, so that no process is left with one at the end.
        for job in sorted(enumerate(tasks), key=lambda job: len(job[1].sources), reverse=True):
            waiting.put(job)

        def hear(*, to_the_end: bool) -> None:
            with suppress(queue.Empty):
                while len(records) < len(tasks):
                    number, answer = answers.get(block=to_the_end)
                    if isinstance(answer, BaseException):
                        raise answer
                    if number is None:
                        tell()
                    else:
                        records[number] = answer

        def own() -> None:
            tell()
            hear(to_the_end=False)

        threads = [threading.Thread(target=w.work, args=(waiting, answers, reader), daemon=True) for w in self._others]
        try:
            for thread in threads:
                thread.start()
            with suppress(queue.Empty):
                while True:
                    number, task = waiting.get_nowait()
                    records[number] = stage_block(task, reader, own)
            hear(to_the_end=True)
        finally:
            for worker in self._others:
                worker.stop()
            for thread in threads:
                thread.join()
        return [records[number] for number in range(len(tasks))]


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

    # xarray would load dask with its first array, which takes longer than some ten granules; nothing here is lazy.
    sys.modules.setdefault("dask.array", None)  # type: ignore[arg-type]
    # While the first process looks into the first granule.
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
