"""The path of a packet: input ACL node, forwarding, output ACL node, on one thread.

The steps are small methods. `process_packet` calls them straight through; `packet_steps` calls the
same ones with a yield before each, so that other threads can come in between. When none does, the
two give the same result and tell the same events.
Source: `acl_fa_node_fn` in VPP's `src/plugins/acl/fa_node.c` as of the 2017 multicore commit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

from mypy_extensions import mypyc_attr

from aclbench.engine.events import Check
from aclbench.engine.fib import FIB_BROADCAST, FIB_FOR_US, FIB_MULTICAST, FIB_NO_ROUTE
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.matching import AclMatch, Matching
from aclbench.engine.outcomes import way, way_of_hit
from aclbench.engine.packet import (
    INFO_CUT,
    INFO_ICMP,
    INFO_IP4_BAD_LENGTH,
    INFO_IP4_OPTIONS,
    INFO_IP4_TOO_SHORT,
    INFO_IP6,
    INFO_LENGTH_SHIFT,
    INFO_MALFORMED,
    INFO_MULTICAST,
    INFO_NOT_FOR_ACL,
    INFO_NOT_IP,
    INFO_NOT_IP4,
    INFO_SAME_SIDE,
    destination,
    request_key,
)
from aclbench.engine.pool import Session
from aclbench.engine.reasons import (
    AHEAD,
    BROADCAST,
    CHECKED,
    CUT,
    EXISTING_SESSION,
    FOR_US,
    INTERFACE_DOWN,
    IP4_BAD_LENGTH,
    IP4_OPTIONS,
    IP4_TOO_SHORT,
    KIND_MASK,
    LAST_DENY,
    MALFORMED,
    MULTICAST,
    NEW_SESSION,
    NO_INTERFACE,
    NO_ROUTE,
    NOT_IP,
    RULE_SHIFT,
    SAME_SIDE,
    TOO_MANY_SESSIONS,
    UNCHECKED,
    family_bit,
    node_bits,
    passed_action,
    rule_of,
)
from aclbench.engine.session import SessionId
from aclbench.engine.sessions import ALL_SEEN, Sessions
from aclbench.engine.steps import (
    ADD,
    FORWARD,
    LOOK_FOR_ROOM,
    LOOK_UP,
    MATCH_RULE,
    PARSE,
    RECLASSIFY,
    RECYCLE,
    TRACK,
    WRITE_FLAGS,
    Step,
)
from aclbench.engine.storage import Column
from aclbench.engine.worker import Worker

#: No tx interface.
NO_TX: Final = -1
#: Why a destination that has no tx interface is not forwarded.
_ENDS: Final[dict[int, int]] = {
    FIB_NO_ROUTE: NO_ROUTE,
    FIB_FOR_US: FOR_US,
    FIB_MULTICAST: MULTICAST,
    FIB_BROADCAST: BROADCAST,
}

#: A table with fewer sessions stays in the caches by itself.
WARM_UP_SESSIONS: Final = 50_000


@mypyc_attr(allow_interpreted_subclasses=True)
class Datapath:
    """What a thread does with a packet."""

    def __init__(self, am: AclMain, sessions: Sessions, matching: Matching) -> None:
        self.am: AclMain = am
        self.sessions: Sessions = sessions
        self.matching: Matching = matching
        #: With fewer sessions in each table `warm_up` does nothing.
        self.warm_up_sessions: int = WARM_UP_SESSIONS

    # --- straight through ---------------------------------------------------------------------

    def process_packet(
        self, worker: Worker, rx: int, key: bytes, mirror_key: bytes, info: int, now: int
    ) -> None:
        """Handle one packet that entered on interface `rx`, start to end, at time `now`."""
        checks: list[Check] | None = [] if self.am.tell.hears_packets() else None
        tx = NO_TX
        input_reason = UNCHECKED
        interface = self.parse(worker, rx, info, now)
        if interface is None:
            reason = self.why_not_parsed(rx, info)
        else:
            if interface.input_acls:
                reason = self.acl_node(worker, interface, True, key, key, info, now)
                if checks is not None:
                    checks.append(self.check_of(worker, reason))
            else:
                reason = UNCHECKED | family_bit(info)
            input_reason = reason
            if reason & KIND_MASK > LAST_DENY:
                tx_interface = self.forward(worker, key, now)
                if tx_interface is None:
                    reason = self.drop_after(
                        worker, reason, self.why_not_forwarded(worker, key), info
                    )
                else:
                    tx = tx_interface.sw_if_index
                    if tx_interface.output_acls:
                        self.pass_on(worker, reason)
                        reason = self.acl_node(
                            worker, tx_interface, False, mirror_key, key, info, now
                        )
                        if checks is not None:
                            checks.append(self.check_of(worker, reason))
                        if reason & KIND_MASK <= LAST_DENY:
                            tx = NO_TX
        self.count(worker, rx, tx, info, reason)
        if worker.outcomes is not None:
            self.keep_outcome(worker, tx, input_reason, reason)
        if checks is not None:
            self.am.tell.packet(worker, rx, tx, key, info, reason, checks, now)

    def acl_node(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        lookup_key: bytes,
        key: bytes,
        info: int,
        now: int,
    ) -> int:
        """One acl node, straight through. Returns its reason.

        `lookup_key` is `key` on input and its mirror on output.
        """
        sessions = self.sessions
        policy_epoch = interface.input_policy_epoch if is_input else interface.output_policy_epoch
        session = self.look_up(worker, interface, is_input, lookup_key, info, now)
        if session is not None:
            if not self.am.reclassify_sessions or not sessions.is_stale(session, policy_epoch):
                return self.hit(worker, session, is_input, info, now)
            sessions.reclassify(worker, session, now)
        match = AclMatch(interface.input_acls if is_input else interface.output_acls, key, info)
        while not self.matching.match_rule(worker, match, now):
            pass
        reason = self.outcome(worker, match, is_input, info)
        if reason & KIND_MASK != NEW_SESSION:
            return reason
        if not sessions.can_add_session(worker, interface, lookup_key, now):
            sessions.try_recycle_session(worker, now)
            if not sessions.can_add_session(worker, interface, lookup_key, now):
                return reason & ~KIND_MASK | TOO_MANY_SESSIONS
        other = self.add(worker, interface, is_input, lookup_key, info, policy_epoch, now)
        return reason if other is None else self.hit(worker, other, is_input, info, now)

    def hit(self, worker: Worker, session: Session, is_input: bool, info: int, now: int) -> int:
        """Account for a packet of a session, with no ACL check. Returns the reason."""
        seen = self.sessions.track_session(session, is_input, info, now)
        if seen != ALL_SEEN:
            self.sessions.write_flags(worker, session, is_input, seen, info, now)
        return EXISTING_SESSION | node_bits(is_input, info)

    # --- one step at a time -------------------------------------------------------------------

    def packet_steps(
        self, worker: Worker, rx: int, key: bytes, mirror_key: bytes, info: int, now: int
    ) -> Iterator[Step]:
        """The same as `process_packet`, with a yield before each step."""
        checks: list[Check] = []  # somebody may begin to listen on the way
        tx = NO_TX
        input_reason = UNCHECKED
        yield PARSE
        interface = self.parse(worker, rx, info, now)
        if interface is None:
            reason = self.why_not_parsed(rx, info)
        else:
            if interface.input_acls:
                reason = yield from self.acl_node_steps(
                    worker, interface, True, key, key, info, now
                )
                checks.append(self.check_of(worker, reason))
            else:
                reason = UNCHECKED | family_bit(info)
            input_reason = reason
            if reason & KIND_MASK > LAST_DENY:
                yield FORWARD
                tx_interface = self.forward(worker, key, now)
                if tx_interface is None:
                    reason = self.drop_after(
                        worker, reason, self.why_not_forwarded(worker, key), info
                    )
                else:
                    tx = tx_interface.sw_if_index
                    if tx_interface.output_acls:
                        self.pass_on(worker, reason)
                        reason = yield from self.acl_node_steps(
                            worker, tx_interface, False, mirror_key, key, info, now
                        )
                        checks.append(self.check_of(worker, reason))
                        if reason & KIND_MASK <= LAST_DENY:
                            tx = NO_TX
        self.count(worker, rx, tx, info, reason)
        if worker.outcomes is not None:
            self.keep_outcome(worker, tx, input_reason, reason)
        self.am.tell.packet(worker, rx, tx, key, info, reason, checks, now)

    def acl_node_steps(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        lookup_key: bytes,
        key: bytes,
        info: int,
        now: int,
    ) -> Generator[Step, None, int]:
        """The same as `acl_node`, with a yield before each step."""
        sessions = self.sessions
        yield LOOK_UP
        policy_epoch = interface.input_policy_epoch if is_input else interface.output_policy_epoch
        session = self.look_up(worker, interface, is_input, lookup_key, info, now)
        if session is not None:
            if not self.am.reclassify_sessions or not sessions.is_stale(session, policy_epoch):
                return (yield from self.hit_steps(worker, session, is_input, info, now))
            yield RECLASSIFY
            sessions.reclassify(worker, session, now)
        match = AclMatch(interface.input_acls if is_input else interface.output_acls, key, info)
        yield MATCH_RULE
        while not self.matching.match_rule(worker, match, now):
            yield MATCH_RULE
        reason = self.outcome(worker, match, is_input, info)
        if reason & KIND_MASK != NEW_SESSION:
            return reason
        yield LOOK_FOR_ROOM
        if not sessions.can_add_session(worker, interface, lookup_key, now):
            yield RECYCLE
            sessions.try_recycle_session(worker, now)
            yield LOOK_FOR_ROOM
            if not sessions.can_add_session(worker, interface, lookup_key, now):
                return reason & ~KIND_MASK | TOO_MANY_SESSIONS
        yield ADD
        other = self.add(worker, interface, is_input, lookup_key, info, policy_epoch, now)
        if other is None:
            return reason
        return (yield from self.hit_steps(worker, other, is_input, info, now))

    def hit_steps(
        self, worker: Worker, session: Session, is_input: bool, info: int, now: int
    ) -> Generator[Step, None, int]:
        """The same as `hit`, with a yield before each step."""
        yield TRACK
        seen = self.sessions.track_session(session, is_input, info, now)
        if seen != ALL_SEEN:
            yield WRITE_FLAGS
            self.sessions.write_flags(worker, session, is_input, seen, info, now)
        return EXISTING_SESSION | node_bits(is_input, info)

    # --- the steps ----------------------------------------------------------------------------

    def parse(self, worker: Worker, rx: int, info: int, now: int) -> Interface | None:
        """Where a packet starts: its rx interface, which counts it; None: no acl node sees it."""
        am = self.am
        counters = worker.interface_counters[rx]
        counters.rx_packets += 1
        counters.rx_bytes += info >> INFO_LENGTH_SHIFT
        if info & INFO_NOT_IP4:
            if info & INFO_IP6:
                counters.rx_ip6 += 1
            else:
                counters.rx_not_ip += 1
        interface = am.interfaces[rx]
        if info & INFO_NOT_FOR_ACL or interface is None or not interface.admin_up:
            if am.tell.tracer is not None:
                am.tell.parsed(worker, rx, self.why_not_parsed(rx, info), now)
            return None
        if am.tell.tracer is not None:
            am.tell.parsed(worker, rx, None, now)
        return interface

    def why_not_parsed(self, rx: int, info: int) -> int:
        """The reason of a packet that no acl node will see."""
        return self._why_ahead(rx, info) | AHEAD | family_bit(info)

    def _why_ahead(self, rx: int, info: int) -> int:
        interface = self.am.interfaces[rx]
        if interface is None or interface.deleted:
            return NO_INTERFACE
        if not interface.admin_up:
            return INTERFACE_DOWN
        if info & INFO_SAME_SIDE:
            return SAME_SIDE
        if info & INFO_NOT_IP:
            return NOT_IP
        if info & INFO_CUT:
            return CUT
        if info & INFO_MALFORMED:
            return MALFORMED
        if info & INFO_IP4_TOO_SHORT:
            return IP4_TOO_SHORT
        if info & INFO_IP4_BAD_LENGTH:
            return IP4_BAD_LENGTH
        if info & INFO_IP4_OPTIONS:
            return IP4_OPTIONS
        # The interface may have been brought up after the packet was refused.
        return MULTICAST if info & INFO_MULTICAST else INTERFACE_DOWN

    def look_up(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        key: bytes,
        info: int,
        now: int,
    ) -> Session | None:
        """The session of a packet; an ICMP reply belongs to its request's, if that is there."""
        tell = self.am.tell
        if info & INFO_ICMP:
            request = request_key(key)
            if request is not None:
                session = interface.sessions.get(request)
                tell.looked_up(worker, interface.sw_if_index, request, True, session, now)
                if session is not None:
                    worker.session_in_hand = session
                    return session
        session = interface.sessions.get(key)
        if tell.tracer is not None:
            tell.looked_up(worker, interface.sw_if_index, key, False, session, now)
        worker.session_in_hand = session
        return session

    def outcome(self, worker: Worker, match: AclMatch, is_input: bool, info: int) -> int:
        """The reason that a match gives, counted with its rule if that is wanted."""
        if self.am.interface_acl_counters_enabled and rule_of(match.reason) >= 0:
            rule = match.reason >> RULE_SHIFT << RULE_SHIFT
            packets, sizes = worker.rule_matches, worker.rule_match_bytes
            packets[rule] = packets.get(rule, 0) + 1
            sizes[rule] = sizes.get(rule, 0) + (info >> INFO_LENGTH_SHIFT)
        return match.reason | node_bits(is_input, info)

    def add(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        key: bytes,
        info: int,
        policy_epoch: int,
        now: int,
    ) -> Session | None:
        """Make the session, for which there was room when that was looked for.

        Returns the session that another thread has entered under the key since the look-up, if
        there is one: then the packet is a hit on it.
        """
        session, added = self.sessions.add_session(
            worker, interface, key, is_input, info, policy_epoch, now
        )
        worker.session_in_hand = session
        return None if added else session

    def forward(self, worker: Worker, key: bytes, now: int) -> Interface | None:
        """The tx interface of a packet; None if there is none."""
        am = self.am
        tx = am.fib.lookup(key)
        interface = am.interfaces[tx] if tx >= 0 else None
        if interface is not None and not interface.admin_up:
            interface = None
        if am.tell.tracer is not None:
            why_not = None if interface is not None else self.why_not_forwarded(worker, key)
            address = destination(key)
            am.tell.forwarded(worker, address, am.fib.entry_for(address), why_not, now)
        return interface

    def why_not_forwarded(self, worker: Worker, key: bytes) -> int:
        """The reason of a packet that has no tx interface."""
        tx = self.am.fib.lookup(key)
        if tx < 0:
            return _ENDS[tx]
        interface = self.am.interfaces[tx]
        return NO_INTERFACE if interface is None or interface.deleted else INTERFACE_DOWN

    # --- the end ------------------------------------------------------------------------------

    def pass_on(self, worker: Worker, reason: int) -> None:
        """Count the input node's check of a packet that goes on to forwarding."""
        if reason & KIND_MASK != UNCHECKED:
            passed = worker.passed_checks
            passed[reason] = passed.get(reason, 0) + 1

    def count(self, worker: Worker, rx: int, tx: int, info: int, reason: int) -> None:
        """Count a packet under its last reason, and on the interface that it left, or entered."""
        reasons = worker.packet_reasons
        reasons[reason] = reasons.get(reason, 0) + 1
        if tx != NO_TX:
            counters = worker.interface_counters[tx]
            counters.tx_packets += 1
            counters.tx_bytes += info >> INFO_LENGTH_SHIFT
            return
        kind = reason & KIND_MASK
        if kind == NOT_IP:
            worker.interface_counters[rx].punts += 1
        elif kind != FOR_US:  # what is delivered is not dropped
            worker.interface_counters[rx].drops += 1

    def keep_outcome(self, worker: Worker, tx: int, input_reason: int, reason: int) -> None:
        """Keep what became of a packet, for who keeps that of all of them."""
        outcomes = worker.outcomes
        assert outcomes is not None
        action = passed_action(input_reason)
        thread_index = worker.thread_index
        session = worker.session_in_hand
        if session is None or reason & KIND_MASK != EXISTING_SESSION:
            outcomes.append(reason, way(tx, action, thread_index))
        else:
            owner, index = session.thread_index, session.session_index
            outcomes.append(reason, way_of_hit(tx, action, thread_index, owner, index))

    def drop_after(self, worker: Worker, reason: int, drop: int, info: int) -> int:
        """The reason of a packet that forwarding dropped after the input node's check."""
        self.pass_on(worker, reason)
        checked = 0 if reason & KIND_MASK == UNCHECKED else CHECKED
        return drop | family_bit(info) | checked

    def check_of(self, worker: Worker, reason: int) -> Check:
        """The result of the acl node that has just run, for a verdict."""
        session = worker.session_in_hand
        if session is None:
            return Check(reason, None)
        return Check(reason, SessionId(session.thread_index, session.session_index))

    # --- ahead of the packets -------------------------------------------------------------------

    def warm_up(self, flow: Column, begin: int, end: int) -> None:
        """Have the sessions of packets to come, by their flow hashes, in the processor's cache."""
        largest: Interface | None = None
        for interface in self.am.interfaces:
            if interface is None or len(interface.sessions) < self.warm_up_sessions:
                continue
            if largest is None or len(interface.sessions) > len(largest.sessions):
                largest = interface
        if largest is not None:
            largest.sessions.warm_up(flow, begin, end)
