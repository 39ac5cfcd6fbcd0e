"""A filter over the columns of packets: each term is asked once for each value that there is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.outcomes import THREAD_BITS, THREAD_SHIFT, TX_BITS
from aclbench.workbench.filters import And, Field, Filter, Not, Or, Term
from aclbench.workbench.history.packets import PacketRows, Rows

Mask: TypeAlias = NDArray[np.bool_]
_UNKNOWN: Final = -1
_TX_MASK: Final = (1 << TX_BITS) - 1
_THREAD_MASK: Final = (1 << THREAD_BITS) - 1


class _Column(NamedTuple):
    """What stands for a field: numbers made of the columns, and the field's value of one."""

    numbers: Callable[[Rows], NDArray[Any]]
    value: Callable[[int], Any]


_COLUMNS: Final[dict[Field, _Column]] = {
    "info": _Column(lambda rows: rows["flags"], lambda number: number),
    "reason": _Column(lambda rows: rows["reason"], lambda number: number),
    "way": _Column(
        lambda rows: rows["rx"].astype(np.int64) << TX_BITS | rows["way"] & _TX_MASK,
        lambda number: (number >> TX_BITS, (number & _TX_MASK) - 1),
    ),
    "thread": _Column(
        lambda rows: rows["way"] >> THREAD_SHIFT & _THREAD_MASK,
        lambda number: number,
    ),
}


class ColumnTest:
    """What a filter says of packets, many at once. What a term says of a key is kept."""

    def __init__(self, wanted: Filter, rows: PacketRows) -> None:
        self._wanted = wanted
        self._rows = rows
        self._by_key: dict[Term, NDArray[np.int8]] = {}

    def mask(self, begin: int, end: int) -> Mask:
        """Which packets of one block, from `begin` up to `end`, the filter lets through."""
        return self._mask(self._wanted, _Part(self._rows, begin, end))

    def _mask(self, wanted: Filter, part: _Part) -> Mask:
        match wanted:
            case And(parts):
                found = np.ones(len(part.rows), np.bool_)
                for each in parts:
                    found &= self._mask(each, part)
                return found
            case Or(parts):
                found = np.zeros(len(part.rows), np.bool_)
                for each in parts:
                    found |= self._mask(each, part)
                return found
            case Not(inner):
                return ~self._mask(inner, part)
            case term if term.field not in _OF_KEY:
                return _of_column(term, part.rows)
            case term if part.is_numbered:
                return self._of_number(term, part.rows["key"])
            case term:
                says = {key: term.holds(key) for key in set(part.keys)}
                return np.fromiter(map(says.__getitem__, part.keys), np.bool_, len(part.keys))

    def _of_number(self, term: Term, keys: NDArray[np.uint32]) -> Mask:
        """A term that a packet's key answers, or its connection, by the numbers of the keys."""
        numbers = self._rows.numbers
        known = self._by_key.get(term)
        if known is None or len(known) < len(numbers.keys):
            room = np.full(2 * len(numbers.keys), _UNKNOWN, np.int8)
            if known is not None:
                room[: len(known)] = known
            known = self._by_key[term] = room
        values = numbers.keys if term.field == "key" else numbers.conns
        for number in np.unique(keys[known[keys] == _UNKNOWN]).tolist():
            known[number] = term.holds(values[number])
        found: Mask = known[keys] == 1
        return found


class _Part:
    """Some packets of one block: their rows, and their keys while these have no numbers."""

    def __init__(self, rows: PacketRows, begin: int, end: int) -> None:
        self.rows = rows.block(begin, end)
        self.is_numbered = end <= rows.numbered
        self._all, self._begin, self._end = rows, begin, end

    @cached_property
    def keys(self) -> list[bytes]:
        return self._all.keys(self._begin, self._end)


#: Fields that a packet's key tells.
_OF_KEY: Final[tuple[Field, ...]] = ("key", "conn")


def _of_column(term: Term, rows: Rows) -> Mask:
    """A term whose field has few values."""
    column = _COLUMNS[term.field]
    numbers = column.numbers(rows)
    hits = [n for n in np.unique(numbers).tolist() if term.holds(column.value(n))]
    return np.isin(numbers, hits)
