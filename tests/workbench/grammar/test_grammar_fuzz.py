"""No line gives a traceback, and one that fails leaves the bench as it was."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import AclbenchError, Workbench
from aclbench.tutor.running import run_lines
from aclbench.workbench.budget import Budget
from aclbench.workbench.commands.table import make_command_table
from aclbench.workbench.grammar.syntax import Argument, Choice, Literal, Sequence
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.inputs import Cli
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish

TABLE = make_command_table()
SYNTAXES = [command.syntax for command in TABLE.commands]
TREES = [shape.tree for shape in TABLE._shapes]
WORDS = sorted({w for syntax in SYNTAXES for w in re.findall(r"(?<![<\w:-])[a-z][\w+-]*", syntax)})
_VALUES_TEXT = """
pg0 pg1 pg7 local0 0 1 2 7 99 -1 65536 0x10 4294967295 10.0.0.0/24 10.0.0.1/24 fd00::/64 10.0.0.2
fd00::2 10.0.0.2:80 192.168.0.9:53 [fd00:1::2]:53 > 02:00:00:00:00:01 80-90 90-80 S SA none 8 0+
1480 7+ 10s 500ms 1ns 0.0000000001 +2.5s 1h 2026-01-01T12:00:00.5+00:00 2026-13-01T00:00:00Z
cleaner vpp_wk_0 vpp_main main now start end #3 +1 main@#5 x.run x.cli missing.run nosuch/x.cli .
a,b , "two "open /dev/null cleaner wait_interval session 1/0 é \\ % ? -- 1/5 1e9
"""
VALUES = [*_VALUES_TEXT.split(), '"two words"', "cleaner wait_interval"]
JUNK = st.text(max_size=12)
TOKENS = st.one_of(st.sampled_from(WORDS), st.sampled_from(VALUES), JUNK)


#: What fits an argument of a type; of the others, any value.
FITTING = {
    "interface": ["pg0", "pg1", "local0"],
    "new-interface": ["pg2", "pg3"],
    "prefix": ["10.0.0.0/24", "0.0.0.0/0", "fd00::/16"],
    "address": ["10.9.0.1/24", "fd09::1/64"],
    "host": ["10.0.0.2", "fd00:1::2"],
    "mac": ["02:00:00:00:00:01"],
    "acl-index": ["0", "1"],
    "port-range": ["80", "0-1023"],
    "endpoint": ["10.0.0.2:5", "192.168.0.9:53", "10.0.0.3"],
    "actor": ["cleaner", "vpp_wk_0", "vpp_wk_1"],
    "duration": ["10ms", "1s"],
    "moment": ["+1s", "30s", "2026-11-24T20:00:00Z"],
    "rows": ["1", "5"],
    "number": ["0", "1", "2", "20"],
    "count": ["1", "12"],
    "switch": ["0", "1"],
    "worker": ["0", "vpp_wk_1"],
}


@st.composite
def filled(draw: Any, node: Any) -> str:
    """A line that fits a syntax tree, but for values that are what they should be mostly."""
    match node:
        case Literal():
            return node.text
        case Argument():
            fitting = FITTING.get(node.type.name)
            odd = not fitting or draw(st.integers(0, 9)) == 9
            return draw(st.sampled_from(VALUES if odd else fitting))
        case Sequence():
            return " ".join(draw(filled(item)) for item in node.items)
        case Choice():
            return draw(filled(draw(st.sampled_from(node.alternatives))))
        case _:
            return " ".join(draw(filled(node.body)) for _ in range(draw(st.integers(0, 2))))


LINES = st.one_of(
    st.lists(TOKENS, max_size=9).map(" ".join),
    st.sampled_from(TREES).flatmap(filled),
    st.tuples(st.sampled_from(TREES).flatmap(filled), st.integers(0, 40)).map(
        lambda cut: cut[0][: cut[1]]
    ),
)


def standing(bench: Workbench) -> tuple[object, ...]:
    history = bench.past
    ops = {name: len(branch.ops) for name, branch in history.branches.items()}
    return (
        state_of(bench.rig.stepped),
        ops,
        history.branch.name,
        bench.rig.sent,
        bench.transport.chosen,
    )


def check(line: str, bench: Workbench) -> None:
    before = standing(bench)
    try:
        assert isinstance(bench.cli(line), str)
    except AclbenchError:
        assert standing(bench) == before, line


@contextmanager
def bench_in_a_folder() -> Iterator[Workbench]:
    """A bench in the middle of a capture, with sessions, that may write files."""
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            bench = Workbench.from_scenario(load_scenario(find_input("aging")))
            bench.play(60)
            yield bench
            bench.check_invariants()
        finally:
            os.chdir(here)


@examples(40)
@given(st.lists(LINES, min_size=1, max_size=8))
def test_any_line_gives_text_or_an_error_that_changes_nothing(lines: list[str]) -> None:
    """On a bench in the middle of a capture, with sessions, and whatever the lines made of it."""
    with bench_in_a_folder() as bench:
        for line in lines:
            check(line, bench)


def as_cli(bench: Workbench, line: str) -> None:
    finish(bench.lines.setting_up(bench.rig, line))


def as_timed(bench: Workbench, line: str) -> None:
    finish(bench.rig.performing(Cli(line)))


def as_lesson(bench: Workbench, line: str) -> None:
    finish(run_lines(bench, (line,), Budget(100_000)))


@pytest.mark.parametrize("place", [as_cli, as_timed, as_lesson])
@examples(2)
@given(data=st.data())
def test_no_line_of_a_file_reaches_a_file(
    place: Callable[[Workbench, str], None], data: st.DataObject
) -> None:
    """Every command, in a scenario, a journal or a lesson: the files that are there stay."""
    files = {"x.run": "mine", "x.cli": "set interface state pg0 up\n", "notes.txt": "mine"}
    with bench_in_a_folder() as bench:
        for name, text in files.items():
            Path(name).write_text(text)
        for tree in TREES:
            with suppress(AclbenchError):
                place(bench, data.draw(filled(tree)))
            assert {path.name: path.read_text() for path in Path().iterdir()} == files


@examples(8)
@given(st.data())
def test_every_command_gives_text_or_an_error_that_changes_nothing(data: st.DataObject) -> None:
    """Each of them, with arguments that fit mostly, one after the other."""
    with bench_in_a_folder() as bench:
        for tree in TREES:
            check(data.draw(filled(tree)), bench)
