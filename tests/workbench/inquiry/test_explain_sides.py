"""Packets that the guess keeps from the firewall: said so, and another inside is offered."""

from __future__ import annotations

from pathlib import Path

import pytest
from capture.frames import tcp
from capture.test_guess import opened, packet

from aclbench import Workbench
from aclbench.capture.guess import guess_inside
from aclbench.capture.writer import write_pcap
from aclbench.workbench.inquiry.explain import Explanation
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture

CASES = Path(__file__).parents[2] / "cases"


def bench_of(path: Path, prefixes: tuple[str, ...] | None = None) -> Workbench:
    """A bench behind a capture, as guessed or with these prefixes inside."""
    next_guess = None
    if prefixes is None:
        guess = guess_inside(path)
        prefixes, next_guess = guess.prefixes, guess.runner_up
    inside = InterfaceSpec("pg0", prefixes=prefixes)
    scenario = scenario_for_capture([path], inside, "", 1, "interface", (), next_guess)
    bench = Workbench.from_scenario(scenario)
    bench.play()
    return bench


def cause_of(explanation: Explanation) -> tuple[str, str, tuple[str, ...]]:
    """Its kind, title, and the prefixes that it offers."""
    [cause] = explanation.causes
    options = cause.cure.removeprefix("another inside: ").replace("--inside ", "")
    return cause.kind, cause.title, tuple(options.split())


@pytest.mark.parametrize(
    ("case", "number", "side", "offered"),
    [
        ("a10-mostly-within-one-net", 101, "outside", ("198.51.100.10/32", "198.51.100.20/32")),
        ("a01-one-syn-hides-udp", 2, "outside", ("198.51.100.0/24", "192.0.2.10/32")),
    ],
)
def test_another_inside_is_offered_and_the_packet_crosses_it(
    case: str, number: int, side: str, offered: tuple[str, ...]
) -> None:
    path = CASES / f"{case}.pcap"
    kind, title, found = cause_of(bench_of(path).explain(number))
    assert (kind, found) == ("one side", offered)
    assert title.startswith(f"the inside was guessed, and both ends are {side}")
    assert "both ends" not in bench_of(path, found).explain(number).verdict.reason


def test_of_two_that_are_inside_who_opened_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    frames = [f for i in range(4) for f in opened("10.0.0.2", "192.168.0.2", i)]
    frames.append(packet("10.0.0.9", "10.0.0.2", tcp(0x12, 80, 40000), 6))  # 10.0.0.2 opened it
    write_pcap(path, enumerate(frames))
    bench = bench_of(path)
    _, title, found = cause_of(bench.explain(len(frames)))
    assert "both ends are inside" in title
    assert found == ("10.0.0.2/32",)
    assert "both ends" not in bench_of(path, found).explain(len(frames)).verdict.reason


def test_the_next_guess_is_offered_where_it_tells_them_apart(tmp_path: Path) -> None:
    """Also after the run was saved and loaded."""
    path = tmp_path / "x.pcap"
    frames = [f for i in range(11) for f in opened("10.0.0.1", "10.0.0.9", i)]
    frames += [f for i in range(9) for f in opened("10.0.0.9", "10.0.1.1", i)]
    write_pcap(path, enumerate(frames))
    bench = bench_of(path)
    assert bench.rig.scenario is not None
    assert bench.rig.scenario.interfaces[0].prefixes == ("10.0.0.1/32",)
    number = len(frames)
    _, _, offered = cause_of(bench.explain(number))
    assert offered == bench.rig.scenario.next_guess == ("10.0.0.0/24",)
    assert "both ends" not in bench_of(path, offered).explain(number).verdict.reason
    bench.save(tmp_path / "x.run")
    assert cause_of(Workbench.load(tmp_path / "x.run").explain(number))[2] == offered


def test_a_host_to_itself() -> None:
    """No inside has it cross; and it is a group of its own."""
    bench = bench_of(CASES / "a15-loopback-syn.pcap")
    kind, title, offered = cause_of(bench.explain(1))
    assert kind == "itself"
    assert title.startswith("a host sent it to itself")
    assert not offered


def test_what_was_not_guessed_is_not_called_so() -> None:
    bench = bench_of(CASES / "a10-mostly-within-one-net.pcap", ("198.51.100.0/24",))
    kind, title, offered = cause_of(bench.explain(1))
    assert kind == "one side"
    assert title.startswith("both ends lie behind one interface")
    assert not offered
