"""What became of every packet of a run, in files: written as it runs, compared block by block.

A run has two files. One has a number for each packet, in order: the place of its reason in a table
of those that there were. The other has a row for each packet that was not plainly permitted, with
its key. Where two runs differ, at least one of them has the packet among these rows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.drivers.frame import Frame, Handled
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.packet import INFO_IP6, INFO_NO_KEY, key_of_words
from aclbench.engine.reasons import FATES
from aclbench.workbench.inquiry.noticing import Notice, Noticing, fate_numbers
from aclbench.workbench.tasks import Progress, Slices

CODE: Final = np.dtype("u4")
#: `place` counts the packets of the run; the words of the key are as `PacketKeys` has them, and
#: `family` is 4, 6, or 0 for a packet without one.
ROW: Final = np.dtype(
    [
        *((name, "i8") for name in ("place", "number", "time")),
        *((name, "i8") for name in ("k0", "k1", "k2", "k3", "k4", "family")),
    ]
)
_KEY_WORDS: Final = ("k0", "k1", "k2", "k3", "k4")
_KEY: Final = struct.Struct("6q")
_PERMITTED: Final = FATES.index("permitted")
_DENIED: Final = FATES.index("denied")
#: Packets that are compared at once.
BLOCK: Final = 1 << 17
#: Up to so many different reasons each is looked for by itself, which is faster than to sort.
_FEW: Final = 16


class FateFiles(NamedTuple):
    """The files of a run, and the reasons that there were (see `engine.reasons`)."""

    codes: Path
    rows: Path
    reasons: tuple[int, ...]


class FateWriter:
    """Writes the files of one run; they begin empty."""

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = folder / f"{name}.codes", folder / f"{name}.rows"
        self._codes = self._paths[0].open("wb")
        self._rows = self._paths[1].open("wb")
        #: By number.
        self._reasons: list[int] = []
        self.packets = 0

    def write(self, handled: Sequence[Handled], outcomes: Outcomes) -> None:
        """More packets, and what became of them."""
        reasons = np.asarray(outcomes.numbers, np.int64)[::2]
        codes = self._coded(reasons)
        self._codes.write(codes.tobytes())
        apart = np.flatnonzero(fate_numbers(self._reasons)[codes] != _PERMITTED)
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
        rows = np.empty(len(apart), ROW)
        rows["place"] = apart + self.packets
        begin, at = 0, 0
        for frame, first, end, _ in handled:
            done = begin + end - first
            until = at + int(np.searchsorted(apart[at:], done))
            if until > at:
                _fill(rows[at:until], frame, apart[at:until] - begin + first)
            begin, at = done, until
        self._rows.write(rows.tobytes())

    def close(self) -> FateFiles:
        """The files are whole."""
        self._codes.close()
        self._rows.close()
        return FateFiles(*self._paths, tuple(self._reasons))


def _fill(rows: NDArray[np.void], frame: Frame, places: NDArray[np.int64]) -> None:
    """What a frame has of its packets at these places."""
    arrived = frame.columns.rows[frame.first_row + places]
    rows["number"], rows["time"] = arrived["number"], arrived["time"]
    for name in _KEY_WORDS:
        words = np.asarray(getattr(frame.keys, name), np.int64)
        rows[name] = words[places] if len(words) else 0
    info = np.asarray(frame.info, np.int64)[places]
    rows["family"] = np.where(info & INFO_NO_KEY, 0, np.where(info & INFO_IP6, 6, 4))


def _key_of(raw: bytes) -> bytes:
    """The key of the words of a row."""
    k0, k1, k2, k3, k4, family = _KEY.unpack(raw)
    return key_of_words(k0, k1, k2, k3, k4, is_ip6=family == 6) if family else b""


def noticing(base: FateFiles, other: FateFiles, most: int) -> Slices[Notice]:
    """Who would notice `other` instead of `base`, of the packets that both have.

    Their first `most` connections one by one.
    """
    found = Noticing(_key_of)
    fates = fate_numbers(base.reasons), fate_numbers(other.reasons)
    reasons = np.array(base.reasons, np.int64), np.array(other.reasons, np.int64)
    rows = Rows(base.rows), Rows(other.rows)
    place, total = 0, base.codes.stat().st_size // CODE.itemsize
    for before, after in zip(_blocks(base.codes), _blocks(other.codes), strict=False):
        both = min(len(before), len(after))
        before, after = before[:both], after[:both]
        differ = np.flatnonzero(fates[0][before] != fates[1][after])
        if len(differ):
            before, after = before[differ], after[differ]
            apart = fates[0][before] != _PERMITTED
            met = np.empty(len(differ), ROW)
            met[apart] = rows[0].at(place + differ[apart])
            met[~apart] = rows[1].at(place + differ[~apart])
            found.add(
                _raw_keys(met),
                met["place"],
                met["number"],
                met["time"],
                reasons[0][before],
                reasons[1][after],
            )
        place += both
        yield Progress(place, total, "packets compared")
    return found.result(most)


def denied(files: FateFiles, most: int) -> Notice:
    """The packets of a run that were denied, by connection; before and after are the same."""
    found, rows = Noticing(_key_of), Rows(files.rows).all
    fates, reasons = fate_numbers(files.reasons), np.array(files.reasons, np.int64)
    codes = np.fromfile(files.codes, CODE)[rows["place"]]
    chosen = np.flatnonzero(fates[codes] == _DENIED) if len(codes) else np.zeros(0, np.int64)
    for begin in range(0, len(chosen), BLOCK):
        part = chosen[begin : begin + BLOCK]
        met, why = rows[part], reasons[codes[part]]
        found.add(_raw_keys(met), met["place"], met["number"], met["time"], why, why)
    return found.result(most)


def _raw_keys(rows: NDArray[np.void]) -> list[bytes]:
    """The words of the keys of rows, and their families, as bytes."""
    words = np.empty((len(rows), 6), np.int64)
    for at, name in enumerate((*_KEY_WORDS, "family")):
        words[:, at] = rows[name]
    data = words.tobytes()
    return [data[at : at + _KEY.size] for at in range(0, len(data), _KEY.size)]


def _blocks(path: Path) -> Iterator[NDArray[np.uint32]]:
    """The numbers of a run's packets, block by block."""
    with path.open("rb") as file:
        while len(block := np.fromfile(file, CODE, BLOCK)):
            yield block


class Rows:
    """The rows of a run, in a file, found by the places of their packets."""

    def __init__(self, path: Path) -> None:
        is_empty = not path.stat().st_size
        self.all: NDArray[np.void] = np.empty(0, ROW) if is_empty else np.memmap(path, ROW, "r")
        self._places = np.ascontiguousarray(self.all["place"])

    def at(self, places: NDArray[np.int64]) -> NDArray[np.void]:
        """Those of these packets, all of which have one."""
        found: NDArray[np.void] = self.all[np.searchsorted(self._places, places)]
        return found
