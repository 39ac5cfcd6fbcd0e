"""What happened to a connection: its packets, its sessions, the first that did not pass."""

from __future__ import annotations

import json

import pytest
from workbench.history.test_history import bench_on
from workbench.inquiry.test_causes import OPENED, talk

from aclbench import CommandError, Workbench
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.explain import connection_text, explain_connection
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish


def told(bench: Workbench, number: int) -> str:
    """In lines, and as the command has it; the bench stands as it stood."""
    before, place = state_of(bench.rig.stepped), bench.past.cursor
    found = finish(explain_connection(bench, bench.past, number))
    json.dumps(found.to_json())
    assert bench.cli(f"explain conn {number}") == connection_text(found, bench.rig.clock)
    assert (state_of(bench.rig.stepped), bench.past.cursor) == (before, place)
    return " ".join(connection_text(found, bench.rig.clock).split())


def test_from_its_opening_to_its_end_and_beyond() -> None:
    """Made, established, over, expired; and the packet that came too late, with its cause."""
    bench = talk(*OPENED, "i FA", "run 300s", "o PA")
    bench.cli("send pg0 udp 198.51.100.10:9 > 203.0.113.20:53")
    said = told(bench, 1)
    assert said.startswith(
        "connection 1: 198.51.100.10:4000 > 203.0.113.20:80 tcp 5 packets, 1 (at"
    )
    assert "4 permitted, 1 denied" in said
    events = [
        said.index(kind) for kind in ("session added", "tcp_transient > tcp_idle", "deleted:")
    ]
    assert events == sorted(events)
    assert "the first that did not pass, packet 5: its session expired" in said
    assert "FIN at packet 4" in said
    assert "udp" not in said
    assert "1 packet, 6 (at" in told(bench, 2)


def test_each_connection_of_a_capture_has_its_packets() -> None:
    """As many as the packets of that number; none is there beyond the last."""
    bench = bench_on(next(p for p in bundled_files("pcaps") if p.stem == "refused"))
    bench.play()
    for number in range(1, 5):
        found = finish(explain_connection(bench, bench.past, number))
        listed = bench.cli_data(f"packets conn {number}")
        assert found.packets == len(listed["packets"])
    with pytest.raises(CommandError, match="no connection 999"):
        bench.cli("explain conn 999")


def test_one_that_was_never_let_in_has_no_session() -> None:
    """Said so, with why."""
    said = told(talk("o S"), 1)
    assert "it has had no session the first that did not pass, packet 1: acl 1 rule 0" in said
