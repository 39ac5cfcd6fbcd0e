"""Sessions are found and sorted slice by slice as a plain search and sort would have it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import CommandError, Workbench
from aclbench.engine.design import FIFO_2017
from aclbench.workbench.filters import EVERYTHING, Filter
from aclbench.workbench.inquiry import find_sessions as finding_sessions
from aclbench.workbench.inquiry.filtering import filter_of
from aclbench.workbench.inquiry.find_sessions import ORDERS, FoundSessions, Order, find_sessions
from aclbench.workbench.inquiry.packets import find_packets
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.snapshot import SessionView, View

#: Words, and what they ask of a session, said once more.
WORDS: dict[str, Callable[[SessionView], bool]] = {
    "tcp": lambda s: s.proto == 6,
    "UDP": lambda s: s.proto == 17,
    "icmp": lambda s: s.proto in (1, 58),
    "icmp6": lambda s: s.proto == 58,
    "10.0.0.3": lambda s: "10.0.0.3" in (s.src, s.dst),
    "fd00:1::3": lambda s: "fd00:1::3" in (s.src, s.dst),
    "192.168.0.0/30": lambda s: within(s, "192.168.0.0/30"),
    "fd00:2::/64": lambda s: within(s, "fd00:2::/64"),
    "0.0.0.0/0": lambda s: ":" not in s.src,
    ":80": lambda s: s.proto in (6, 17) and 80 in (s.sport, s.dport),
    "tcp_transient": lambda s: s.timeout_class == 2,
    "udp_idle": lambda s: s.timeout_class == 0,
    "pg0": lambda s: s.sw_if_index == 1,
    "pg1": lambda s: s.sw_if_index == 2,
    "vpp_wk_1": lambda s: s.thread_index == 2,
    "192.168.0.99:8": lambda s: "192.168.0.99:8" in s.connection,
    "text code": lambda s: "code" in s.connection,
    "flags S": lambda s: s.proto == 6 and bool((s.tcp_flags_seen_in | s.tcp_flags_seen_out) & 2),
}


def within(session: SessionView, prefix: str) -> bool:
    network = ip_network(prefix)
    return any(ip_address(end) in network for end in (session.src, session.dst))


def sort_key(order: Order, session: SessionView) -> tuple[object, ...]:
    where = session.thread_index, session.session_index
    if order == "connection":
        src, dst = ip_address(session.src), ip_address(session.dst)
        ends = int(src), int(dst), session.sport, session.dport, session.proto
        return (src.version, *ends, *where)
    first = {
        "idle": -session.idle,
        "check": session.check_due,
        "expiry": session.expires,
        "newest": -session.link_enqueue_time,
        "worker": 0,
    }[order]
    return (first, *where)


def bench_at(packets: int) -> Workbench:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(packets)
    return bench


def read(bench: Workbench, wanted: str) -> Filter:
    return filter_of(bench.rig, "sessions", wanted)


def last(
    bench: Workbench, wanted: str = "", order: Order = "worker", count: int = 9
) -> FoundSessions:
    found = finish(find_sessions(bench, read(bench, wanted), order, count))
    assert found.complete
    return found


def all_sessions(bench: Workbench) -> list[SessionView]:
    snapshot = bench.snapshot(View(anchor="head", size=1000))
    return [s for worker in snapshot.workers for each in worker.lists for s in each.sessions]


@examples(15)
@given(
    packets=st.integers(0, 1500),
    words=st.lists(st.sampled_from([*WORDS]), max_size=3),
    order=st.sampled_from(ORDERS),
    count=st.sampled_from([1, 7, 1000]),
    size=st.sampled_from([1, 5, 1000]),
)
def test_as_a_plain_sort_finds_them(
    packets: int, words: list[str], order: Order, count: int, size: int
) -> None:
    bench = bench_at(packets)
    sessions = all_sessions(bench)
    expected = [s for s in sessions if all(WORDS[word](s) for word in words)]
    expected.sort(key=lambda s: sort_key(order, s))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding_sessions, "FIRST_SLICE", size)
        patch.setattr(finding_sessions, "LARGEST_SLICE", size)
        found = last(bench, " ".join(words), order, count)
    ids = [s.id for s in found.sessions]
    assert ids == [s.id for s in expected[:count]]
    assert (found.matched, found.looked_at) == (len(expected), len(sessions))


def test_slices_tolerate_a_bench_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_SLICE", "LARGEST_SLICE"):
        monkeypatch.setattr(finding_sessions, name, 6)
    bench = bench_at(800)
    shown: list[FoundSessions] = []
    for number, _ in enumerate(find_sessions(bench, read(bench, "tcp"), "idle", 5, shown.append)):
        assert shown[-1].matched <= shown[-1].looked_at
        bench.play(5)
        if number == 3:
            bench.back(100, "packet")
    assert shown[-1].complete
    assert all(s.proto == 6 for s in shown[-1].sessions)
    bench.check_invariants()


def test_a_bench_that_went_back_is_looked_through_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_sessions, "FIRST_SLICE", 4)
    monkeypatch.setattr(finding_sessions, "LARGEST_SLICE", 4)
    bench = bench_at(900)
    slices = find_sessions(bench, EVERYTHING, "worker", 1000)
    next(slices)
    bench.goto_packet(300)
    found = finish(slices)
    assert found == last(bench, "", "worker", 1000)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("tcp_idel", "did you mean tcp_idle"),
        ("vpp_wk_9", "did you mean vpp_wk_1 or vpp_wk_0"),
        ("10.0.0.0/33", "no prefix"),
        (":70000", "ports go from 0 to 65535"),
    ],
)
def test_what_is_no_word_is_refused_at_once(wanted: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        read(bench_at(0), wanted)


def test_orders_and_counts_are_checked() -> None:
    bench = bench_at(0)
    with pytest.raises(CommandError, match="sorted by connection, idle"):
        find_sessions(bench, EVERYTHING, "size")  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="from 1 to"):
        find_sessions(bench, EVERYTHING, "idle", 0)


def test_a_session_is_found_by_its_connection() -> None:
    """The number is that of its packets."""
    bench = bench_at(900)
    packets = finish(find_packets(bench, filter_of(bench.rig, "packets", "tcp")))
    for packet in (packets[-1], packets[len(packets) - 40]):
        found = last(bench, f"conn {packet.conn}")
        assert found.sessions
        ends = {packet.source, packet.destination}
        assert all(set(s.connection.split()[0:3:2]) == ends for s in found.sessions)


def test_on_real_threads_each_worker_looks_through_its_own() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    bench.play(900)
    found = last(bench, "tcp", "worker", 1000)
    assert [s.id for s in found.sessions] == sorted(
        s.id for s in all_sessions(bench) if s.proto == 6
    )


def test_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = bench_at(1200)
    rows = bench.cli("sessions by idle last 3 tcp_transient").splitlines()
    assert len(rows) == 5
    assert all(FIFO_2017.lists[2] in row for row in rows[1:4])
    assert rows[4].startswith("(3 of ")
    assert bench.cli("sessions 10.9.9.9").startswith("no such session; ")
    data = bench.cli_data("sessions by worker last 2")
    assert [row["session_index"] for row in data["sessions"]] == [0, 1]
    with pytest.raises(CommandError, match="did you mean udp"):
        bench.cli("sessions udpp")
    for line in (
        "story session 1/0",
        "story field cleaner wait_interval",
        "story field vpp_wk_0 interrupt_is_needed",
        "story field session 1/0 link_list_id",
        "story list 0 udp_idle",
    ):
        assert max(map(len, bench.cli(line).splitlines())) <= 80
        assert bench.cli_data(line)["complete"]
    for line, says in (
        ("story session 1", "thread and index"),
        ("story session 9/0", "there is no thread 9"),
        ("story field vpp_wk_0 needed", "there is thread_index, "),
        ("story list vpp_wk_7 udp_idle", "worker vpp_wk_7 does not exist"),
    ):
        with pytest.raises(CommandError, match=says):
            bench.cli(line)
    complete = [each.text for each in bench.lines.table.complete("story session 1/", bench)]
    assert "1/0" in complete
    assert [
        each.text for each in bench.lines.table.complete("story field cleaner wait_", bench)
    ] == ["wait_interval"]
    assert "pg1" in [each.text for each in bench.lines.table.complete("sessions p", bench)]
