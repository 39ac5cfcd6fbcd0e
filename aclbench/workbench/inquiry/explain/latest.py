"""Of each key of a run the latest packet so far: found for many packets at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from aclbench.workbench.history.packets import Rows
from aclbench.workbench.inquiry.explain.keytable import NO_KEY, Numbers

#: No packet.
_NONE: Final = -1


class Latest:
    """Of each key its latest packet so far: where it is, from 0, and what became of it."""

    def __init__(self, count: int) -> None:
        self.at = np.full(count, _NONE, np.int64)
        self._fields = {name: np.zeros(count, np.int64) for name in ("reason", "rx", "way")}

    def note(self, begin: int, part: Rows, keys: Numbers) -> None:
        """These packets came, the first at `begin`; some may have no key."""
        row = np.flatnonzero(keys != NO_KEY)
        key = keys[row]
        self.at[key] = begin + row  # of equal keys the last one stays
        for name, known in self._fields.items():
            known[key] = part[name][row]

    def before(self, begin: int, keys: Numbers, key: Numbers, row: Numbers) -> Numbers:
        """The latest packet with each key ahead of each row of a part that was not noted yet.

        `keys` are those of the whole part.
        """
        size = len(keys)
        pairs = np.sort(keys * size + np.arange(size))
        at = np.searchsorted(pairs, key * size + row) - 1
        found = pairs[np.maximum(at, 0)]
        is_here = (at >= 0) & (found // size == key) & (key != NO_KEY)
        earlier = np.where(key == NO_KEY, _NONE, self.at[key])
        return np.where(is_here, begin + found % size, earlier)

    def field(self, name: str, begin: int, part: Rows, key: Numbers, row: Numbers) -> Numbers:
        """A field of the packets that `before` found."""
        is_here = row >= begin
        here = part[name][np.where(is_here, row - begin, 0)].astype(np.int64)
        return np.where(is_here, here, self._fields[name][key])
