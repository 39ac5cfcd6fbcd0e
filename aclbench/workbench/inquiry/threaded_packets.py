"""The packets that a bench on real threads has handled, as columns: it has no history.

They are in the order in which they were dispatched, which is that of the captures.
"""

from __future__ import annotations

import threading

from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.rig.rig import Rig


class ThreadedPackets:
    """All packets that are done, with all that were before them."""

    def __init__(self) -> None:
        self._rows = PacketRows()
        self._taking = threading.Lock()

    def take(self, rig: Rig) -> PacketRows:
        """Take what the workers have finished meanwhile; returns all rows."""
        with self._taking:
            self._rows.add(rig.take_packets()._replace(first=self._rows.end))
        return self._rows
