"""What all tests share: the same examples on every run; what ends a program is heard; an end.

With `--hypothesis-profile=seeds` hypothesis draws the examples of `--hypothesis-seed` instead
(`tests/seeds.py`); with `--hypothesis-profile=long` a property has all its examples.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

import pytest
from examples import SHARE
from hypothesis import HealthCheck, settings

#: No test takes so long, in seconds, on whatever machine: what waits for ever fails.
LIMIT_S: Final = 300.0
#: Where that is caught, and it waits again, it fails again after so long, so many times; then the
#: process ends.
AGAIN_S: Final = 10.0
TIMES: Final = 3

settings.register_profile(
    "seeds",
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=False,  # said, since hypothesis has another default where CI runs
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "aclbench", settings.get_profile("seeds"), derandomize=True, max_examples=SHARE
)
settings.register_profile("long", settings.get_profile("aclbench"), max_examples=100)
settings.load_profile("aclbench")


def pytest_collection_finish() -> None:
    """What was imported stays, and tests are short: the garbage collector need not look often.

    It took a fifth of the time of a screen that is started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@contextmanager
def _limited(item: pytest.Item) -> Iterator[None]:
    """What goes on in a `with` block ends, also if it waits for what does not come."""
    times = count(1)

    def end(number: int, frame: object) -> None:
        if next(times) > TIMES:
            capture = item.config.pluginmanager.getplugin("capturemanager")
            assert capture is not None
            capture.suspend_global_capture(in_=True)
            faulthandler.dump_traceback()
            os._exit(1)
        pytest.fail(f"it has not ended after {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Each fixture ends."""
    with _limited(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Each test ends."""
    with _limited(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """And what fixtures do behind it."""
    with _limited(item):
        return (yield)


#: What ends a program, and is ignored in the background, or under `nohup`.
ENDING: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


@pytest.fixture(scope="session", autouse=True)
def _heard_signals() -> Iterator[None]:
    """What ends a program is heard, by processes of tests too, also where it was ignored before."""
    usual = {signal.SIGINT: signal.default_int_handler}
    before = [signal.signal(number, usual.get(number, signal.SIG_DFL)) for number in ENDING]
    yield
    for number, handler in zip(ENDING, before, strict=True):
        signal.signal(number, handler)
