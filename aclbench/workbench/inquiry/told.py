"""The packets that a bench on real threads has heard of, as columns: it has no history."""

from __future__ import annotations

from typing import Final

import numpy as np

from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.outcomes import way, way_of_hit
from aclbench.engine.packet import INFO_LENGTH_SHIFT
from aclbench.engine.reasons import EXISTING_SESSION, KIND_MASK
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.rig.done import DONE, FLAGS_KEPT, DonePackets

#: So many verdicts become rows together.
_MANY: Final = 4096


class ToldPackets:
    """Makes rows of verdicts."""

    def __init__(self) -> None:
        self._rows = PacketRows()
        self._untold: list[PacketVerdict] = []

    def hear(self, event: TraceEvent) -> None:
        """Keep a packet: the listener to hand to a bench."""
        if isinstance(event, PacketVerdict):
            self._untold.append(event)
            if len(self._untold) >= _MANY:
                self._make_rows()

    def rows(self) -> PacketRows:
        """All of them, in the order in which they were told of."""
        self._make_rows()
        return self._rows

    def _make_rows(self) -> None:
        events, self._untold = self._untold, []
        rows = np.zeros(len(events), DONE)
        rows["time"] = [event.time for event in events]
        rows["number"] = [event.number for event in events]
        rows["length"] = [event.info >> INFO_LENGTH_SHIFT for event in events]
        rows["rx"] = [event.rx for event in events]
        rows["flags"] = [event.info & FLAGS_KEPT for event in events]
        rows["reason"] = [event.reason for event in events]
        rows["way"] = [_way_of(event) for event in events]
        keys = [event.key for event in events]
        self._rows.add(DonePackets(self._rows.end, rows, keys))


def _way_of(event: PacketVerdict) -> int:
    session = event.checks[-1].session if event.checks else None
    if session is None or event.reason & KIND_MASK != EXISTING_SESSION:
        return way(event.tx, event.thread_index)
    return way_of_hit(event.tx, event.thread_index, *session)
