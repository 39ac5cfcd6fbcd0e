"""Interleavings made by hand: the races that the design document talks about, one at a time.

With two workers and rx placement, thread 1 carries what enters by pg0 and thread 2 what enters by
pg1.
"""

from __future__ import annotations

import pytest
from engine.bench import (
    ACK,
    FIN,
    PERMIT_ALL,
    SEC,
    SYN,
    UDP_IDLE,
    Driven,
    actions,
    frame4,
    tcp_back,
    tcp_out,
    udp,
    udp_back,
    udp_out,
    words,
)

from aclbench.drivers.driver import CLEANER, CLOCK, START_NS
from aclbench.engine import reading
from aclbench.engine.acl import DENY, PERMIT, AclRule
from aclbench.engine.events import (
    ClassChanged,
    ClearFinished,
    InterruptSent,
    InterruptServed,
    RulesReplaced,
    SessionAdded,
    SessionDeleted,
    SweepStarted,
)
from aclbench.engine.session import SessionId
from aclbench.errors import AclbenchError

#: The threads of pg0 and pg1.
ONE, TWO = 1, 2


def finish(bench: Driven, actor: int) -> None:
    """Let an actor finish what it has in hand."""
    while not bench.driver.step(actor).finished:  # type: ignore[union-attr]
        pass


def cleaner_goes_on(bench: Driven) -> None:
    """Let the cleaner go on until it waits, and nobody else."""
    while CLEANER in bench.driver.ready_actors():
        bench.step(CLEANER)


# --- rules replaced under a match ------------------------------------------------------------

LONG = (*[AclRule(DENY, proto=p) for p in (1, 6, 47)], *PERMIT_ALL)


def matching(upcoming_rule: int) -> Driven:
    """A bench in the middle of a match: the next rule is `upcoming_rule` of ACL 0."""
    bench = Driven(2)
    bench.machine.acl_add_replace(0, LONG, "")
    bench.apply(0)
    bench.queue(udp_out())
    bench.step_until(ONE, "match rule")
    for _ in range(upcoming_rule):
        bench.step(ONE)
    return bench


def replaced(bench: Driven) -> list[tuple[int, int]]:
    return [(e.acl_index, e.rule_index) for e in bench.events if isinstance(e, RulesReplaced)]


def test_a_match_is_judged_by_old_rules_and_then_by_new_ones():
    """Rules 0 and 1 were the old ones; rule 2 is the new one, and a trace event says so."""
    bench = matching(2)
    bench.machine.acl_add_replace(0, (AclRule(DENY), AclRule(DENY), AclRule(PERMIT)), "")
    bench.driver.settle()
    (verdict,) = bench.verdicts()
    assert words(verdict) == "acl 0 rule 2: permit"
    assert replaced(bench) == [(0, 2)]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_match_ends_without_a_rule_where_the_new_set_is_shorter(length):
    """Its end is compared at each rule index, so no rule is read from behind the set."""
    bench = matching(2)
    bench.machine.acl_add_replace(0, (AclRule(PERMIT),) * length, "")
    bench.driver.settle()
    (verdict,) = bench.verdicts()
    assert (words(verdict), verdict.tx) == ("no rule matched", -1)
    assert replaced(bench) == [(0, 2)]


def test_where_the_new_set_is_shorter_the_next_acl_is_asked():
    """Running out of one ACL's rules is what leads to the next, replaced or not."""
    bench = Driven(2)
    bench.machine.acl_add_replace(None, (AclRule(PERMIT),), "")
    bench.machine.acl_add_replace(0, LONG, "")
    bench.machine.set_interface_acls(bench.pg[0], True, (0, 1))
    bench.queue(udp_out())
    bench.step_until(ONE, "match rule")
    bench.step(ONE)
    bench.machine.acl_add_replace(0, (), "")
    bench.driver.settle()
    assert words(bench.verdicts()[0]) == "acl 1 rule 0: permit"
    assert replaced(bench) == [(0, 1)]


def test_rules_replaced_before_or_after_a_match_are_no_news():
    """The event is about a match under way alone."""
    bench = matching(0)
    bench.machine.acl_add_replace(0, (AclRule(PERMIT),), "")
    bench.driver.settle()
    bench.machine.acl_add_replace(0, PERMIT_ALL, "")
    bench.send(udp_out(7))
    assert replaced(bench) == []


def test_going_on_to_the_next_acl_is_no_replacement():
    """Its rules are others, and nobody replaced them."""
    bench = Driven(2)
    bench.machine.acl_add_replace(None, (AclRule(PERMIT),), "")
    bench.machine.acl_add_replace(0, LONG[:1], "")
    bench.machine.set_interface_acls(bench.pg[0], True, (0, 1))
    assert words(bench.send(udp_out())) == "acl 1 rule 0: permit"
    assert replaced(bench) == []


def test_an_acl_deleted_under_a_match_is_no_such_acl():
    """The list of ACLs is that of the moment the match began; what it names may be gone."""
    bench = matching(1)
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    bench.machine.acl_del(0)
    bench.driver.settle()
    assert words(bench.verdicts()[0]) == "no such ACL"


# --- two workers, one session ----------------------------------------------------------------


def both_sides() -> Driven:
    """Both interfaces reflect on pg1's table, so that either worker may make a session."""
    bench = Driven(2)
    bench.apply(1, is_input=False)
    bench.apply(1, is_input=True)
    return bench


@pytest.mark.parametrize(("first", "second"), [(ONE, TWO), (TWO, ONE)])
def test_two_workers_that_add_one_key_make_one_session(first, second):
    """Whoever enters it owns it; the other's packet is a hit, and its slot is free again."""
    bench = both_sides()
    bench.queue(udp_out())
    bench.queue(udp_back(), rx=1)
    bench.step_until(ONE, "add")
    bench.step_until(TWO, "add")
    finish(bench, first)
    finish(bench, second)
    bench.driver.settle()
    assert [words(v) for v in bench.verdicts()] == [
        "acl 0 rule 0: permit+reflect",
        "existing session",
    ]
    assert {v.checks[0].session for v in bench.verdicts()} == {SessionId(first, 0)}
    assert len(bench.heard(SessionAdded)) == 1
    assert [w.live_sessions for w in bench.am.workers] == [0, first == ONE, first == TWO]


def test_the_owner_frees_a_session_between_anothers_look_up_and_track():
    """The late touch is harmless: that packet passes, and the next one finds no session."""
    bench = both_sides()
    bench.machine.acl_add_replace(None, (), "")
    bench.apply(1, is_input=True, acl=1)
    bench.send(udp_out())
    bench.queue(udp_back(), rx=1)
    bench.step_until(TWO, "track")
    bench.machine.clear_sessions()
    cleaner_goes_on(bench)
    finish(bench, ONE)
    assert len(bench.heard(SessionDeleted)) == 1
    bench.driver.settle()
    assert words(bench.verdicts()[-1]) == "existing session"
    assert bench.am.live_sessions() == 0
    assert words(bench.send(udp_back(), rx=1)) == "no rule matched"


def test_the_owner_relinks_what_another_thread_established():
    """The non-owner's third packet of the handshake leaves the session where it is."""
    bench = both_sides()
    bench.send(tcp_out(SYN))
    bench.queue(tcp_out(ACK))
    bench.queue(tcp_back(SYN | ACK), rx=1)
    bench.step_until(ONE, "track")
    bench.step_until(TWO, "track")
    finish(bench, ONE)
    finish(bench, TWO)
    changes = [e for e in bench.events if isinstance(e, ClassChanged)]
    assert [(e.thread_index, e.relinked) for e in changes] == [(TWO, False)]
    assert bench.am.workers[ONE].conn_list_length == [0, 0, 1]
    bench.advance(121 * SEC)
    assert bench.am.workers[ONE].conn_list_length == [0, 1, 0]


def test_of_two_threads_that_add_flags_on_one_side_at_once_one_loses_its_own():
    """Both have read the flags before either writes them; its next packet brings them back."""
    bench = Driven(2, interfaces=3)
    bench.apply(0, is_input=True)
    bench.apply(0, is_input=False)
    bench.send(tcp_out(SYN))
    bench.queue(tcp_back(SYN | ACK), rx=1)
    bench.queue(tcp_back(FIN), rx=2)
    bench.step_until(TWO, "write flags")
    bench.step_until(ONE, "write flags")
    finish(bench, TWO)
    finish(bench, ONE)
    row = reading.session_at(bench.am.workers[ONE], 0)
    assert row is not None
    assert (row.tcp_flags_seen_in, row.tcp_flags_seen_out) == (SYN, FIN)
    bench.send(tcp_back(SYN | ACK), rx=1)
    row = reading.session_at(bench.am.workers[ONE], 0)
    assert row is not None
    assert row.tcp_flags_seen_out == SYN | ACK | FIN


def test_two_threads_that_found_room_at_once_exceed_the_limit_by_one():
    """Both look before either enters: as many too many as workers less one, and no more."""
    bench = both_sides()
    bench.am.conn_table_max_entries = 1
    bench.queue(udp_out(1000))
    bench.queue(udp_back(2000), rx=1)
    bench.step_until(ONE, "add")
    bench.step_until(TWO, "add")
    finish(bench, ONE)
    finish(bench, TWO)
    assert [reading.table_size(pg) for pg in bench.pg] == [0, 2]
    assert words(bench.send(udp_out(3000))) == "too many sessions to add new"


# --- clears ----------------------------------------------------------------------------------


def test_a_clear_flagged_while_a_handler_is_half_way_is_served_by_the_next_interrupt():
    """The handler that began without it finishes; nobody's wake-up is lost."""
    bench = both_sides()
    bench.send(udp_out())
    bench.queue(tcp_out(SYN))
    bench.step(ONE)
    finish(bench, ONE)
    cleaner_goes_on(bench)
    bench.step_until(ONE, "take heads")
    bench.machine.clear_sessions()
    cleaner_goes_on(bench)
    assert bench.am.workers[ONE].clear_in_process == 1
    finish(bench, ONE)
    assert bench.am.workers[ONE].clear_in_process == 1
    assert bench.am.live_sessions() == 2
    bench.advance(SEC // 1000)
    assert bench.am.live_sessions() == 0
    assert [w.clear_in_process for w in bench.am.workers] == [0, 0, 0]


def test_an_interrupt_pending_when_a_clear_starts_serves_the_clear():
    """It was raised for the idle check; no second one is raised, and none is needed."""
    bench = both_sides()
    bench.queue(udp_out())
    bench.driver.step(ONE)
    finish(bench, ONE)
    cleaner_goes_on(bench)
    sent = bench.am.cleaner.cnt_interrupts_sent
    assert [w.interrupt_is_pending for w in bench.am.workers] == [0, 1, 1]
    bench.machine.clear_sessions()
    cleaner_goes_on(bench)
    assert bench.am.cleaner.cnt_interrupts_sent == sent
    bench.driver.settle()
    assert bench.am.live_sessions() == 0
    assert len(bench.heard(SweepStarted)) == 2


def test_a_packet_in_hand_makes_its_session_before_its_worker_sees_the_clear():
    """One thread does one thing at a time: what it adds is swept with the rest."""
    bench = both_sides()
    bench.send(udp_out(1))
    bench.queue(udp_out(2))
    bench.step_until(ONE, "add")
    bench.machine.clear_sessions()
    cleaner_goes_on(bench)
    bench.advance(SEC // 1000)
    assert len(bench.heard(SessionAdded)) == 2
    assert bench.am.live_sessions() == 0


def test_a_packet_between_two_quanta_is_not_swept():
    """A connection that comes while its interface is being cleared begins anew and stays."""
    bench = both_sides()
    bench.am.max_deleted_sessions_per_interval = 2
    for sport in range(1, 6):
        bench.send(udp_out(sport))
    bench.machine.clear_sessions()
    bench.driver.settle()
    assert bench.am.workers[ONE].swipe_end_time > 0
    bench.send(udp_out(100))
    bench.advance(SEC // 1000)
    assert bench.am.live_sessions() == 1
    assert len(bench.heard(ClearFinished)) == 1


# --- deleted interfaces ----------------------------------------------------------------------


def test_an_interface_deleted_while_a_packet_is_between_forward_and_output():
    """The packet ends on rules that are gone; nothing is left of it, and the index is free."""
    bench = both_sides()
    bench.queue(udp_out())
    bench.step_until(ONE, "look up")
    bench.machine.delete_interface(2)
    bench.driver.settle()
    (verdict,) = bench.verdicts()
    assert actions(verdict) == ["no rule matched"]
    bench.advance(SEC)
    assert bench.am.interfaces[2] is None


def test_an_interface_deleted_while_a_packet_adds_a_session_to_it():
    """The session is made, for a moment; its clear takes it, and only then the index is free."""
    bench = both_sides()
    bench.queue(udp_out())
    bench.step_until(ONE, "add")
    bench.machine.delete_interface(2)
    bench.step(CLEANER)
    finish(bench, ONE)
    assert bench.am.live_sessions() == 1
    assert bench.am.interfaces[2] is bench.pg[1]
    bench.advance(SEC)
    assert bench.am.live_sessions() == 0
    assert bench.am.interfaces[2] is None


def test_an_interface_deleted_before_forward_gets_no_packet():
    """Its routes are gone at once."""
    bench = Driven(2)
    bench.apply(0)
    bench.queue(udp_out())
    bench.step_until(ONE, "forward")
    bench.machine.delete_interface(2)
    bench.driver.settle()
    (verdict,) = bench.verdicts()
    assert (words(verdict), verdict.tx) == ("no route", -1)


def test_an_interface_deleted_as_the_cleaner_begins_another_clear():
    """Each deletion has a clear of its own; the cleaner had taken its events already."""
    bench = both_sides()
    bench.apply(0)
    bench.send(udp_out())
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    assert bench.step(CLEANER) == "wake up"
    bench.machine.delete_interface(2)
    bench.advance(SEC)
    assert bench.am.interfaces[2] is None
    assert bench.am.live_sessions() == 0


# --- the clock as an actor -------------------------------------------------------------------


def test_the_clock_passes_a_packet_that_waits():
    """Which is then handled at the later time, behind a packet of another thread."""
    bench = both_sides()
    bench.queue(udp_out(), at=START_NS)
    bench.queue(udp_back(7), rx=1, at=START_NS + 40)
    assert bench.driver.choices() == [ONE, CLOCK]
    assert bench.step(CLOCK) == "go on to the next time due"
    assert bench.driver.now == START_NS + 40
    finish(bench, TWO)
    finish(bench, ONE)
    assert [(v.thread_index, v.time - START_NS) for v in bench.verdicts()] == [(TWO, 40), (ONE, 40)]


def test_a_packet_that_the_clock_passes_keeps_its_time():
    """The session that it adds was active when the packet came, not when it was added."""
    bench = both_sides()
    bench.send(udp_out(1))
    bench.queue(udp_out(2))
    bench.step_until(ONE, "add")
    passed = bench.driver.clock_due()
    bench.step(CLOCK)
    assert bench.driver.now == passed == START_NS + SEC // 2
    finish(bench, ONE)
    assert bench.verdicts()[-1].time == START_NS
    assert bench.am.workers[ONE].pool.session(1).last_active_time == START_NS


def test_an_interrupt_handler_that_the_clock_passes_keeps_its_time():
    """It judges by the time at which it began: a session that expires meanwhile stays."""
    bench = both_sides()
    bench.machine.set_session_timeout(UDP_IDLE, 1)
    bench.send(udp_out(1))
    bench.advance(SEC)
    bench.step(CLOCK)
    cleaner_goes_on(bench)
    began = bench.driver.now
    bench.step_until(ONE, "judge")
    bench.step(CLOCK)
    assert bench.driver.now > began
    finish(bench, ONE)
    assert bench.heard(InterruptServed)[-1].time == began


def test_a_round_of_the_cleaner_that_the_clock_passes_keeps_its_time():
    """Its interrupts are sent as of the time at which it woke up."""
    bench = both_sides()
    bench.queue(udp_out(1))
    bench.queue(udp_out(2), at=START_NS + 9 * SEC)
    finish(bench, ONE)
    assert bench.step(CLEANER) == "wake up"
    bench.step(CLOCK)
    assert bench.driver.now == START_NS + 9 * SEC
    finish(bench, CLEANER)
    assert [e.time for e in bench.heard(InterruptSent)] == [START_NS] * 2


def test_to_ask_who_can_be_chosen_has_nothing_happen():
    """A search asks at each step; the fair order goes on as if it had not."""
    asked, unasked = both_sides(), both_sides()
    for bench in (asked, unasked):
        for n in range(20):
            bench.queue(udp_out(n), rx=n % 2, at=START_NS + n * SEC // 7)
    while (taken := unasked.driver.step()) is not None:
        assert asked.driver.choices()
        assert asked.driver.step() == taken
    assert asked.events == unasked.events


def test_a_clock_that_has_nowhere_to_go_is_refused():
    """No packet is to come, and the cleaner waits for a signal alone."""
    bench = Driven(2)
    bench.queue(udp_out())
    assert CLOCK not in bench.driver.choices()
    assert bench.driver.upcoming(CLOCK) == ""
    with pytest.raises(AclbenchError, match="nothing is due later than now"):
        bench.driver.step(CLOCK)


# --- choosing --------------------------------------------------------------------------------


def test_an_actor_without_anything_to_do_is_refused_by_name():
    """The person is told who could go on."""
    bench = Driven(2)
    bench.queue(udp_out())
    with pytest.raises(AclbenchError, match=r"vpp_wk_1 has nothing.* these have: vpp_wk_0$"):
        bench.driver.step(TWO)


def test_a_thread_finishes_what_it_has_in_hand_before_it_begins_anything():
    """An interrupt raised in the middle of a packet waits for its end, then goes first."""
    bench = both_sides()
    bench.send(udp_out(1))
    bench.queue(udp_out(2))
    bench.queue(frame4(udp(3, 4), 17))
    bench.step_until(ONE, "add")
    bench.machine.clear_sessions()
    cleaner_goes_on(bench)
    assert bench.driver.upcoming(ONE) == "add"
    finish(bench, ONE)
    assert bench.driver.upcoming(ONE) == "allow interrupt"
    finish(bench, ONE)
    assert bench.driver.upcoming(ONE) == "parse"


def test_with_no_workers_the_cleaner_waits_for_the_packet_in_hand():
    """vpp_main is one thread: it cannot be in the middle of two things."""
    bench = Driven(0)
    bench.apply(1, is_input=False)
    bench.queue(udp_out())
    bench.step_until(0, "forward")
    bench.machine.clear_sessions()
    assert bench.driver.ready_actors() == [0]
    finish(bench, 0)
    assert bench.driver.ready_actors() == [CLEANER]
