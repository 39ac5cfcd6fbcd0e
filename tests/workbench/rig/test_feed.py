"""From captures to frames: merged by time, resumed anywhere; what is strange about them is said."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from capture.containers import pcap, records_of
from capture.frames import MACS, ethernet, ip4, udp

from aclbench import Workbench
from aclbench.capture import reader as reader_module
from aclbench.capture.decoding import decode
from aclbench.capture.links import as_ethernet
from aclbench.capture.reader import open_capture
from aclbench.capture.steering import ByAddress
from aclbench.capture.writer import PcapWriter
from aclbench.drivers.frame import split_number
from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import INFO_SAME_SIDE
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.feed import Feed
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.views.events import event_text

CAPTURE = bundled_folder("pcaps") / "many-flows.pcap"
INSIDE = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
SIDES = [("10.0.0.0/24", 0), ("fd00:1::/64", 0), ("0.0.0.0/0", 1), ("::/0", 1)]
SECOND = 1_000_000_000


def split(folder: Path) -> list[Path]:
    """The capture as two: what came from inside and what came from outside."""
    sides: tuple[list[Any], list[Any]] = ([], [])
    with open_capture(CAPTURE) as reader:
        for batch in reader.batches():
            for i, rx in enumerate(ByAddress(SIDES, 1).assign(batch, decode(batch))):
                record = (int(batch.time_ns[i]), batch.frame(i), batch.original(i))
                sides[rx].append(record)
    paths = [folder / "in.pcap", folder / "out.pcap"]
    for path, records in zip(paths, sides, strict=True):
        with PcapWriter(path) as writer:
            for record in records:
                writer.write(*record)
    return paths


def merged_bench(folder: Path, history: bool = True) -> Workbench:
    """A firewall with a capture for each of its interfaces."""
    scenario = scenario_for_capture(split(folder), INSIDE, "", 2, "interface", ("pg0", "pg1"))
    return Workbench.from_scenario(scenario, history=history)


def verdicts(bench: Workbench) -> list[PacketVerdict]:
    """Play to the end; all verdicts."""
    heard: list[PacketVerdict] = []
    bench.listeners.add(
        lambda event: heard.append(event) if isinstance(event, PacketVerdict) else None
    )
    bench.play()
    return heard


def test_merged_captures_are_the_one_that_they_were(tmp_path: Path) -> None:
    """Packet by packet: interface, time, verdict; each found again by its file and number."""
    whole = Workbench.from_scenario(
        scenario_for_capture([CAPTURE], INSIDE, "", 2, "interface"), history=False
    )
    merged = merged_bench(tmp_path, history=False)
    one, two = verdicts(whole), verdicts(merged)
    assert merged.rig.feed is not None
    assert len(one) == len(two) == 2320
    # What stayed on one side is known by address alone.
    pairs = [(a, b) for a, b in zip(one, two, strict=True) if not a.info & INFO_SAME_SIDE]
    assert len(pairs) == len(one) - 1
    assert [(a.time, a.rx, a.tx, a.key) for a, _ in pairs] == [
        (b.time, b.rx, b.tx, b.key) for _, b in pairs
    ]
    files = [records_of(path) for path in merged.rig.feed.captures]
    seen = [0, 0]
    for event in two:
        capture, frame = split_number(event.number)
        seen[capture] += 1
        assert frame == seen[capture]
        assert merged.rig.feed.packet_name(event.number) == f"{('in', 'out')[capture]}.pcap:{frame}"
        number = event_text(event, merged.rig).split()[0]
        assert number == (f"2:{frame}" if capture else str(frame))
    assert seen == [len(file) for file in files]


def test_what_is_written_of_merged_captures(tmp_path: Path) -> None:
    """`record` finds every packet of the frame handed over last, in whichever capture it stands."""
    merged = merged_bench(tmp_path, history=False)
    assert merged.rig.feed is not None
    found: list[tuple[int, bytes, int]] = []
    feed = merged.rig.feed
    merged.listeners.add(
        lambda e: found.append(feed.record(e.number)) if isinstance(e, PacketVerdict) else None
    )
    merged.play()
    assert [(time_ns, frame) for time_ns, frame, _ in found] == records_of(CAPTURE)


@pytest.mark.parametrize("by_time", [True, False])
def test_a_feed_goes_on_from_any_state(
    tmp_path: Path, by_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with part of a frame unhandled, whatever the batches are then."""
    monkeypatch.setattr(reader_module, "CHUNK_BYTES", 20_000)
    captures = split(tmp_path)
    am = Workbench().rig.machine.am
    steering = ByAddress(SIDES, 1)

    def packets(feed: Feed) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        while (frame := feed.next_frame()) is not None:
            found += zip(
                frame.time,
                frame.number,
                frame.rx,
                frame.keys_of(0, len(frame)).made(),
                frame.info,
                strict=True,
            )
        return found

    whole = packets(Feed(captures, steering, am, SECOND, 100, by_time))
    assert len(whole) == 2320
    feed = Feed(captures, steering, am, SECOND, 100, by_time)
    handed = 0
    while (frame := feed.next_frame()) is not None:
        handed += len(frame)
        for unhandled in (0, len(frame) // 2, len(frame)):
            again = Feed.resumed(feed.state(unhandled), am)
            assert again.read == handed - unhandled
            assert packets(again) == whole[handed - unhandled :]


def test_back_and_on_in_merged_captures(tmp_path: Path) -> None:
    """Every state is found again; a saved run goes on elsewhere, captures beside it or in it."""
    bench = merged_bench(tmp_path)
    states = {}
    for packets in (1, 700, 1400, 2000):
        bench.play(packets - bench.snapshot().packets.read)
        states[packets] = state_of(bench.rig.driver)
    bench.play()
    end = state_of(bench.rig.driver)
    for packets in (1400, 1, 2000, 700):
        bench.goto_packet(packets)
        assert state_of(bench.rig.driver) == states[packets]
    bench.play()
    assert state_of(bench.rig.driver) == end
    bench.goto_packet(1400)
    for with_captures in (False, True):
        path = tmp_path / "x.run"
        bench.save(path, with_captures)
        if with_captures:
            for capture in bench.rig.feed.captures if bench.rig.feed else ():
                capture.unlink()
        other = Workbench.load(path)
        assert other.rig.scenario is not None
        assert other.rig.scenario.rx == ("pg0", "pg1")
        assert state_of(other.rig.driver) == state_of(bench.rig.driver)
        other.goto_packet(2000)
        other.play()
        assert state_of(other.rig.driver) == end


# --- what is strange about captures -----------------------------------------------------------


def notes_of(folder: Path, records: list[tuple[int, bytes]], *more: Path) -> tuple[str, ...]:
    """What a replay says of a capture with these packets; the clock never went back."""
    path = folder / "x.pcap"
    path.write_bytes(pcap(records))
    scenario = scenario_for_capture([path, *more], INSIDE, "", 1, "interface")
    bench = Workbench.from_scenario(scenario, history=False)
    times = [event.time for event in verdicts(bench)]
    assert times == sorted(times)
    return bench.report().notes[1:]


def packet(n: int) -> bytes:
    """A packet from inside like no other."""
    ip = bytearray(ip4(udp(sport=1000 + n), 17))
    ip[4:6] = (n + 1).to_bytes(2, "big")
    return ethernet(bytes(ip), 0x0800)


def test_times_that_go_back(tmp_path: Path) -> None:
    """They are taken at the latest time seen, and that is said, once."""
    times = [10, 12, 11, 12, 9, 13, 1]
    records = [(time * SECOND, packet(n)) for n, time in enumerate(times)]
    (note,) = notes_of(tmp_path, records)
    assert note.startswith("3 packets have a time earlier than one before;")
    (note,) = notes_of(tmp_path, records[:3])
    assert note.startswith("1 packet has a time earlier than one before; it is taken")
    assert notes_of(tmp_path, records[:2]) == ()


def test_a_doubled_capture_is_said(tmp_path: Path) -> None:
    """How many of how many, and what to do; not with a few copies only."""
    once = [(SECOND + n * 2_000_000, packet(n)) for n in range(40)]
    again = [(time + 100, MACS + frame[12:]) for time, frame in once]
    (note,) = notes_of(tmp_path, sorted(once + again))
    assert "of 80 packets looked at, 80 have a copy" in note
    assert "--rx" in note
    assert notes_of(tmp_path, sorted(once + again[:4])) == ()
    assert notes_of(tmp_path, once) == ()


def test_a_label_that_no_packet_has(tmp_path: Path) -> None:
    """A typing mistake in the steering would else go unnoticed: everything is outside."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([(SECOND, packet(1))]))
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24",), vlans=("10", "20.30"))
    scenario = scenario_for_capture([path], inside, "", 1, "interface")
    bench = Workbench.from_scenario(scenario, history=False)
    bench.play()
    assert bench.report().notes[1:] == (
        "no packet was seen with VLAN 10",
        "no packet was seen with VLAN 20.30",
    )


def test_frames_of_other_link_types_are_recorded_as_ethernet(tmp_path: Path) -> None:
    """What --write-passed writes can be read again."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([(SECOND, packet(1)[14:])], link_type=101))
    scenario = scenario_for_capture([path], INSIDE, "", 1, "interface")
    bench = Workbench.from_scenario(scenario, history=False)
    bench.play()
    assert bench.rig.feed is not None
    assert bench.rig.feed.record(1) == (SECOND, as_ethernet(packet(1)[14:], 101), len(packet(1)))


def test_packets_that_are_gone_take_no_memory(tmp_path: Path) -> None:
    """Columns that interpreted code hands to the compiled machine are freed with their frame."""
    captures = split(tmp_path)
    am = Workbench().rig.machine.am

    def read_all() -> int:
        feed = Feed(captures, ByAddress(SIDES, 1), am, SECOND, 100, True)
        while feed.next_frame() is not None:
            pass
        del feed
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        read_all()
        after_one = read_all()
        for _ in range(4):
            after_more = read_all()
    finally:
        tracemalloc.stop()
    assert after_more - after_one < 50_000  # of 2,320 packets, four times
