"""Sessions: made, hit, relinked, recycled."""

from __future__ import annotations

import pytest
from engine.bench import (
    ACK,
    FIN,
    INSIDE,
    OUTSIDE,
    RST,
    SEC,
    SYN,
    T0,
    TCP_IDLE,
    TCP_TRANSIENT,
    UDP_IDLE,
    Hand,
    actions,
    frame4,
    frame6,
    icmp,
    tcp_back,
    tcp_out,
    udp,
    udp_back,
    udp_out,
    words,
)

from aclbench.engine.events import ClassChanged, SessionAdded, SessionRecycled
from aclbench.engine.invariants import check_invariants
from aclbench.engine.pool import NO_LIST
from aclbench.engine.session import SessionId
from aclbench.engine.steps import (
    ADD,
    RESCHEDULE,
    TRACK,
)
from aclbench.engine.timeouts import NEVER


def reflecting(workers: int = 0) -> Hand:
    """A bench whose outside interface reflects what leaves by it."""
    bench = Hand(workers)
    bench.apply(1, is_input=False)
    # A side with ACLs that deny all is what makes the answers be looked up.
    bench.machine.acl_add_replace(None, (), "deny all")
    bench.apply(1, is_input=True, acl=1)
    return bench


def established(bench: Hand, sport: int = 1000) -> None:
    """A connection opened from the inside, on the first worker."""
    bench.packet(tcp_out(SYN, sport), T0)
    bench.packet(tcp_back(SYN | ACK, sport), T0, rx=1)
    bench.packet(tcp_out(ACK, sport), T0)


# --- made and hit ----------------------------------------------------------------------------


def test_an_answer_finds_the_session_that_the_question_made():
    """Both directions share one entry, made on egress and found on ingress."""
    bench = reflecting()
    assert words(bench.packet(udp_out(), T0)) == "acl 0 rule 0: permit+reflect"
    verdict = bench.packet(udp_back(), T0 + 7, rx=1)
    assert (words(verdict), verdict.tx) == ("existing session", 1)
    (session,) = bench.live()
    assert session.last_active_time == T0 + 7
    check_invariants(bench.am)


def test_an_answer_without_a_question_is_denied():
    """That is what a stateful ACL is for."""
    bench = reflecting()
    bench.packet(udp_out(sport=1000), T0)
    assert words(bench.packet(udp_back(sport=1001), T0, rx=1)) == "no rule matched"


def test_a_packet_meets_both_interfaces():
    """One session in each interface's table, and a verdict that names both checks."""
    bench = reflecting()
    bench.apply(0)
    verdict = bench.packet(udp_out(), T0)
    assert actions(verdict) == ["acl 0 rule 0: permit+reflect"] * 2
    assert [check.session for check in verdict.checks] == [SessionId(0, 0), SessionId(0, 1)]
    assert [len(pg.sessions) for pg in bench.pg] == [1, 1]
    check_invariants(bench.am)


def test_a_plain_permit_makes_no_session():
    """Only permit+reflect does."""
    bench = Hand()
    rule = bench.am.acls[0].rules[0]
    bench.machine.acl_add_replace(0, (type(rule)(1),), "")
    bench.apply()
    assert words(bench.packet(udp_out(), T0)) == "acl 0 rule 0: permit"
    assert bench.live() == []


def test_a_new_session_is_filled_in():
    """What the idle check and the views read of it."""
    bench = reflecting(workers=2)
    bench.packet(tcp_out(SYN), T0, worker=bench.am.workers[2])
    (session,) = bench.live()
    assert (session.thread_index, session.session_index, session.sw_if_index) == (2, 0, 2)
    assert (session.tcp_flags_seen_in, session.tcp_flags_seen_out) == (0, SYN)
    assert session.last_active_time == session.link_enqueue_time == T0
    assert session.link_list_id == TCP_TRANSIENT
    assert bench.am.workers[2].serviced_sw_if_index_bitmap == 1 << 2
    (added,) = bench.heard(SessionAdded)
    assert isinstance(added, SessionAdded)
    assert (added.thread_index, added.list_id, added.key) == (2, TCP_TRANSIENT, session.key)


def test_freed_slots_are_handed_out_again():
    """A bench that runs for days does not grow."""
    bench = reflecting()
    bench.packet(tcp_out(SYN), T0)
    bench.serve(T0 + 121 * SEC)
    assert bench.live() == []
    bench.packet(udp_out(), T0 + 200 * SEC)
    assert [s.session_index for s in bench.live()] == [0]
    assert len(bench.worker.pool) == 1


# --- fragments and ICMP ----------------------------------------------------------------------


@pytest.mark.parametrize("proto", [1, 6, 17, 47])
def test_later_fragments_share_one_two_way_session(proto):
    """Ports and types are unknown; address pair and protocol are all there is."""
    bench = reflecting()
    bench.packet(frame4(bytes(30), proto, fragment=3), T0)
    bench.packet(frame4(bytes([8] * 30), proto, fragment=700), T0)
    back = bench.packet(frame4(bytes(30), proto, OUTSIDE, INSIDE, fragment=9), T0, rx=1)
    assert words(back) == "existing session"
    assert len(bench.live()) == 1


@pytest.mark.parametrize(
    ("request_frame", "reply_frame"),
    [
        (frame4(icmp(8), 1), frame4(icmp(0), 1, OUTSIDE, INSIDE)),
        (frame4(icmp(13), 1), frame4(icmp(14), 1, OUTSIDE, INSIDE)),
        (frame6(icmp(128), 58), frame6(icmp(129), 58, "fd00:2::5", "fd00:1::5")),
        (frame6(icmp(139, 1), 58), frame6(icmp(140, 1), 58, "fd00:2::5", "fd00:1::5")),
    ],
)
def test_an_icmp_reply_finds_its_request(request_frame, reply_frame):
    """A ping through a reflecting ACL is answered."""
    bench = reflecting()
    bench.packet(request_frame, T0)
    assert words(bench.packet(reply_frame, T0 + 1, rx=1)) == "existing session"
    assert [s.last_active_time for s in bench.live()] == [T0 + 1]


@pytest.mark.parametrize("back", [icmp(8), icmp(3), icmp(14), icmp(0, 1)])
def test_no_other_icmp_finds_it(back):
    """Neither a request, an error, another reply nor another code comes in on it."""
    bench = reflecting()
    bench.packet(frame4(icmp(8), 1), T0)
    verdict = bench.packet(frame4(back, 1, OUTSIDE, INSIDE), T0, rx=1)
    assert words(verdict) == "no rule matched"


def test_an_unasked_reply_is_found_as_itself():
    """Its own session is in its own direction; it opens no way for requests back."""
    bench = reflecting()
    assert actions(bench.packet(frame4(icmp(0), 1), T0)) == ["acl 0 rule 0: permit+reflect"]
    assert actions(bench.packet(frame4(icmp(0), 1), T0)) == ["existing session"]
    back = bench.packet(frame4(icmp(8), 1, OUTSIDE, INSIDE), T0, rx=1)
    assert words(back) == "no rule matched"


# --- classes and lists -----------------------------------------------------------------------


def test_a_connection_is_established_by_syn_and_ack_from_both_sides():
    """The packet that creates the session counts, or none would ever be."""
    bench = reflecting()
    bench.packet(tcp_out(SYN), T0)
    bench.packet(tcp_back(SYN | ACK), T0 + 1, rx=1)
    (session,) = bench.live()
    assert session.link_list_id == TCP_TRANSIENT
    bench.packet(tcp_out(ACK), T0 + 2)
    assert session.link_list_id == TCP_IDLE
    assert session.link_enqueue_time == T0 + 2
    check_invariants(bench.am)


@pytest.mark.parametrize("flag", [FIN, RST])
@pytest.mark.parametrize("rx", [0, 1])
def test_fin_or_rst_from_either_side_makes_it_transient_again(flag, rx):
    """A closed connection does not stay for a day."""
    bench = reflecting()
    established(bench)
    bench.packet((tcp_out if rx == 0 else tcp_back)(ACK | flag), T0 + 9, rx=rx)
    (session,) = bench.live()
    assert (session.link_list_id, session.link_enqueue_time) == (TCP_TRANSIENT, T0 + 9)
    changes = [e for e in bench.heard(ClassChanged) if isinstance(e, ClassChanged)]
    assert [(e.old, e.new, e.relinked) for e in changes] == [(2, 1, True), (1, 2, True)]


def test_a_class_change_moves_to_the_tail_and_closes_the_gap():
    """From the middle, the head and the tail of a list."""
    for which in range(3):
        bench = reflecting()
        for sport in (1, 2, 3):
            bench.packet(tcp_out(SYN, sport), T0 + sport)
            bench.packet(tcp_back(SYN | ACK, sport), T0 + sport, rx=1)
        bench.packet(tcp_out(ACK, which + 1), T0 + 10)
        worker = bench.worker
        left = [s.session_index for s in worker.list_sessions(TCP_TRANSIENT)]
        assert left == [n for n in range(3) if n != which]
        assert [s.session_index for s in worker.list_sessions(TCP_IDLE)] == [which]
        check_invariants(bench.am)


def test_a_packet_moves_no_session_in_its_list():
    """It writes a timestamp; the list is put right when the session comes to the head."""
    bench = reflecting()
    for sport in (1, 2, 3):
        bench.packet(udp_out(sport), T0 + sport)
    bench.packet(udp_out(1), T0 + 50)
    sessions = bench.worker.list_sessions(UDP_IDLE)
    assert [s.session_index for s in sessions] == [0, 1, 2]
    assert [s.link_enqueue_time for s in sessions] == [T0 + 1, T0 + 2, T0 + 3]
    assert sessions[0].last_active_time == T0 + 50


def test_another_thread_relinks_nothing():
    """It may write the timestamp and the flags only; the owner's recheck does the rest."""
    bench = reflecting(workers=2)
    owner, other = bench.am.workers[1], bench.am.workers[2]
    bench.packet(tcp_out(SYN), T0, worker=owner)
    bench.packet(tcp_back(SYN | ACK), T0 + 1, rx=1, worker=other)
    bench.packet(tcp_out(ACK), T0 + 2, worker=other)
    (session,) = bench.live()
    assert (session.link_list_id, session.link_enqueue_time) == (TCP_TRANSIENT, T0)
    assert (session.last_active_time, session.tcp_flags_seen_out) == (T0 + 2, SYN | ACK)
    (change,) = bench.heard(ClassChanged)
    assert isinstance(change, ClassChanged)
    assert (change.thread_index, change.relinked) == (2, False)
    assert other.serviced_sw_if_index_bitmap == 0
    bench.serve(T0 + 120 * SEC + 1, owner)
    assert session.link_list_id == TCP_IDLE


def test_nothing_is_relinked_during_a_sweep():
    """A session that moved behind the sweep's end would escape the clear."""
    bench = reflecting()
    bench.packet(tcp_out(SYN), T0)
    bench.packet(tcp_back(SYN | ACK), T0, rx=1)
    bench.worker.swipe_end_time = T0
    bench.packet(tcp_out(ACK), T0 + 5)
    (session,) = bench.live()
    assert (session.link_list_id, session.link_enqueue_time) == (TCP_TRANSIENT, T0)


def test_the_cleaner_is_woken_when_a_list_was_empty():
    """And only then: its sleep is right for any other session."""
    bench = reflecting()
    for sport in (1, 2, 3):
        bench.packet(udp_out(sport), T0)
    assert bench.signals == [RESCHEDULE]
    bench.packet(tcp_out(SYN), T0)
    assert bench.signals == [RESCHEDULE] * 2


def test_the_published_expiry_is_the_heads():
    """The cleaner reads it in place of a list that is not its own."""
    bench = reflecting()
    worker = bench.worker
    assert worker.head_expiry_time == [NEVER] * 3
    for sport in (1, 2):
        bench.packet(tcp_out(SYN, sport), T0 + sport)
        bench.packet(tcp_back(SYN | ACK, sport), T0 + sport, rx=1)
    assert worker.head_expiry_time == [NEVER, NEVER, T0 + 1 + 120 * SEC + 1]
    bench.packet(tcp_out(ACK, 1), T0 + 5)
    expected = [NEVER, T0 + 5 + 120 * SEC + 1, T0 + 2 + 120 * SEC + 1]
    assert worker.head_expiry_time == expected


def test_an_enqueue_time_is_never_less_than_the_tails():
    """A list stays ordered also behind entries that a sweep put ahead of the clock."""
    bench = reflecting()
    worker = bench.worker
    bench.packet(udp_out(1), T0)
    worker.list_sessions(UDP_IDLE)[0].link_enqueue_time = T0 + 99
    bench.packet(udp_out(2), T0 + 50)
    bench.packet(udp_out(3), T0 + 100)
    times = [s.link_enqueue_time for s in worker.list_sessions(UDP_IDLE)]
    assert times == [T0 + 99, T0 + 99, T0 + 100]


@pytest.mark.parametrize(("now", "enqueued"), [(T0 - 1, 11), (T0 + 10, 11), (T0 + 12, 12)])
def test_an_enqueue_time_is_beyond_the_sweep(now, enqueued):
    """What is linked while a sweep is on is not taken by it."""
    bench = reflecting()
    bench.worker.swipe_end_time = T0 + 10
    bench.packet(udp_out(), now)
    assert bench.live()[0].link_enqueue_time == T0 + enqueued


# --- a full table ----------------------------------------------------------------------------


def test_a_full_table_recycles_the_oldest_transient():
    """New connections go on under a flood, at the cost of the oldest half-open one."""
    bench = reflecting()
    bench.am.conn_table_max_entries = 2
    for sport in (1, 2, 3):
        assert words(bench.packet(tcp_out(SYN, sport), T0 + sport)).endswith("permit+reflect")
    assert [s.last_active_time for s in bench.live()] == [T0 + 2, T0 + 3]
    (recycled,) = bench.heard(SessionRecycled)
    assert isinstance(recycled, SessionRecycled)
    assert (recycled.session_index, recycled.idle) == (0, 2)
    assert bench.worker.cnt_recycled_sessions == 1
    check_invariants(bench.am)


def test_without_a_transient_a_full_table_drops():
    """No session of another class is sacrificed, and sessions that exist still pass."""
    bench = reflecting()
    bench.am.conn_table_max_entries = 2
    established(bench, 1)
    bench.packet(udp_out(2), T0)
    verdict = bench.packet(udp_out(3), T0)
    assert (words(verdict), verdict.tx) == ("too many sessions to add new", -1)
    assert words(bench.packet(udp_out(2), T0)) == "existing session"
    assert len(bench.live()) == 2


def test_recycling_takes_the_head_whatever_its_interface_and_once():
    """Where that makes no room in the packet's own table, the packet is dropped all the same."""
    bench = Hand()
    bench.apply(0)
    bench.apply(1)
    for sport in (1, 2):
        bench.packet(tcp_back(SYN, sport), T0, rx=1)
    bench.am.conn_table_max_entries = 1
    bench.packet(udp_out(9), T0)
    verdict = bench.packet(udp_out(10), T0)
    assert words(verdict) == "too many sessions to add new"
    assert [len(pg.sessions) for pg in bench.pg] == [1, 1]
    assert len(bench.heard(SessionRecycled)) == 1
    check_invariants(bench.am)


def test_recycling_takes_the_head_whatever_its_class_now():
    """A session that another thread made established goes too: its list is what counts."""
    bench = reflecting(workers=2)
    owner, other = bench.am.workers[1], bench.am.workers[2]
    bench.am.conn_table_max_entries = 1
    bench.packet(tcp_out(SYN), T0, worker=owner)
    bench.packet(tcp_back(SYN | ACK), T0, rx=1, worker=other)
    bench.packet(tcp_out(ACK), T0, worker=other)
    assert words(bench.packet(udp_out(), T0, worker=owner)).endswith("permit+reflect")
    assert [s.proto for s in bench.live()] == [17]


def test_recycling_takes_this_threads_sessions_only():
    """A list belongs to its thread; another's transients are out of reach."""
    bench = reflecting(workers=2)
    bench.am.conn_table_max_entries = 1
    bench.packet(tcp_out(SYN), T0, worker=bench.am.workers[1])
    verdict = bench.packet(udp_out(), T0, worker=bench.am.workers[2])
    assert words(verdict) == "too many sessions to add new"
    assert len(bench.live()) == 1


# --- between threads -------------------------------------------------------------------------


def test_of_two_workers_that_enter_one_key_the_second_is_a_hit():
    """One connection, one session: the first expiry would else remove the live entry."""
    bench = reflecting(workers=2)
    first, second = bench.am.workers[1], bench.am.workers[2]
    steps = bench.packet_steps(udp_out(), T0, worker=first)
    while next(steps) is not ADD:
        pass
    bench.packet(udp_out(), T0 + 1, worker=second)
    for _ in steps:
        pass
    verdict = bench.events[-1]
    assert words(verdict) == "existing session"
    assert verdict.checks[0].session == SessionId(2, 0)
    (session,) = bench.live()
    assert session.thread_index == 2
    assert first.live_sessions == 0
    check_invariants(bench.am)


def test_of_two_workers_the_second_is_a_hit_in_a_full_table_too():
    """The packet needs no room, so nothing is recycled for it and it is not dropped."""
    bench = reflecting(workers=2)
    first, second = bench.am.workers[1], bench.am.workers[2]
    bench.packet(tcp_out(SYN, 7), T0, worker=first)
    bench.am.conn_table_max_entries = 2
    steps = bench.packet_steps(udp_out(), T0, worker=first)
    while next(steps) is not ADD:
        pass
    bench.packet(udp_out(), T0 + 1, worker=second)
    for _ in steps:
        pass
    assert words(bench.events[-1]) == "existing session"
    assert len(bench.live()) == 2


def test_a_late_touch_writes_into_a_freed_slot():
    """It is harmless by design, and stays possible: the slot is not in any list or table."""
    bench = reflecting(workers=2)
    owner, other = bench.am.workers[1], bench.am.workers[2]
    bench.packet(tcp_out(SYN), T0, worker=owner)
    (session,) = bench.live()
    steps = bench.packet_steps(tcp_back(SYN | ACK), T0 + 200 * SEC, rx=1, worker=other)
    while next(steps) is not TRACK:
        pass
    bench.serve(T0 + 200 * SEC, owner)
    assert bench.live() == []
    for _ in steps:
        pass
    assert words(bench.events[-1]) == "existing session"
    assert session.last_active_time == T0 + 200 * SEC
    assert session.tcp_flags_seen_in == SYN | ACK
    assert session.link_list_id == NO_LIST
    check_invariants(bench.am)


def test_a_late_touch_can_refresh_the_slots_next_session():
    """The slot may be another session's by then; that one lives a little longer, no more."""
    bench = reflecting(workers=2)
    owner, other = bench.am.workers[1], bench.am.workers[2]
    later = T0 + 200 * SEC
    bench.packet(tcp_out(SYN), T0, worker=owner)
    steps = bench.packet_steps(tcp_back(RST), later, rx=1, worker=other)
    while next(steps) is not TRACK:
        pass
    bench.serve(later, owner)
    bench.packet(udp_out(), later - 5, worker=owner)
    for _ in steps:
        pass
    (session,) = bench.live()
    assert (session.proto, session.last_active_time) == (17, later)
    assert session.link_list_id == UDP_IDLE
    check_invariants(bench.am)


def test_a_slots_next_session_has_no_flags_of_the_last_one():
    """Nor those that came late: by them it would be of another class."""
    bench = reflecting(workers=1)
    worker, later = bench.am.workers[1], T0 + 100_000 * SEC
    bench.packet(tcp_out(SYN), T0, worker=worker)
    bench.packet(tcp_back(SYN | ACK), T0, rx=1, worker=worker)
    bench.serve(later, worker)
    assert bench.live() == []
    bench.packet(tcp_out(SYN, 7), later, worker=worker)
    (session,) = bench.live()
    assert session.session_index == 0
    assert (session.tcp_flags_seen_in, session.tcp_flags_seen_out) == (0, SYN)
    assert session.link_list_id == TCP_TRANSIENT


def test_sessions_of_two_interfaces_do_not_mix():
    """The same packet on another interface is another session."""
    bench = Hand()
    bench.apply(0)
    bench.apply(1)
    data = frame4(udp(1, 2), 17)
    bench.packet(data, T0, rx=0)
    assert actions(bench.packet(data, T0, rx=1)) == ["acl 0 rule 0: permit+reflect"]
    assert sorted(s.sw_if_index for s in bench.live()) == [1, 2]


def test_timestamps_are_written_by_hits_alone():
    """A packet that is denied, or passes unchecked, keeps nothing alive."""
    bench = reflecting()
    bench.packet(udp_out(), T0)
    bench.machine.set_interface_acls(bench.pg[1], True, ())
    bench.packet(udp_back(), T0 + 9, rx=1)
    assert bench.live()[0].last_active_time == T0
