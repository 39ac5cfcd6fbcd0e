"""Work that can take longer than a keystroke: in slices, with progress, a result, and an end.

A long piece of work is written as a generator of slices. It yields where it may be left for a
while, or for good, with everything whole, and returns its result; with `yield from` slices are made
of slices. A face wraps one in a `Task` and works on it between two paintings; a script has it
finished at once.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Generic, NamedTuple, TypeVar, cast

from aclbench.errors import AclbenchError

T = TypeVar("T")

#: A slice should take between these, in seconds.
SLICE_SHORT_S: Final = 0.002
SLICE_LONG_S: Final = 0.004
#: How many things (packets, turns, rows) the first slice has, and any slice at the most.
FIRST_SLICE: Final = 16
LARGEST_SLICE: Final = 4096


class Progress(NamedTuple):
    """How far work is: `done` of `total` (0: nobody knows how much there is), in some unit."""

    done: int
    total: int = 0
    unit: str = ""

    def __str__(self) -> str:
        total = f" of {self.total:,}" if self.total else ""
        return f"{self.done:,}{total} {self.unit}".rstrip()


class Stopped(BaseException):
    """Thrown into work that is to end where it is.

    Who has something to put back first does so in slices, and raises it again.
    """


#: What is yielded where the work itself is done, and what is left only frees what nobody needs.
TIDYING: Final = Progress(0, unit="tidying")
#: Work in slices: yields between two slices, returns its result.
Slices = Generator[Progress | None, None, T]


class Pace:
    """How many things make a slice that takes neither too long nor too short."""

    def __init__(self, first: int = FIRST_SLICE, largest: int = LARGEST_SLICE) -> None:
        self.size = first
        self._largest = largest

    @contextmanager
    def slice(self) -> Iterator[None]:
        """One slice of `size` things; the next one has more or fewer, by the time this takes."""
        began = time.perf_counter()
        yield
        took = time.perf_counter() - began
        if took > SLICE_LONG_S:
            self.size = max(self.size // 2, 1)
        elif took < SLICE_SHORT_S:
            self.size = min(self.size * 2, self._largest)


class Task(Generic[T]):
    """One piece of long work under way. `what` says it to a person: `run 10h`, `back 5 turns`.

    It is over when it `is_done` (then it has its `result`), failed (`error`), or was stopped.
    """

    def __init__(self, slices: Slices[T], what: str = "") -> None:
        self.what = what
        #: As the work last told it; None if it does not tell.
        self.progress: Progress | None = None
        self.error: AclbenchError | None = None
        self.is_done = False
        self.is_stopped = False
        #: It was told to end, and puts back what has to be.
        self.is_ending = False
        self._slices = slices
        self._is_tidying = False
        self._result: T | None = None

    @property
    def is_over(self) -> bool:
        """Nothing is left to work on."""
        return self.is_done or self.is_stopped or self.error is not None

    @property
    def result(self) -> T:
        """What came of it. Raises the error it failed with; KeyboardInterrupt: it was stopped."""
        if self.error is not None:
            raise self.error
        if self.is_stopped:
            raise KeyboardInterrupt
        assert self.is_done, f"{self.what or 'a task'} is not done yet"
        return cast(T, self._result)

    def work(self, seconds: float) -> bool:
        """Work for about so long, a slice at least; True: it is over.

        Errors of the bench are kept in `error`; any other is a fault, and raised.
        """
        until = time.perf_counter() + seconds
        while not self.is_over:
            self._slice()
            if time.perf_counter() >= until:
                break
        return self.is_over

    def finish(self) -> T:
        """Work to the end; returns the result. Ctrl-C ends it between two slices."""
        with _asked_to_stop() as asked:
            while not self.is_over:
                self._slice()
                if asked():
                    self.end()
        return self.result

    def stop(self) -> None:
        """End it where it is, between two slices; what was done so far stays done.

        Work that only tidies up by now comes to its end; what has to be put back is.
        """
        self.end()
        while not self.is_over:
            self._slice()

    def end(self) -> None:
        """The same, but what has to be put back is left to be worked on."""
        while self._is_tidying and not self.is_over:
            self._slice()
        if not self.is_over and not self.is_ending:
            self.is_ending = True
            self._slice(ending=True)

    def _slice(self, ending: bool = False) -> None:
        try:
            # The class: an exception that we held would refer to us, and keep what work left.
            progress = self._slices.throw(Stopped) if ending else next(self._slices)
        except StopIteration as end:
            self._result = end.value
            self.is_done = True
        except Stopped:
            self.is_stopped = True
        except AclbenchError as error:
            self.error = error
        except KeyboardInterrupt:
            self.is_stopped = True
        else:
            self._is_tidying = progress is TIDYING
            if progress is not None and not self._is_tidying:
                self.progress = progress


def tidying(slices: Slices[None]) -> Slices[None]:
    """The end of work that is done: whoever stops it has this finished."""
    for _ in slices:
        yield TIDYING


def finish(slices: Slices[T]) -> T:
    """Do work in slices at once, to its end."""
    return Task(slices).finish()


def finish_short(slices: Slices[T]) -> T:
    """The same for work that mostly is one slice: in the first one Ctrl-C is not put off.

    To put it off takes as long as a named step.
    """
    try:
        next(slices)
    except StopIteration as end:
        result: T = end.value
        return result
    return finish(slices)


def done(result: T) -> Slices[T]:
    """Work of which nothing is left: its result is there."""
    yield from ()
    return result


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed meanwhile: work is left between two slices, never within one.

    Whoever has the signal ignored, or handles it in a way of their own, keeps that; and only the
    main thread hears signals. Pressed a second time it does not wait.
    """
    asked = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    on_main = threading.current_thread() is threading.main_thread()
    if not on_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
