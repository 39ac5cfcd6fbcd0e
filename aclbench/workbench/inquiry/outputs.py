"""What a replay writes as it goes: a line a packet, captures of what passed and what did not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from aclbench.capture import PcapWriter
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import (
    FATES,
    KINDS,
    NEW_SESSION,
    RULE_DENY,
    RULE_PERMIT,
    fate_of,
    reason_text,
    with_rule,
)
from aclbench.errors import AclbenchError
from aclbench.files import refuse_there
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import key_text
from aclbench.workbench.views.verdict import outcome_text

#: Fates with which a packet leaves the rig.
PASSED: Final = ("permitted", "unchecked")
#: The reasons that name a rule, by its action.
RULE_KINDS: Final = {DENY: RULE_DENY, PERMIT: RULE_PERMIT, PERMIT_REFLECT: NEW_SESSION}


class TraceLines:
    """Prints a line for each packet: its number in its capture, when, where, verdict and why.

    `only` is a fate, or part of a reason's text; empty for all packets. Times are from the start.
    """

    def __init__(self, rig: Rig, write: Callable[[str], None], only: str = "") -> None:
        self._rig = rig
        self._write = write
        self._only = only.replace("_", " ").lower()

    def hear(self, event: TraceEvent) -> None:
        """Print a packet that the filter lets through: the listener to hand to a rig."""
        if not isinstance(event, PacketVerdict):
            return
        fate = fate_of(event.reason).replace("_", " ")
        if self._only not in (fate, "") and self._only not in reason_text(event.reason).lower():
            return
        name = self._rig.interface_name
        tx = name(event.tx) if event.tx >= 0 else "-"
        at = seconds_text(event.time - self._rig.started)
        connection = key_text(event.key) or "-"
        feed = self._rig.feed
        number = event.number if feed is None else feed.packet_name(event.number)
        outcome = outcome_text(event)
        self._write(f"{number} +{at} {name(event.rx)} > {tx} {connection}: {outcome}")


def known_filters(rig: Rig) -> tuple[list[str], list[str]]:
    """The fates and reasons that packets of a bench can have, for `only`."""
    reasons: dict[str, None] = {}
    for acl_index, acl in rig.machine.am.acls.items():
        for rule_index, rule in enumerate(acl.rules):
            kind = RULE_KINDS[rule.is_permit]
            reasons[reason_text(with_rule(kind, acl_index, rule_index))] = None
    others = (text for kind, (_, _, text) in KINDS.items() if kind not in RULE_KINDS.values())
    return [fate.replace("_", " ") for fate in FATES], [*reasons, *others]


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
                if path == other or (path.exists() and other.exists() and path.samefile(other)):
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
