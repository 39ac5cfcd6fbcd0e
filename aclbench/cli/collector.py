"""Long work without Python's cycle collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Sessions refer to nothing that refers back, so there is no garbage for the cycle collector;
    walking a million of them again and again would cost more than the packets.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
