"""The commands that set up a bench, read without the others."""

from __future__ import annotations

import pytest

from aclbench.workbench.commands.basic import basic_commands, is_in_full
from aclbench.workbench.commands.table import make_command_table
from aclbench.workbench.grammar import GrammarError
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.workbench import Workbench


@pytest.mark.parametrize("path", bundled_files("scenarios"), ids=lambda path: path.stem)
def test_a_line_in_full_words_means_what_it_means_among_all_commands(path) -> None:
    """Each line of a bundled scenario that the basic commands know."""
    bench = Workbench.load(path)
    whole, understood = make_command_table(), 0
    scenario = bench.rig.scenario
    for line in (*scenario.set_up_lines(), *scenario.cli):
        try:
            parsed = basic_commands().parse(line, bench.rig)
        except GrammarError:
            continue  # another command, or an interface that is there by now
        if parsed is not None and is_in_full(line, parsed):
            assert whole.parse(line, bench.rig) == parsed
            understood += 1
    assert understood


def test_an_abbreviation_is_left_to_the_whole_table() -> None:
    """There more words may begin so."""
    rig = Workbench().rig
    for line, in_full in (
        ("create packet-generator interface pg0", True),
        ("cr packet-generator interface pg0", False),
    ):
        parsed = basic_commands().parse(line, rig)
        assert parsed is not None
        assert is_in_full(line, parsed) == in_full
