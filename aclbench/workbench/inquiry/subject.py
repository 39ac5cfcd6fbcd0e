"""What a question is asked about: a bench, as far as questions look at it."""

from __future__ import annotations

from typing import Protocol

from aclbench.workbench.history.history import History
from aclbench.workbench.inquiry.threaded_packets import ThreadedPackets
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.events import EventLog


class Subject(Protocol):
    """The live rig and what is known of its past.

    A bench is one. It may get another rig between two slices of an answer: whoever answers takes
    what they need at the beginning.
    """

    rig: Rig
    history: History | None
    #: On real threads, the last events, if they are kept.
    kept: EventLog | None
    #: On real threads, the packets that are done, if they are kept.
    threaded_packets: ThreadedPackets
