"""Memory that is freed is kept for what comes next.

A replay frees and takes megabytes for each part of a capture. The C library would give them back to
the system each time, and the system would clear them page by page: a twelfth of a replay.
"""

from __future__ import annotations

from typing import Final

#: `mallopt` of the GNU C library, in bytes: give back no less than the first, take as much more as
#: the second than was asked for, and take nothing apart from the rest that is smaller than the
#: third, which may not be larger.
_M_TRIM_THRESHOLD: Final = (-1, 256 << 20)
_M_TOP_PAD: Final = (-2, 16 << 20)
_M_MMAP_THRESHOLD: Final = (-3, 32 << 20)


def keep_freed_memory() -> None:
    """Have this process keep what it frees; where the C library is another, nothing changes."""
    import ctypes  # which NumPy loads in any case

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for parameter, value in (_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD):
        mallopt(parameter, value)
