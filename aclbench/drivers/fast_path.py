"""The fast path: packets of sessions that are there, on both nodes, straight from their columns.

Most packets of a capture change nothing but a timestamp, flags and counters. For such a packet this
does what the steps of `engine.datapath` do, in their order, and nothing else: interface, session on
input, forwarding, session on output, timestamp, flags, counters. It looks first and writes then.
Any other packet it leaves alone, and the datapath handles that one: what has no session, is ICMP,
is not forwarded. Nothing is kept from one stretch to the next but counters.

`ACLBENCH_FAST_PATH=0` in the environment turns it off. Interpreted it is no faster than the
datapath, and off unless that is 1.
"""

from __future__ import annotations

import os
from typing import Final, final

from mypy_extensions import i64

from aclbench.drivers.frame import Frame
from aclbench.engine.datapath import Datapath
from aclbench.engine.machine import Machine
from aclbench.engine.outcomes import way_of_hit
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_IP6,
    INFO_LENGTH_SHIFT,
    INFO_NOT_FOR_ACL,
    INFO_TCP_FLAGS_MASK,
)
from aclbench.engine.reasons import EXISTING_SESSION, LAST_DENY, node_bits
from aclbench.engine.sessions import Sessions
from aclbench.engine.storage import Column, zeros
from aclbench.engine.table import IS_FAST, NOT_FOUND
from aclbench.engine.worker import Worker

SWITCH: Final = "ACLBENCH_FAST_PATH"
_THREAD_SHIFT: Final = 32
_INDEX_MASK: Final = (1 << _THREAD_SHIFT) - 1
_DESTINATION_MASK: Final = 0xFFFFFFFF
#: The datapath handles these: an ICMP reply is looked for under another key too.
_NOT_HERE: Final = INFO_NOT_FOR_ACL | INFO_ICMP
#: As `reasons.passed_action` has it.
_HIT_ACTION: Final = EXISTING_SESSION - LAST_DENY
#: Counters of a thread: packets by the node whose session was their last reason, and by the input
#: node's where the output node came after it; IPv4 and IPv6.
_LAST_IN: Final = 0
_LAST_OUT: Final = 1
_PASSED_IN: Final = 2
_KINDS: Final = 3
#: Packets that are left to the datapath at most before the fast path is tried again.
_MOST_LEFT: Final = 16


def fast_path_of(machine: Machine) -> FastPath | None:
    """The fast path of a machine; None where it is off, or the design has a datapath of its own."""
    own = type(machine.datapath) is Datapath and type(machine.sessions) is Sessions
    is_on = os.environ.get(SWITCH, "1" if IS_FAST else "0") != "0"
    return FastPath(machine) if own and is_on else None


@final
class FastPath:
    """Handles stretches of packets for the drivers."""

    def __init__(self, machine: Machine) -> None:
        self.am = machine.am
        self._sessions: Sessions = machine.sessions
        #: The time of the last packet handled.
        self.now: i64 = 0
        #: Packets that are left to the datapath before the next try, and how many to leave then.
        self._leave: i64 = 0
        self._leave_next: i64 = 0
        #: By thread: what is not yet counted in its worker.
        self._counts: Column = zeros(2 * _KINDS * len(self.am.workers))

    def is_worth_it(self) -> bool:
        """Whether to try it with the next packet: where one after the other was not for it, no."""
        if self._leave:
            self._leave -= 1
            return False
        return True

    def run(
        self,
        frame: Frame,
        begin: i64,
        end: i64,
        now: i64,
        due: i64,
        until: i64,
        workers: list[Worker],
        by_flow: bool,
    ) -> i64:
        """Handle the packets of a frame from row `begin` on; the first row that is left.

        It goes on up to `end`, to a packet that is not for the fast path, or that arrives beyond
        `until`, or at `due` or later. The clock stands at `now`, and then at `self.now`. `workers`
        are those by the rx interface, or by the remainder of the flow hash.
        """
        am, keys = self.am, frame.keys
        times, infos, rxs, flows = frame.time, frame.info, frame.rx, frame.flow
        interfaces, fib = am.interfaces, am.fib
        may_be_stale = am.reclassify_sessions
        n_workers: i64 = len(workers)
        i = begin
        while i < end:
            time = times[i]
            if time < now:
                time = now
            if time > until or time >= due:
                break
            info = infos[i]
            rx = rxs[i]
            interface = interfaces[rx]
            if info & _NOT_HERE or interface is None or not interface.admin_up:
                break
            is_ip6: i64 = 1 if info & INFO_IP6 else 0
            flow = flows[i]

            # The sessions on input and output; there is at least one.
            on_input: i64 = NOT_FOUND
            if interface.input_acls:
                if is_ip6:
                    on_input = interface.sessions.find6(
                        keys.k0[i], keys.k1[i], keys.k2[i], keys.k3[i], keys.k4[i], flow
                    )
                else:
                    on_input = interface.sessions.find4(keys.k0[i], keys.k1[i], flow)
                if on_input == NOT_FOUND:
                    break
            if is_ip6:
                tx = fib.lookup_ip6(keys.k3[i], keys.k4[i])
            else:
                tx = fib.lookup_ip4(keys.k0[i] & _DESTINATION_MASK)
            tx_interface = interfaces[tx] if tx >= 0 else None
            if tx_interface is None or not tx_interface.admin_up:
                break
            on_output: i64 = NOT_FOUND
            if tx_interface.output_acls:
                if is_ip6:
                    on_output = tx_interface.sessions.find6(
                        keys.m0[i], keys.m1[i], keys.k4[i], keys.k0[i], keys.k2[i], flow
                    )
                else:
                    on_output = tx_interface.sessions.find4(keys.m0[i], keys.m1[i], flow)
                if on_output == NOT_FOUND:
                    break
            last = on_output if on_output != NOT_FOUND else on_input
            if last == NOT_FOUND:
                break

            # No rules that have changed.
            if may_be_stale and (
                self._is_stale(on_input, interface.input_policy_epoch)
                or self._is_stale(on_output, tx_interface.output_policy_epoch)
            ):
                break

            # From here on it writes.
            now = time
            worker = workers[flow % n_workers] if by_flow else workers[rx]
            count: i64 = (worker.thread_index * 2 + is_ip6) * _KINDS
            is_relinked = False
            if on_input != NOT_FOUND:
                is_relinked = self._hit(worker, on_input, True, info, now)
            if on_output != NOT_FOUND:
                is_relinked |= self._hit(worker, on_output, False, info, now)
                if on_input != NOT_FOUND:
                    self._counts[count + _PASSED_IN] += 1
                count += _LAST_OUT
            self._counts[count] += 1
            size: i64 = info >> INFO_LENGTH_SHIFT
            counters = worker.interface_counters[rx]
            counters.rx_packets += 1
            counters.rx_bytes += size
            counters.rx_ip6 += is_ip6
            counters = worker.interface_counters[tx]
            counters.tx_packets += 1
            counters.tx_bytes += size
            outcomes = worker.outcomes
            if outcomes is not None:
                input_action: i64 = _HIT_ACTION if on_input != NOT_FOUND else 0
                owner: i64 = last >> _THREAD_SHIFT
                slot = last & _INDEX_MASK
                outcomes.append(
                    EXISTING_SESSION | node_bits(on_output == NOT_FOUND, info),
                    way_of_hit(tx, input_action, worker.thread_index, owner, slot),
                )
            i += 1
            if is_relinked:
                break  # the cleaner may have been told: something else may be due now
        self.now = now
        if i > begin:
            self._leave_next = 0
        else:
            self._leave = self._leave_next
            self._leave_next = self._leave_next + 1 if self._leave_next < _MOST_LEFT else _MOST_LEFT
        return i

    def _is_stale(self, found: i64, policy_epoch: i64) -> bool:
        """Whether there is a session, and the rules that it was made by have changed."""
        if found == NOT_FOUND:
            return False
        session = self.am.pools[found >> _THREAD_SHIFT].session(found & _INDEX_MASK)
        return self._sessions.is_stale(session, policy_epoch)

    def _hit(self, worker: Worker, found: i64, is_input: bool, info: i64, now: i64) -> bool:
        """As `Datapath.hit`; whether the session is on another list now."""
        pool = self.am.pools[found >> _THREAD_SHIFT]
        slot: i64 = found & _INDEX_MASK
        pool.touch(slot, now)
        seen = pool.flags_seen(slot, is_input)
        if seen | info & INFO_TCP_FLAGS_MASK == seen:
            return False
        return self._sessions.write_flags(worker, pool.session(slot), is_input, seen, info, now)

    def count(self) -> None:
        """Count in the workers what `run` has left uncounted."""
        for worker in self.am.workers:
            for is_ip6 in range(2):
                info = INFO_IP6 if is_ip6 else 0
                at = (worker.thread_index * 2 + is_ip6) * _KINDS
                for kind in range(_KINDS):
                    packets = self._counts[at + kind]
                    if packets:
                        self._counts[at + kind] = 0
                        passed = kind == _PASSED_IN
                        counts = worker.passed_checks if passed else worker.packet_reasons
                        reason = EXISTING_SESSION | node_bits(kind != _LAST_OUT, info)
                        counts[reason] = counts.get(reason, 0) + packets
