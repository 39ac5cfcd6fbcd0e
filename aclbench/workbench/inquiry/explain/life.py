"""Why a session was `tcp_transient`, and which packets made it so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.events import PacketVerdict
from aclbench.engine.outcomes import INPUT_BITS, INPUT_SHIFT
from aclbench.engine.packet import (
    INFO_TCP_FLAGS_VALID,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    address_text,
    unpack_key,
)
from aclbench.engine.reasons import KIND_MASK, NEW_SESSION, passed_action
from aclbench.workbench.history.packets import Rows
from aclbench.workbench.inquiry.explain.keys import mirror, opens
from aclbench.workbench.inquiry.explain.past import has_made, has_met, number_keys
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.tasks import Slices

_ENDS: Final = TCP_FIN | TCP_RST
_INPUT_MASK: Final = (1 << INPUT_BITS) - 1


def life_of(
    stretches: Stretches, before: int, key: bytes, sw_if_index: int
) -> Slices[list[PacketVerdict]]:
    """Packets that say why the session of an interface is transient, of its latest life.

    Of the first `before` packets of the run: its first FIN or RST, and the first SYN behind it.
    """
    rows = stretches.branch.packets
    yield from number_keys(rows, min(before, rows.end))
    known = [rows.numbers.number_of(each) for each in (key, mirror(key, 0))]
    keys = np.array([number for number in known if number is not None], np.uint32)
    ends = opener = latest_opener = 0
    end, is_made = min(before, rows.end), False
    while end > rows.first and not is_made:
        begin = rows.block_before(end)
        for index in _telling(rows.block(begin, end), keys)[::-1].tolist():
            row = rows.row(begin + index)
            enters = row.key == key
            if not has_met(row, sw_if_index, enters):
                continue
            if row.flags & INFO_TCP_FLAGS_VALID and row.flags & _ENDS:
                ends, opener = row.ordinal, latest_opener
            if opens(row.flags):
                latest_opener = row.ordinal
            if is_made := has_made(row, enters):
                break
        end = begin
        yield None
    numbers = sorted({ends, opener} - {0})
    verdicts = yield from stretches.verdicts(numbers)
    return [verdicts[number] for number in numbers]


def _telling(part: Rows, keys: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Where the packets with these keys are that begin or end a connection, or made a session."""
    tells = part["flags"] & (_ENDS | TCP_SYN) != 0
    tells |= part["reason"] & KIND_MASK == NEW_SESSION
    tells |= part["way"] >> INPUT_SHIFT & _INPUT_MASK == passed_action(NEW_SESSION)
    return np.flatnonzero(tells & np.isin(part["key"], keys))


def why_transient(
    key: bytes,
    seen_in: int,
    seen_out: int,
    packets: list[PacketVerdict],
    name: Callable[[PacketVerdict], str],
) -> str:
    """Why the flags seen make a session transient; `key` is its own, in is what has that key."""
    ends = next((p for p in packets if p.info & _ENDS), None)
    if ends is not None:
        flag = "RST" if ends.info & TCP_RST else "FIN"
        ended = f"{flag} at packet {name(ends)}"
        again = next((p for p in packets[packets.index(ends) :] if opens(p.info)), None)
        if again is not None:
            return (
                f"{ended} was of a connection before; packet {name(again)} used the ports again, "
                "and flags once seen stay"
            )
        return ended
    if (seen_in | seen_out) & _ENDS:
        return "FIN or RST was seen"
    five = unpack_key(key)
    lacks = []
    for seen, address in ((seen_in, five.src), (seen_out, five.dst)):
        end = address_text(address, five.is_ip6)
        if not seen:
            lacks.append(f"nothing was seen from {end}")
        elif missing := [n for n, f in (("SYN", TCP_SYN), ("ACK", TCP_ACK)) if not seen & f]:
            lacks.append(f"no {' and no '.join(missing)} was seen from {end}")
    return ", ".join(lacks)
