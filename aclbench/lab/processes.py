"""Jobs in processes of their own, so many at a time: as many cores work.

A process that dies, killed or out of memory, has its job done again by another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any, Final, Generic, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.lab.jobs import Job, Runner, T, part_done, progress
from aclbench.workbench.tasks import Slices

#: A job whose process died so often is given up.
MAX_TRIES: Final = 3
#: How long to wait for news, and how often a process has some, in seconds.
LOOK_S: Final = 0.05


class Done(NamedTuple):
    """What came of a job."""

    result: Any


class Failed(NamedTuple):
    """A fault of the program in a process: its traceback."""

    text: str


class Worker(Generic[T]):
    """A process with a job."""

    def __init__(self, context: Any, job: Job[T], folder: Path) -> None:
        self.job = job
        self.pipe, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(job, folder, theirs), daemon=True)
        with warnings.catch_warnings():
            # Threads of libraries that are idle, as those of NumPy's, which we never use.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        self.progress = 0
        self.news: Done | AclbenchError | Failed | None = None

    def hear(self) -> bool:
        """Take its news; False: there will be no more."""
        try:
            news = self.pipe.recv()
        except (EOFError, OSError):
            return False
        if isinstance(news, int):
            self.progress = news
            return True
        self.news = news
        return False

    def end(self) -> None:
        """Its news are heard, or nobody wants them."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def in_processes(folder: Path, count: int) -> Runner:
    """Does jobs, `count` at a time; their files go into a folder."""

    def run(jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]:
        ahead, tries = deque(jobs), dict.fromkeys([job.number for job in jobs], 0)
        context, workers = _context(), dict[Connection, Worker[T]]()
        try:
            while ahead or workers:
                while ahead and len(workers) < count:
                    worker = Worker(context, ahead.popleft(), folder)
                    workers[worker.pipe] = worker
                for pipe in wait(list(workers), LOOK_S):
                    assert isinstance(pipe, Connection)
                    worker = workers[pipe]
                    if worker.hear():
                        continue
                    del workers[pipe]
                    worker.end()
                    number = worker.job.number
                    if isinstance(worker.news, Done):
                        results[number] = worker.news.result
                    elif worker.news is not None:
                        raise _error_of(worker.news)
                    else:
                        tries[number] += 1
                        if tries[number] >= MAX_TRIES:
                            raise AclbenchError(_died(worker, tries[number]))
                        ahead.appendleft(worker.job)
                under_way = [each.progress for each in workers.values()]
                yield progress(len(jobs), len(results), under_way)
        finally:
            for worker in workers.values():
                worker.end()

    return run


def _context() -> Any:
    """A process is forked where that is safe: it then begins with all that is imported."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if forks else "spawn")


def _error_of(news: AclbenchError | Failed) -> Exception:
    return RuntimeError(news.text) if isinstance(news, Failed) else news


def _died(worker: Worker[Any], tries: int) -> str:
    code = worker.process.exitcode or 0
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return (
        f"{worker.job.name}: {tries} processes that ran it ended {how}; "
        "there may be too little memory: fewer --jobs may do"
    )


def _work(job: Job[Any], folder: Path, pipe: Connection) -> None:
    """What a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever has started us ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent, said = os.getppid(), monotonic()
    try:
        slices = job.slices(folder)
        while True:
            told = next(slices)
            if monotonic() - said > LOOK_S:
                if os.getppid() != parent:  # it was killed, so nobody ends us
                    return
                said = monotonic()
                pipe.send(part_done(told))
    except StopIteration as end:
        pipe.send(Done(end.value))
    except AclbenchError as error:
        pipe.send(error)
    except Exception as error:
        pipe.send(Failed("".join(traceback.format_exception(error))))
