"""A design is a value: what it is made of, what a machine refuses, what it keeps for a session."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

import pytest
from engine.bench import Driven, udp_out

from aclbench import Workbench
from aclbench.capture import decode, open_capture
from aclbench.designs import design_named
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine.cleaner import Cleaner
from aclbench.engine.datapath import Datapath
from aclbench.engine.design import FIFO_2017, Design
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.main import Interface
from aclbench.engine.packet import DEFAULT_EXTENSION_HEADERS, Packet, parse_ethernet
from aclbench.engine.packing import PoolPacker, empty_in_pieces, unpack_pool
from aclbench.engine.session import Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError
from aclbench.workbench.rig.bundled import bundled_folder


class Counting(Sessions):
    """Counts in a column of its own how many packets each session had after its first."""

    def track_session(self, session: Session, is_input: bool, info: int, now: int) -> int:
        self.am.workers[session.thread_index].columns[0][session.session_index] += 1
        return super().track_session(session, is_input, info, now)


def counting() -> Driven:
    bench = Driven(design=replace(FIFO_2017, sessions=Counting, columns=("hits",)))
    bench.apply(0)
    return bench


def test_a_column_of_a_design_counts_and_is_reset_when_its_slot_is_taken_again() -> None:
    """The slot of an expired session starts at 0."""
    bench = counting()
    for _ in range(3):
        bench.send(udp_out())
    (worker,) = bench.am.workers
    assert worker.columns == [[2]]
    bench.advance(1000 * 1_000_000_000)
    assert bench.am.live_sessions() == 0
    bench.send(udp_out(2000))
    assert worker.columns == [[0]]


def test_a_column_is_packed_and_taken_back() -> None:
    """With the pool that it belongs to."""
    bench = counting()
    for _ in range(3):
        bench.send(udp_out())
    (worker,) = bench.am.workers
    packer = PoolPacker(worker)
    while not packer.done:
        packer.work()
    packed = packer.packed()
    for _ in empty_in_pieces(bench.am):
        pass
    for _ in unpack_pool(bench.am, worker, packed):
        pass
    assert worker.columns == [[2]]
    check_invariants(bench.am)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"cleaner": Sessions}, "cleaner is .*; a Cleaner is one"),
        ({"cleaner": "Cleaner"}, "a Cleaner is one"),
        ({"lists": ("a", "b", "c", "d")}, "a list without a class"),
        ({"steps": (*FIFO_2017.steps, FIFO_2017.steps[0])}, "two steps have one name"),
    ],
)
def test_what_is_no_design_is_refused(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(FIFO_2017, name="wrong", **parts)


def test_a_field_set_on_a_parts_class_is_refused() -> None:
    """The machine reads the object's own, so it would be ignored."""

    class Warm(Datapath):
        warm_up_sessions = 5

    with pytest.raises((ValueError, TypeError), match="warm_up_sessions"):
        SteppedDriver(0, design=replace(FIFO_2017, name="warm", datapath=Warm))


def test_the_invariants_of_a_design_are_asserted_with_the_engines() -> None:
    """They are told whether all is at rest."""
    design = replace(
        FIFO_2017, invariants=lambda am, at_rest: [f"{am.n_workers} {at_rest}"] if at_rest else []
    )
    am = SteppedDriver(2, design=design).machine.am
    check_invariants(am, at_rest=False)
    with pytest.raises(InvariantError, match="2 True"):
        check_invariants(am)


def test_every_part_there_is_can_be_another() -> None:
    """A part that does nothing new changes nothing, and is the one that is used."""
    for name in ("classes", "rule_check", "matching", "sessions", "datapath", "idle_check"):
        own = getattr(FIFO_2017, name)
        other = type(f"Other{name}", (own,), {})
        driver = SteppedDriver(1, design=replace(FIFO_2017, **{name: other}))
        assert type(getattr(driver.machine, name)) is other


def test_designs_have_names() -> None:
    """And what has none is told which there are."""
    assert design_named("fifo-2017") is FIFO_2017
    with pytest.raises(AclbenchError, match="no design 'fifo-2071'; did you mean fifo-2017"):
        design_named("fifo-2071")


def test_a_change_of_an_acl_list_is_a_part() -> None:
    """As one that clears at any change would be."""
    changes: list[tuple[int, ...]] = []

    class Noting(FIFO_2017.acl_lists):  # type: ignore[misc, name-defined]
        def set_interface_acls(
            self, interface: Interface, is_input: bool, acl_indices: tuple[int, ...]
        ) -> None:
            changes.append(acl_indices)
            super().set_interface_acls(interface, is_input, acl_indices)

    bench = Driven(design=replace(FIFO_2017, acl_lists=Noting))
    bench.apply(0)
    assert changes == [(0,)]
    assert bench.pg[0].input_acls == (0,)


def test_a_lost_wake_up_is_a_broken_invariant() -> None:
    """At rest nobody may have an interrupt pending, nor ask for one that will not come."""
    bench = Driven(1)
    bench.apply(0)
    bench.send(udp_out())
    worker: Worker = bench.am.workers[1]
    worker.interrupt_is_pending = 1
    with pytest.raises(InvariantError, match="at rest with an interrupt pending"):
        check_invariants(bench.am)
    check_invariants(bench.am, at_rest=False)


def test_parts_of_two_machines_are_their_own() -> None:
    """A design holds classes, not objects."""
    first, second = SteppedDriver(1), SteppedDriver(1)
    assert isinstance(first.machine.cleaner, Cleaner)
    assert first.machine.cleaner is not second.machine.cleaner
    assert isinstance(first.machine.design, Design)


def test_the_parse_of_a_design_reads_frames_that_are_sent_and_captured() -> None:
    """One by one, and not only those that are out of shape."""
    seen: list[int] = []

    def parse(frame: bytes, extension_headers: Set[int]) -> Packet:
        seen.append(len(frame))
        return parse_ethernet(frame, extension_headers)

    other = Workbench(design=replace(FIFO_2017, name="parsing", parse=parse))
    other.cli("create packet-generator interface pg0")
    other.send("pg0", [udp_out(), udp_out()])
    assert len(seen) == 2
    batch = next(iter(open_capture(bundled_folder("pcaps") / "http.pcap").batches()))
    one_by_one, usual = decode(batch, DEFAULT_EXTENSION_HEADERS, parse), decode(batch)
    assert (one_by_one.key, one_by_one.info) == (usual.key, usual.info)
    assert len(seen) == 2 + len(batch)
