"""A session's story is what the run was, and what comes next is what then comes."""

from __future__ import annotations

from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from routed import INSIDE_OUT
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from aclbench import CommandError, Workbench
from aclbench.engine import reading
from aclbench.engine.design import FIFO_2017
from aclbench.engine.events import (
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRequeued,
    TraceEvent,
)
from aclbench.engine.pool import NO_LIST
from aclbench.engine.session import SessionId
from aclbench.workbench.inquiry.stories import (
    NextCheck,
    SessionStory,
    session_story,
    sessions,
    story_text,
)
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish

SET_UP = (
    *INSIDE_OUT,
    "set acl-plugin session timeout tcp transient 2",
    "set acl-plugin session timeout udp idle 3",
)


def bench_of(workers: int = 2, history: bool = True, driver: Any = "stepped") -> Workbench:
    bench = Workbench(workers=workers, history=history, driver=driver)
    for line in SET_UP:
        bench.cli(line)
    return bench


def syn(sport: int = 1000) -> Ether:
    return Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / TCP(sport=sport, dport=80, flags="S")


def syn_ack(sport: int = 1000) -> Ether:
    return Ether() / IP(src="192.168.0.2", dst="10.0.0.2") / TCP(sport=80, dport=sport, flags="SA")


def ack(sport: int = 1000) -> Ether:
    return Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / TCP(sport=sport, dport=80, flags="A")


def udp(sport: int = 5000) -> Ether:
    return Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / UDP(sport=sport, dport=53)


def whole(bench: Workbench, thread: int, index: int) -> SessionStory:
    last = finish(session_story(bench, thread, index))
    assert last.complete
    return last


def next_of(bench: Workbench, thread: int, index: int) -> NextCheck:
    """What comes next, without the past."""
    shown: list[SessionStory] = []
    for _ in session_story(bench, thread, index, shown.append):
        if shown and shown[-1].next is not None:
            return shown[-1].next
    raise AssertionError("it is never judged")


def about(event: TraceEvent, where: SessionId) -> bool:
    """Said once more, in other words than the code's."""
    if isinstance(event, PacketVerdict):
        return where in [check.session for check in event.checks]
    if hasattr(event, "session"):
        return bool(event.session == where)
    return hasattr(event, "session_index") and (event.thread_index, event.session_index) == where


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.integers(1, 150)),
        st.tuples(st.just("advance"), st.sampled_from(["0.3", "2.5", "8"])),
        st.tuples(st.just("step"), st.integers(1, 12)),
        st.tuples(st.just("cli"), st.sampled_from(["clear acl-plugin sessions"])),
    ),
    min_size=1,
    max_size=4,
)


@examples(4)
@given(actions=ACTIONS)
def test_the_story_of_every_session_is_in_the_events_of_the_run(actions: list[Any]) -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    for kind, value in actions:
        if kind == "play":
            bench.play(value)
        elif kind == "advance":
            bench.advance(value)
        elif kind == "cli":
            bench.cli(value)
        else:
            for _ in range(value):
                bench.step()
    count = len(heard)
    for worker in bench.rig.machine.am.workers:
        for session in (reading.slot_at(worker, n) for n in range(len(worker.pool))):
            where = SessionId(session.thread_index, session.session_index)
            mine = [(n, e) for n, e in enumerate(heard, 1) if about(e, where)]
            begin = max(n for n, (_, e) in enumerate(mine) if isinstance(e, SessionAdded))
            expected = [(n, e.time, e.thread_index, e.kind) for n, e in mine[begin:]]
            story = whole(bench, *where)
            found = [(e.place, e.time, e.thread_index, e.kind) for e in story.events]
            assert found == expected
            assert story.lives is (session.link_list_id != NO_LIST)
            assert not story.note
            assert story.left_out == 0
    assert len(heard) == count


@examples(12)
@given(packets=st.integers(30, 1500), more=st.sampled_from([0, 3, 11]))
def test_what_comes_next_comes(packets: int, more: int) -> None:
    """Without packets, no session is judged before it is said, and none is deleted too late."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(packets)
    for _ in range(more):
        bench.step()
    while any(bench.rig.stepped.in_packet(w.thread_index) for w in bench.rig.machine.am.workers):
        bench.step()
    said = {}
    for worker in bench.rig.machine.am.workers:
        for session in reading.sessions_in(worker)[::7]:
            if session.link_list_id != NO_LIST:
                where = SessionId(session.thread_index, session.session_index)
                said[where] = next_of(bench, *where)
    bench.rig.stepped.arrivals.source = None
    bench.rig.stepped.arrivals.frames.clear()
    heard: list[TraceEvent] = []
    bench.rig.driver.machine.am.tell.listener = heard.append
    bench.rig.stepped.run_until(bench.now + 200 * 10**9)
    for where, ahead in said.items():
        own = [
            e
            for e in heard
            if isinstance(e, SessionRequeued | SessionDeleted)
            and (e.thread_index, e.session_index) == where
        ]
        first, last = own[0], own[-1]
        assert isinstance(last, SessionDeleted)
        assert max(ahead.expires, ahead.check_due) <= last.time <= ahead.latest
        assert first.time >= ahead.check_due
        assert first.time == ahead.taken_at
        assert (ahead.nth == 1) is (ahead.taken_at == ahead.interrupt)
        assert isinstance(first, SessionDeleted) is (ahead.fate == "deleted")
        if isinstance(first, SessionRequeued):
            assert first.list_id == ahead.to_list


def test_going_to_an_event_s_place_it_is_the_last_of_its_kind() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(400)
    story = max(
        (
            whole(bench, worker.thread_index, n)
            for worker in bench.rig.machine.am.workers
            for n in range(0, len(worker.pool), 8)
        ),
        key=lambda story: len(story.events),
    )
    assert len(story.events) > 5
    for event in story.events[::4]:
        assert event.place is not None
        bench.goto(event.place)
        last = bench.events(kinds=(event.kind,))[-1]
        assert (last.time, last.thread_index, last.kind) == event_key(event)
        assert whole(bench, *story.id).events[-1].place == event.place
        bench.cli("switch main")


def event_key(event: Any) -> tuple[int, int, str]:
    return event.time, event.thread_index, event.kind


def test_a_live_session_in_words() -> None:
    bench = bench_of()
    bench.send("pg0", [syn()])
    bench.send("pg1", [syn_ack()])
    bench.send("pg0", [ack()])
    bench.advance("0.25")
    story = whole(bench, 1, 0)
    values = {line.name: line.value for line in story.fields}
    assert values["key"] == "10.0.0.2:1000 > 192.168.0.2:80 tcp"
    assert values["tcp_flags_seen[1]"] == "SYN ACK"
    assert values["tcp_flags_seen[0]"] == "SYN ACK"
    assert values["link_list_id"] == f"1 ({FIFO_2017.lists[1]})"
    assert values["link_prev_idx"] == "none: it is the head"
    assert values["timeout class"] == "tcp_idle, 86400 s"
    assert values["idle"] == "0.25 s"
    assert values["position"] == "0 of 1"
    assert [event.kind for event in story.events] == [
        "session added",
        "packet",
        "packet",
        "class changed",
        "packet",
    ]
    assert "2 pg1 > pg0 SYN+ACK: permitted" in story.events[2].text
    text = " ".join(line.strip() for line in story_text(story, bench.rig.clock))
    assert "put at the tail of tcp_idle again: idle 2.5 s by then" in text
    assert "It can stay 2.5 s longer, to +86402.5 s" in text
    assert max(map(len, story_text(story, bench.rig.clock))) <= 80


def test_a_class_change_on_another_thread_waits_for_the_recheck() -> None:
    bench = bench_of()
    bench.rig.machine.am.interfaces[2].rx_thread = 2  # type: ignore[union-attr]
    bench.send("pg0", [syn(), ack()])
    bench.send("pg1", [syn_ack()])
    story = whole(bench, 1, 0)
    assert story.next is not None
    assert story.next.to_list == FIFO_2017.lists.index("tcp_idle")
    assert "waits for this check" in story.next.why
    values = {line.name: line.value for line in story.fields}
    assert values["link_list_id"] == "2 (tcp_transient)"
    bench.advance("2.6")
    values = {line.name: line.value for line in whole(bench, 1, 0).fields}
    assert values["link_list_id"] == "1 (tcp_idle)"


def test_a_clear_is_told_before_it_is_done() -> None:
    bench = bench_of(workers=1)
    bench.send("pg0", [udp(n) for n in range(150)])
    bench.cli("clear acl-plugin sessions")
    assert bench.rig.machine.am.workers[1].clear_in_process  # one quantum is done
    story = whole(bench, 1, 149)
    assert story.next is not None
    assert (story.next.fate, story.next.why) == ("deleted", "pg0 is being cleared")
    assert story.next.nth == 1
    bench.advance("0.001")
    free = whole(bench, 1, 149)
    assert not free.lives
    assert "the slot is free; the last was 10.0.0.2:149 > 192.168.0.2:53 udp" in free.title
    assert "pg0 is cleared" in free.events[-1].text
    assert free.next is None


def test_of_very_many_events_the_newest_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_EVENTS", 40)
    bench = bench_of(workers=1)
    bench.send("pg0", [udp()] * 140)
    story = whole(bench, 1, 0)
    assert story.events[0].kind == "session added"
    assert len(story.events) == 41
    assert story.left_out == 100
    assert story.events[-1].text.startswith("140 ")


def test_told_slice_by_slice() -> None:
    bench = bench_of(workers=1)
    bench.send("pg0", [udp()])
    bench.send("pg0", [udp(n) for n in range(512)])
    shown: list[SessionStory] = []
    slices = sum(1 for _ in session_story(bench, 1, 0, shown.append))
    assert slices > 10
    assert shown[0].fields == shown[-1].fields
    assert not shown[0].events


@pytest.mark.parametrize("where", [(1, 1), (1, -1), (3, 0), (-1, 0)])
def test_what_is_not_there_is_refused_at_once(where: tuple[int, int]) -> None:
    bench = bench_of()
    bench.send("pg0", [udp()])
    with pytest.raises(CommandError, match="there is no"):
        session_story(bench, *where)


def test_without_history_it_tells_what_is_there() -> None:
    bench = bench_of(history=False)
    bench.send("pg0", [udp()])
    story = whole(bench, 1, 0)
    assert story.note == "this bench keeps no history"
    assert story.next is not None
    assert not story.events


def test_on_real_threads_what_is_kept_is_told() -> None:
    bench = bench_of(driver="threaded")
    bench.send("pg0", [udp(), udp(7)])
    bench.send("pg1", [syn_ack()])
    story = whole(bench, 1, 0)
    assert [event.kind for event in story.events] == ["session added", "packet"]
    assert {event.place for event in story.events} == {None}
    assert story.next is not None
    bench.advance("8")
    assert whole(bench, 1, 0).events[-1].kind == "deleted"
