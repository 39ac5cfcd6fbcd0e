"""The way of a packet: input ACL node, forwarding, output ACL node, on one thread.

The steps are small methods. `process_packet` calls them straight through; `packet_steps` calls the
same ones with a yield before each, so that other threads can come in between. When none does, the
two give the same result.
Source: `acl_fa_node_fn` in VPP's `src/plugins/acl/fa_node.c` as of the 2017 multicore commit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

from aclbench.engine.acl import DENY, PERMIT, AclRule, mismatch
from aclbench.engine.events import Check
from aclbench.engine.fib import FIB_BROADCAST, FIB_FOR_US, FIB_MULTICAST, FIB_NO_ROUTE
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packet import (
    INFO_CUT,
    INFO_ICMP,
    INFO_IP4_OPTIONS,
    INFO_IP6,
    INFO_MALFORMED,
    INFO_NOT_FOR_ACL,
    INFO_NOT_IP,
    INFO_SAME_SIDE,
    KEY4_SIZE,
    destination,
    request_key,
    unpack_key,
)
from aclbench.engine.reasons import (
    BROADCAST,
    CHECKED,
    CUT,
    EXISTING_SESSION,
    FOR_US,
    INTERFACE_DOWN,
    IP4_OPTIONS,
    KIND_MASK,
    LAST_DENY,
    MALFORMED,
    MULTICAST,
    NEW_SESSION,
    NO_INTERFACE,
    NO_MATCH,
    NO_ROUTE,
    NO_SUCH_ACL,
    NODE_INPUT,
    NODE_IP6,
    NOT_IP,
    RULE_DENY,
    RULE_PERMIT,
    SAME_SIDE,
    TOO_MANY_SESSIONS,
    UNCHECKED,
    node_bits,
    with_rule,
)
from aclbench.engine.session import Session, SessionId
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import (
    ADD,
    FORWARD,
    LOOK_UP,
    MATCH_RULE,
    PARSE,
    RECYCLE,
    TRACK,
    Step,
)
from aclbench.engine.worker import Worker

#: No tx interface.
NO_TX: Final = -1
#: The reason of a hit on the input side, but for the family.
EXISTING_ON_INPUT: Final = EXISTING_SESSION | NODE_INPUT
#: How far an info word's "is IPv6" bit is from a reason's.
_IP6_SHIFT: Final = 5
assert INFO_IP6 >> _IP6_SHIFT == NODE_IP6
#: Why a destination that has no tx interface is not forwarded.
_ENDS: Final[dict[int, int]] = {
    FIB_NO_ROUTE: NO_ROUTE,
    FIB_FOR_US: FOR_US,
    FIB_MULTICAST: MULTICAST,
    FIB_BROADCAST: BROADCAST,
}


#: A table with fewer sessions stays in the caches by itself.
WARM_UP_SESSIONS: Final = 50_000


class AclMatch:
    """A match under way: one packet, held against the rules of an interface's ACLs in order.

    The list of ACLs is that of the moment the match began. The rules of an ACL are read anew for
    each rule index, as the 2017 code's loop does, so a match can be judged by old rules and then
    by new ones.
    """

    __slots__ = ("acl_indices", "five", "info", "position", "reason", "rule_index", "rules")

    def __init__(self, acl_indices: tuple[int, ...], key: bytes, info: int) -> None:
        self.acl_indices: tuple[int, ...] = acl_indices
        self.five = unpack_key(key)
        self.info: int = info
        #: Which ACL of `acl_indices` is being tried, and its next rule.
        self.position: int = 0
        self.rule_index: int = 0
        #: The rules of that ACL as last read; None before the first read.
        self.rules: tuple[AclRule, ...] | None = None
        #: The outcome, once there is one.
        self.reason: int = NO_MATCH


class Datapath:
    """What a thread does with a packet."""

    def __init__(self, am: AclMain, sessions: Sessions) -> None:
        self.am: AclMain = am
        self.sessions: Sessions = sessions
        #: With fewer sessions in each table `warm_up` does nothing.
        self.warm_up_sessions: int = WARM_UP_SESSIONS

    # --- straight through ---------------------------------------------------------------------

    def process_packet(
        self, worker: Worker, rx: int, key: bytes, mirror_key: bytes, info: int, now: int
    ) -> None:
        """Handle one packet that entered on interface `rx`, start to end, at time `now`.

        Where nobody listens and the packet passes, this is all there is to it: so the few lines of
        `parse`, `forward` and `finish` that such a packet needs stand here once more.
        """
        am = self.am
        if am.tell.listener is not None:
            for _ in self.packet_steps(worker, rx, key, mirror_key, info, now):
                pass
            return
        interface = am.interfaces[rx]
        if info & INFO_NOT_FOR_ACL or interface is None or not interface.admin_up:
            self.count(worker, self.why_not_parsed(rx, info))
            return
        reason = UNCHECKED
        if interface.input_acls:
            reason = self.acl_node(worker, interface, True, key, key, info, now)
            if reason & KIND_MASK <= LAST_DENY:
                self.count(worker, reason)
                return
        to = key[4:8] if len(key) == KEY4_SIZE else key[16:32]
        tx = am.fib.lookup(to, worker.thread_index)
        tx_interface = am.interfaces[tx] if tx >= 0 else None
        if tx_interface is None or not tx_interface.admin_up:
            self.count(worker, self.drop_after(worker, reason, self.why_not_forwarded(worker, key)))
            return
        if tx_interface.output_acls:
            if reason != UNCHECKED:
                self.pass_on(worker, reason)
            reason = self.acl_node(worker, tx_interface, False, mirror_key, key, info, now)
        reasons = worker.packet_reasons
        reasons[reason] = reasons.get(reason, 0) + 1

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
        if info & INFO_ICMP:
            session = self.look_up(interface, lookup_key, info)
        else:
            session = interface.sessions.get(lookup_key)  # `look_up` without its ICMP part
        if session is not None:
            self.sessions.track_session(worker, session, is_input, info, now)
            return (EXISTING_ON_INPUT if is_input else EXISTING_SESSION) | (
                (info & INFO_IP6) >> _IP6_SHIFT
            )
        match = AclMatch(interface.input_acls if is_input else interface.output_acls, key, info)
        while not self.match_rule(worker, match, now):
            pass
        worker.session_in_hand = None
        if match.reason & KIND_MASK == NEW_SESSION:
            if not self.sessions.can_add_session(interface, lookup_key):
                self.recycle(worker, now)
            match.reason = self.add(
                worker, interface, is_input, lookup_key, match.reason, info, now
            )
        return match.reason | node_bits(is_input, info)

    # --- one step at a time -------------------------------------------------------------------

    def packet_steps(
        self, worker: Worker, rx: int, key: bytes, mirror_key: bytes, info: int, now: int
    ) -> Iterator[Step]:
        """The same as `process_packet`, with a yield before each step."""
        checks: list[Check] = []  # somebody may begin to listen on the way
        yield PARSE
        interface = self.parse(rx, info)
        if interface is None:
            self.finish(worker, rx, NO_TX, key, info, self.why_not_parsed(rx, info), checks, now)
            return
        reason = UNCHECKED
        if interface.input_acls:
            reason = yield from self.acl_node_steps(worker, interface, True, key, key, info, now)
            checks.append(self.check_of(worker, reason))
            if reason & KIND_MASK <= LAST_DENY:
                self.finish(worker, rx, NO_TX, key, info, reason, checks, now)
                return
        yield FORWARD
        tx_interface = self.forward(worker, key)
        if tx_interface is None:
            reason = self.drop_after(worker, reason, self.why_not_forwarded(worker, key))
            self.finish(worker, rx, NO_TX, key, info, reason, checks, now)
            return
        tx = tx_interface.sw_if_index
        if tx_interface.output_acls:
            self.pass_on(worker, reason)
            reason = yield from self.acl_node_steps(
                worker, tx_interface, False, mirror_key, key, info, now
            )
            checks.append(self.check_of(worker, reason))
            if reason & KIND_MASK <= LAST_DENY:
                tx = NO_TX
        self.finish(worker, rx, tx, key, info, reason, checks, now)

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
        yield LOOK_UP
        session = self.look_up(interface, lookup_key, info)
        if session is not None:
            yield TRACK
            return self.track(worker, session, is_input, info, now)
        match = AclMatch(interface.input_acls if is_input else interface.output_acls, key, info)
        yield MATCH_RULE
        while not self.match_rule(worker, match, now):
            yield MATCH_RULE
        worker.session_in_hand = None
        if match.reason & KIND_MASK == NEW_SESSION:
            if not self.sessions.can_add_session(interface, lookup_key):
                yield RECYCLE
                self.recycle(worker, now)
            yield ADD
            match.reason = self.add(
                worker, interface, is_input, lookup_key, match.reason, info, now
            )
        return match.reason | node_bits(is_input, info)

    # --- the steps ----------------------------------------------------------------------------

    def parse(self, rx: int, info: int) -> Interface | None:
        """Where a packet starts: its rx interface; None if no acl node will see it."""
        interface = self.am.interfaces[rx]
        if info & INFO_NOT_FOR_ACL or interface is None or not interface.admin_up:
            return None
        return interface

    def why_not_parsed(self, rx: int, info: int) -> int:
        """The reason of a packet that no acl node will see."""
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
        # If it is up by now, it came up behind the packet's back.
        return IP4_OPTIONS if info & INFO_IP4_OPTIONS else INTERFACE_DOWN

    def look_up(self, interface: Interface, key: bytes, info: int) -> Session | None:
        """The session of a packet; an ICMP reply belongs to its request's, if that is there."""
        if info & INFO_ICMP:
            request = request_key(key)
            if request is not None:
                session = interface.sessions.get(request)
                if session is not None:
                    return session
        return interface.sessions.get(key)

    def track(self, worker: Worker, session: Session, is_input: bool, info: int, now: int) -> int:
        """A hit: account for the packet, with no ACL check."""
        self.sessions.track_session(worker, session, is_input, info, now)
        worker.session_in_hand = session
        return EXISTING_SESSION | node_bits(is_input, info)

    def match_rule(self, worker: Worker, match: AclMatch, now: int) -> bool:
        """Hold the next rule against the packet. True once the match has its outcome."""
        am = self.am
        if match.position >= len(match.acl_indices):
            match.reason = with_rule(NO_MATCH, -1, -1)
            return True
        acl_index = match.acl_indices[match.position]
        acl = am.acls.get(acl_index)
        if acl is None:
            match.reason = with_rule(NO_SUCH_ACL, acl_index, -1)
            return True
        rules = acl.rules
        if match.rules is not rules:
            if match.rules is not None:
                worker.cnt_rules_replaced += 1
                am.tell.rules_replaced(worker, acl_index, match.rule_index, now)
            match.rules = rules
        rule_index = match.rule_index
        if rule_index >= len(rules):
            match.position += 1
            match.rule_index = 0
            match.rules = None
            return False
        rule = rules[rule_index]
        if mismatch(rule, match.five, match.info, am.l4_match_nonfirst_fragment) is not None:
            match.rule_index = rule_index + 1
            return False
        if rule.is_permit == DENY:
            kind = RULE_DENY
        else:
            kind = RULE_PERMIT if rule.is_permit == PERMIT else NEW_SESSION
        match.reason = with_rule(kind, acl_index, rule_index)
        return True

    def recycle(self, worker: Worker, now: int) -> None:
        """The table is full: once for the packet, sacrifice this thread's oldest transient."""
        self.sessions.try_recycle_session(worker, now)

    def add(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        key: bytes,
        matched: int,
        info: int,
        now: int,
    ) -> int:
        """Make the session, if there is room. `matched` is the reason that names the rule.

        Another thread may have entered the key since the look-up; then the packet is a hit.
        """
        if not self.sessions.can_add_session(interface, key):
            return matched & ~KIND_MASK | TOO_MANY_SESSIONS
        session, added = self.sessions.add_session(worker, interface, key, is_input, info, now)
        if not added:
            return self.track(worker, session, is_input, info, now)
        worker.session_in_hand = session
        return matched

    def forward(self, worker: Worker, key: bytes) -> Interface | None:
        """The tx interface of a packet; None if there is none."""
        tx = self.am.fib.lookup(destination(key), worker.thread_index)
        if tx < 0:
            return None
        interface = self.am.interfaces[tx]
        return interface if interface is not None and interface.admin_up else None

    def why_not_forwarded(self, worker: Worker, key: bytes) -> int:
        """The reason of a packet that has no tx interface."""
        tx = self.am.fib.lookup(destination(key), worker.thread_index)
        if tx < 0:
            return _ENDS[tx]
        interface = self.am.interfaces[tx]
        return NO_INTERFACE if interface is None or interface.deleted else INTERFACE_DOWN

    # --- the end ------------------------------------------------------------------------------

    def pass_on(self, worker: Worker, reason: int) -> None:
        """Count what the input node said of a packet whose last word it is not."""
        if reason != UNCHECKED:
            passed = worker.passed_checks
            passed[reason] = passed.get(reason, 0) + 1

    def count(self, worker: Worker, reason: int) -> None:
        """Count a packet under its last reason."""
        reasons = worker.packet_reasons
        reasons[reason] = reasons.get(reason, 0) + 1

    def drop_after(self, worker: Worker, reason: int, drop: int) -> int:
        """The reason of a packet that forwarding dropped, after what the input node had said."""
        self.pass_on(worker, reason)
        return drop if reason == UNCHECKED else drop | CHECKED

    def check_of(self, worker: Worker, reason: int) -> Check:
        """What the acl node that has just run said, for a verdict."""
        session = worker.session_in_hand
        if session is None:
            return Check(reason, None)
        return Check(reason, SessionId(session.thread_index, session.session_index))

    def finish(
        self,
        worker: Worker,
        rx: int,
        tx: int,
        key: bytes,
        info: int,
        reason: int,
        checks: list[Check],
        now: int,
    ) -> None:
        """Count the packet under its last reason, and tell who listens."""
        self.count(worker, reason)
        self.am.tell.packet(worker, rx, tx, key, info, reason, checks, now)

    # --- ahead of the packets -------------------------------------------------------------------

    def warm_up(self, rx: list[int], keys: list[bytes], mirror_keys: list[bytes]) -> None:
        """Look up the sessions of packets that are about to come, and do nothing with them.

        A look-up in a table larger than the processor's caches waits for memory four times, each
        time for what the wait before brought. But look-ups at once, one behind the other, with
        hashes that the keys know already, wait side by side; those of the packets then find all of
        it in the cache. For the same reason VPP prefetches.
        """
        largest: Interface | None = None
        checks_input: list[bool] = []
        for interface in self.am.interfaces:
            checks_input.append(interface is not None and bool(interface.input_acls))
            if interface is None or len(interface.sessions) < self.warm_up_sessions:
                continue
            if largest is None or len(interface.sessions) > len(largest.sessions):
                largest = interface
        if largest is None:
            return
        ahead: list[bytes] = []
        for i in range(len(rx)):
            key = keys[i] if checks_input[rx[i]] else mirror_keys[i]
            hash(key)
            ahead.append(key)
        sessions = largest.sessions
        for key in ahead:
            sessions.get(key)
