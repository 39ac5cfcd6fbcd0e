"""What all tests share: hypothesis draws the same examples on every run; Ctrl-C can be heard.

With `--hypothesis-profile=seeds` it draws those of `--hypothesis-seed` instead (`tests/seeds.py`).
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

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
    """What was imported stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _heard_interrupts() -> Iterator[None]:
    """Ctrl-C is heard, by the processes of the tests too, also where whoever runs them ignores it.

    As a shell does for what it runs in the background; Python then leaves it ignored.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
