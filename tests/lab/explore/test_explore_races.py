"""The races that the document's author named, and designs that help against them, or do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aclbench.designs import design_named
from aclbench.engine.design import FIFO_2017
from aclbench.engine.matching import AclMatch, Matching
from aclbench.engine.worker import Worker
from aclbench.lab.explore.exploring import explore
from aclbench.lab.explore.scenario import load_explored
from aclbench.lab.explore.scene import Bounds
from aclbench.workbench.rig.bundled import bundled_files

FILES = {path.stem: path for path in bundled_files("scenarios/explore")}


class ComparesTheEndEachTime(Matching):
    """The document's `while` loop: the rules are read anew, and their end is compared each time.

    It is what the engine does; here it is written out.
    """

    def match_rule(self, worker: Worker, match: AclMatch, now: int) -> bool:
        return super().match_rule(worker, match, now)


class RestartsTheCheck(Matching):
    """The document's other measure: where the rules are not those of before, begin again."""

    def match_rule(self, worker: Worker, match: AclMatch, now: int) -> bool:
        acls = [self.am.acls.get(index) for index in match.acl_indices]
        rules = tuple(() if acl is None else acl.rules for acl in acls)
        if vars(match).setdefault("begun_with", rules) != rules:
            vars(match)["begun_with"] = rules
            match.position, match.rule_index, match.rules = 0, 0, None
        return super().match_rule(worker, match, now)


def searched(matching: type[Matching]):
    design = replace(FIFO_2017, name="tried", matching=matching)
    return explore(load_explored(FILES["replace-under-match"]), design=design)


def test_the_while_loop_reads_no_freed_memory_and_still_mixes_rules() -> None:
    """No rule is read from behind the set; but the packet is denied, which no rule set says."""
    result = searched(ComparesTheEndEachTime)
    assert result.found is not None
    assert result.found.broken.name == "mixed-verdict"
    assert "no rule matched" in result.found.broken.why


def test_restarting_the_check_helps() -> None:
    result = searched(RestartsTheCheck)
    assert result.found is None
    assert result.whole


def test_the_barrier_of_a_command_helps() -> None:
    """As on a VPP, whose commands wait for the workers."""
    explored = load_explored(FILES["replace-under-match"])
    result = explore(explored, bounds=Bounds(barrier=True))
    assert result.found is None
    assert result.whole


@pytest.mark.parametrize(
    ("exhibit", "name"),
    [("vpp-912a", "hung-clear"), ("vpp-912b", "lost-wake-up"), ("vpp-912c", "hung-clear")],
)
def test_the_search_that_finds_nothing_finds_each_fault_of_vpp_912(exhibit: str, name: str) -> None:
    """With the settings that prove the design of the document right."""
    explored = load_explored(FILES["two-preemptions"])
    result = explore(explored, design=design_named(exhibit))
    assert result.found is not None
    assert result.found.broken.name == name


def test_late_touches_of_a_free_slot_are_harmless() -> None:
    """In the scenario in which there are some, none meets another session."""
    explored = load_explored(FILES["late-touch-freed"])
    result = explore(replace_find(explored), bounds=Bounds(preemptions=1))
    assert result.found is None
    assert result.whole


def replace_find(explored):
    from msgspec.structs import replace as replaced

    return replaced(explored, find=("late-touch-reused",))
