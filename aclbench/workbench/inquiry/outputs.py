"""What a replay writes as it goes: a line a packet, captures of what passed and what did not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aclbench.capture import PcapWriter
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import (
    KINDS,
    NEW_SESSION,
    RULE_DENY,
    RULE_PERMIT,
    fate_of,
    with_rule,
)
from aclbench.errors import AclbenchError
from aclbench.files import refuse_there, status_of
from aclbench.workbench.filters import EVERYTHING, Connections, Filter
from aclbench.workbench.inquiry.filtering import verdict_test
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import key_text
from aclbench.workbench.views.verdict import outcome_text

#: Fates with which a packet leaves the rig.
PASSED: Final = ("permitted", "unchecked", "delivered")
#: The reasons that name a rule, by its action.
RULE_KINDS: Final = {DENY: RULE_DENY, PERMIT: RULE_PERMIT, PERMIT_REFLECT: NEW_SESSION}


class TraceLines:
    """Prints a line for each packet: its number in its capture, when, where, verdict and why.

    Only for those that a filter lets through. Times are from the start.
    """

    def __init__(self, rig: Rig, write: Callable[[str], None], only: Filter = EVERYTHING) -> None:
        self._rig = rig
        self._write = write
        self._connections = Connections()
        self._is_wanted = verdict_test(only, self._connections)

    def hear(self, event: TraceEvent) -> None:
        """Print a packet that the filter lets through: the listener to hand to a rig."""
        if not isinstance(event, PacketVerdict):
            return
        conn = self._connections.number(event.key)
        if not self._is_wanted(event):
            return
        name = self._rig.interface_name
        tx = name(event.tx) if event.tx >= 0 else "-"
        at = seconds_text(event.time - self._rig.started)
        feed = self._rig.feed
        number = event.number if feed is None else feed.packet_name(event.number)
        connection = f"{key_text(event.key)} conn {conn}" if event.key else "-"
        outcome = outcome_text(event)
        self._write(f"{number} +{at} {name(event.rx)} > {tx} {connection}: {outcome}")


def known_reasons(rig: Rig) -> list[int]:
    """The reasons that packets of a bench can have, one of each kind, and of each of its rules."""
    found: dict[int, None] = {}
    for acl_index, acl in rig.machine.am.acls.items():
        for rule_index, rule in enumerate(acl.rules):
            found[with_rule(RULE_KINDS[rule.is_permit], acl_index, rule_index)] = None
    others = (kind for kind in KINDS if kind not in RULE_KINDS.values())
    return [*found, *others]


def _is_same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    return one is not None and other is not None and os.path.samestat(one, other)


class SplitCaptures:
    """Writes the packets of the captures, as they were, to one file or the other by their fate."""

    def __init__(
        self, rig: Rig, passed: Path | None, dropped: Path | None, force: bool = False
    ) -> None:
        """AclbenchError: a file is there already, unless by `force`, or is one of those read."""
        if rig.feed is None:
            raise AclbenchError("there is no capture to write packets of")
        outputs = [path for path in (passed, dropped) if path is not None]
        inputs = list(rig.feed.captures)
        for n, path in enumerate(outputs):
            for other in [*inputs, *outputs[:n]]:
                if path == other or _is_same(status_of(path), status_of(other)):
                    raise AclbenchError(f"{path}: is read or written already; name another file")
            if not force:
                refuse_there(path)
        # On real threads a packet's verdict may be told after others have been read.
        rig.feed.hold = isinstance(rig.driver, ThreadedDriver)
        self._rig = rig
        self._passed = PcapWriter(passed) if passed is not None else None
        self._dropped = PcapWriter(dropped) if dropped is not None else None

    def hear(self, event: TraceEvent) -> None:
        """Write a packet that is done: the listener to hand to a rig."""
        if not isinstance(event, PacketVerdict):
            return
        writer = self._passed if fate_of(event.reason) in PASSED else self._dropped
        if writer is not None:
            assert self._rig.feed is not None
            writer.write(*self._rig.feed.record(event.number))

    def close(self) -> None:
        """Finish both files."""
        for writer in (self._passed, self._dropped):
            if writer is not None:
                writer.close()
