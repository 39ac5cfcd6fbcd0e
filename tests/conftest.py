"""What all tests share: the same examples on every run; Ctrl-C can be heard; an end.

With `--hypothesis-profile=seeds` hypothesis draws the examples of `--hypothesis-seed` instead
(`tests/seeds.py`).
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator, Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

#: No test takes so long, in seconds, on whatever machine: what waits for ever fails.
LIMIT_S: Final = 300

settings.register_profile(
    "seeds",
    deadline=None,
    database=None,
    derandomize=False,  # said, since hypothesis has another default where CI runs
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("aclbench", settings.get_profile("seeds"), derandomize=True)
settings.load_profile("aclbench")


def pytest_collection_finish() -> None:
    """What was imported stays, and tests are short: the garbage collector need not look often.

    It took a fifth of the time of a screen that is started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Each test ends, also one that waits for what does not come."""

    def end(number: int, frame: object) -> None:
        pytest.fail(f"it has not ended after {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT_S)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def _heard_interrupts() -> Iterator[None]:
    """Ctrl-C is heard, by the processes of the tests too, also where whoever runs them ignores it.

    As a shell does for what it runs in the background; Python then leaves it ignored.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
