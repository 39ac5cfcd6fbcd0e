"""What became of every packet of a run, in files: written as it runs, compared block by block.

A run has two files. One has a number for each packet, in order: the place of its reason in a table
of those that there were. The other has a row for each packet that was not plainly permitted, with
its key. Where two runs differ, at least one of them has the packet among these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.drivers.frame import Handled
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.packet import key_of_words
from aclbench.engine.reasons import FATES, fate_of
from aclbench.workbench.inquiry.noticing import Notice, Noticed, Noticing, fate_numbers
from aclbench.workbench.rig.done import joined
from aclbench.workbench.tasks import Progress, Slices, finish
from aclbench.workbench.views.keys import connections_of

CODE: Final = np.dtype("u4")
#: `place` counts the packets of the run; the key is as `capture.columns.Columns.words` has it.
ROW: Final = np.dtype([("place", "i8"), ("number", "i8"), ("time", "i8"), ("key", "i8", 6)])
_PERMITTED: Final = FATES.index("permitted")
_DENIED: Final = FATES.index("denied")
#: Packets that are compared at once.
BLOCK: Final = 1 << 17
#: Up to so many different reasons each is looked for by itself, which is faster than to sort.
_FEW: Final = 16


class FateFiles(NamedTuple):
    """The files of a run, by their names in a folder, and the reasons that there were.

    See `engine.reasons`.
    """

    codes: str
    rows: str
    reasons: tuple[int, ...]


class FateWriter:
    """Writes the files of one run; they begin empty."""

    def __init__(self, folder: Path, name: str) -> None:
        self._names = f"{name}.codes", f"{name}.rows"
        self._codes = (folder / self._names[0]).open("wb")
        self._rows = (folder / self._names[1]).open("wb")
        #: By number.
        self._reasons: list[int] = []
        self.packets = 0

    def write(self, handled: Sequence[Handled], outcomes: Outcomes) -> None:
        """More packets, and what became of them."""
        reasons = np.asarray(outcomes.numbers, np.int64)[::2]
        codes = self._coded(reasons)
        self._codes.write(codes.tobytes())
        apart = np.flatnonzero(fate_numbers(np.array(self._reasons, np.int64))[codes] != _PERMITTED)
        if len(apart):
            self._write_rows(handled, apart)
        self.packets += len(reasons)

    def _coded(self, reasons: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The numbers of reasons; new ones get one."""
        codes = np.full(len(reasons), len(self._reasons), CODE)
        if len(self._reasons) <= _FEW:
            for code, reason in enumerate(self._reasons):
                codes[reasons == reason] = code
            left = np.flatnonzero(codes == len(self._reasons))
        else:
            left = np.arange(len(reasons))
        if len(left):
            known = {reason: code for code, reason in enumerate(self._reasons)}
            values, places = np.unique(reasons[left], return_inverse=True)
            numbers = [known.setdefault(reason, len(known)) for reason in values.tolist()]
            self._reasons = list(known)
            codes[left] = np.array(numbers, CODE)[places]
        return codes

    def _write_rows(self, handled: Sequence[Handled], apart: NDArray[np.int64]) -> None:
        """Rows of packets, by their places in what was handled."""
        begin, at = 0, 0
        for columns, first, end in joined(handled):
            done = begin + end - first
            until = at + int(np.searchsorted(apart[at:], done))
            if until > at:
                places = apart[at:until]
                here: NDArray[np.int64] | slice = places - begin + first
                if len(places) == end - first:  # all, as where most packets are denied
                    here = slice(first, end)
                rows, arrived = np.empty(len(places), ROW), columns.rows[here]
                rows["place"] = places + self.packets
                rows["number"], rows["time"] = arrived["number"], arrived["time"]
                rows["key"] = columns.words[here]
                self._rows.write(rows.data)
            begin, at = done, until

    def close(self) -> FateFiles:
        """The files are whole."""
        self._codes.close()
        self._rows.close()
        return FateFiles(*self._names, tuple(self._reasons))


def noticing(folder: Path, base: FateFiles, other: FateFiles, most: int) -> Slices[Notice]:
    """Who would notice `other` instead of `base`, of the packets that both have.

    Their first `most` connections one by one.
    """
    found, runs, place = Noticing(), (Fates(folder, base), Fates(folder, other)), 0
    for before, after in zip(runs[0].blocks(), runs[1].blocks(), strict=False):
        both = min(len(before), len(after))
        fates = runs[0].fates[before[:both]], runs[1].fates[after[:both]]
        differ = np.flatnonzero(fates[0] != fates[1])
        if len(differ):
            found.note_fates(fates[0][differ], fates[1][differ])
            apart = fates[0][differ] != _PERMITTED
            for run, places in zip(runs, (differ[apart], differ[~apart]), strict=True):
                if len(places):
                    yield from run.adding_to(found, place + places)
        place += both
        yield Progress(place, runs[0].packets, "packets compared")

    def tell(place: int, packets: int) -> Noticed:
        before, after = runs[0].reason_at(place), runs[1].reason_at(place)
        return _noticed(runs[fate_of(before) == "permitted"], place, packets, before, after)

    return (yield from found.result(most)).told(tell)


def denied(folder: Path, files: FateFiles, most: int) -> Notice:
    """The packets of a run that were denied, by connection; before and after are the same."""
    found, run, place = Noticing(), Fates(folder, files), 0
    for codes in run.blocks():
        places = place + np.flatnonzero(run.fates[codes] == _DENIED)
        if len(places):
            finish(run.adding_to(found, places))
        place += len(codes)

    def tell(place: int, packets: int) -> Noticed:
        why = run.reason_at(place)
        return _noticed(run, place, packets, why, why)

    return finish(found.result(most)).told(tell)


class Fates:
    """What a run's files have: numbers of reasons, of all packets, and rows of some."""

    def __init__(self, folder: Path, files: FateFiles) -> None:
        self._codes, rows = folder / files.codes, folder / files.rows
        self.packets = self._codes.stat().st_size // CODE.itemsize
        self._reasons = files.reasons
        #: By the numbers of the reasons.
        self.fates = fate_numbers(np.array(files.reasons, np.int64))
        is_empty = not rows.stat().st_size
        self._rows: NDArray[np.void] = np.empty(0, ROW) if is_empty else np.memmap(rows, ROW, "r")
        self._places = np.ascontiguousarray(self._rows["place"])

    def blocks(self) -> Iterator[NDArray[np.uint32]]:
        """The numbers of all packets' reasons, block by block."""
        with self._codes.open("rb") as file:
            while len(block := np.fromfile(file, CODE, BLOCK)):
                yield block

    def rows_at(self, places: NDArray[np.int64]) -> NDArray[np.void]:
        """Rows, by their packets' places in the run: one or more, all of which have one."""
        at = np.searchsorted(self._places, places)
        if at[-1] - at[0] + 1 == len(at):  # side by side, as where most packets are denied
            return self._rows[at[0] : at[0] + len(at)]
        found: NDArray[np.void] = self._rows[at]
        return found

    def adding_to(self, found: Noticing, places: NDArray[np.int64]) -> Slices[None]:
        """The packets at these places, of which it has rows, differ."""
        for rows, connections in connections_of(self.rows_at(places)["key"]):
            yield from found.adding(connections, places[rows])

    def reason_at(self, place: int) -> int:
        """Why a packet met its fate."""
        code = np.fromfile(self._codes, CODE, 1, offset=place * CODE.itemsize)
        return self._reasons[int(code[0])]


def _noticed(run: Fates, place: int, packets: int, before: int, after: int) -> Noticed:
    """A connection, by its first packet, of which the run has a row."""
    row = run.rows_at(np.array([place]))[0]
    k0, k1, k2, k3, k4, family = row["key"].tolist()
    key = key_of_words(k0, k1, k2, k3, k4, is_ip6=family == 6) if family else b""
    return Noticed(key, packets, place, int(row["number"]), int(row["time"]), before, after)
