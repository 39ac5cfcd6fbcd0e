"""What was done on a bench as the draft of a lesson: its journal as command lines, in TOML.

The lines become an experiment; what the bench was made of becomes `[bench]`. The rest is for the
author: the draft says where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from aclbench.engine.packet import (
    INFO_L4_VALID,
    INFO_TCP_FLAGS_MASK,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    FiveTuple,
    address_text,
    parse_ethernet,
    unpack_key,
)
from aclbench.tutor.journals import inputs_so_far
from aclbench.tutor.template import write_document
from aclbench.words import counted
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Run, Steps
from aclbench.workbench.views.times import UNITS_NS
from aclbench.workbench.workbench import Workbench

_WORDS: Final = {PROTO_TCP: "tcp", PROTO_UDP: "udp", PROTO_ICMP: "icmp", PROTO_ICMP6: "icmp6"}
_FLAGS: Final = "FSRPAUEC"


def record(bench: Workbench, since: int = 0) -> str:
    """A draft of a lesson from what was done since an input of the journal, 0 for the start.

    `len(inputs_so_far(bench))` before what is to be recorded is the number of that input.
    """
    lines = journal_lines(bench, since)
    return "\n".join(
        [
            "# A draft: fill in what says TODO, cut it into steps, then `aclbench learn check` it.",
            'title = "TODO"',
            'aim = "TODO"',
            "know = []",
            "minutes = 5",
            'source = ["aclbench.engine.sessions:Sessions.track_session"] # TODO',
            "",
            *_bench_lines(bench),
            "",
            "[[steps]]",
            'kind = "experiment"',
            'text = "TODO"',
            "run = [",
            *(f"  {_quoted(line)}," for line in lines),
            "]",
            'look = { text = "TODO: there are {sessions.live} sessions." }',
            "",
        ]
    )


def write_draft(bench: Workbench, path: Path, force: bool = False, how: str = "--force") -> None:
    """Write what was done on a bench as a draft. Raises LessonError as `write_document`."""
    write_document(path, record(bench), force, how)


def _bench_lines(bench: Workbench) -> list[str]:
    """The scenario by name if it is a bundled one, else what makes its bench."""
    scenario = bench.rig.scenario
    folder = bundled_folder("scenarios")
    for path in folder.glob("*.toml"):
        if scenario is not None and scenario.place == str(path):
            return [f"scenario = {_quoted(path.stem)}"]
    made = (*scenario.set_up_lines(), *scenario.cli) if scenario is not None else ()
    return [
        "[bench]",
        f"workers = {bench.rig.start.workers}",
        f"placement = {_quoted(bench.rig.start.placement)}",
        f"design = {_quoted(bench.rig.start.design.name)}",
        "cli = [",
        *(f"  {_quoted(line)}," for line in made if line.strip()),
        "]",
    ]


def journal_lines(bench: Workbench, since: int = 0) -> list[str]:
    """What was done, as command lines that do it again."""
    inputs = inputs_so_far(bench)
    time = _time_before(bench, inputs, since)
    lines: list[str] = []
    for op in inputs[since:]:
        lines += _lines_of(op, time)
        time = op.time if isinstance(op, Run | Steps) else time
    return lines


def _time_before(bench: Workbench, inputs: Sequence[Op], since: int) -> int:
    times = [op.time for op in inputs[:since] if isinstance(op, Run | Steps)]
    return times[-1] if times else bench.started


def _lines_of(op: Op, time: int) -> Iterator[str]:
    if isinstance(op, Cli):
        if not op.timed:  # what the scenario has for a time comes by itself
            yield op.line.strip()
    elif isinstance(op, Inject):
        yield from (_send_line(op.interface, frame) for frame in op.frames)
    elif isinstance(op, Steps):
        actor = "" if op.actor is None else f" of actor {op.actor}"
        yield f"# {counted(op.count, 'step')}{actor}, taken by hand: `step` does so"
    elif op.time > time:
        yield f"run {_length(op.time - time)}"


def _length(ns: int) -> str:
    """A length of time as a command has it, in the largest unit that keeps it whole."""
    for unit in ("s", "ms", "us", "ns"):
        if ns % UNITS_NS[unit] == 0:
            return f"{ns // UNITS_NS[unit]}{unit}"
    raise AssertionError("a whole number of nanoseconds")


def _send_line(interface: str, frame: bytes) -> str:
    """The `send` that sends such a packet; a comment, if none does."""
    packet = parse_ethernet(frame)
    if not packet.key or not packet.info & INFO_L4_VALID:
        return f"# a frame into {interface} that `send` has no words for: {frame.hex()[:80]}"
    return f"send {interface} {_flow(unpack_key(packet.key), packet.info)}"


def _flow(five: FiveTuple, info: int) -> str:
    word = _WORDS.get(five.proto, f"proto {five.proto}")
    src, dst = (address_text(address, five.is_ip6) for address in (five.src, five.dst))
    if five.proto not in (PROTO_TCP, PROTO_UDP):
        line = f"{word} {src} > {dst}"
        is_icmp = five.proto in (PROTO_ICMP, PROTO_ICMP6)
        return f"{line} type {five.sport} code {five.dport}" if is_icmp else line
    ends = (f"[{a}]" if five.is_ip6 else a for a in (src, dst))
    line = "{} {}:{} > {}:{}".format(
        word, *(x for pair in zip(ends, (five.sport, five.dport), strict=True) for x in pair)
    )
    if five.proto == PROTO_UDP:
        return line
    flags = info & INFO_TCP_FLAGS_MASK
    letters = "".join(letter for bit, letter in enumerate(_FLAGS) if flags >> bit & 1)
    return f"{line} {letters or 'none'}"


def _quoted(text: str) -> str:
    """A text as TOML has it: JSON's way of writing one is one of TOML's."""
    return json.dumps(text)
