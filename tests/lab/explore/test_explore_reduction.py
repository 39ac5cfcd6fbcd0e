"""Reduced and full search reach the same ends, within any bound, on random small scenarios."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aclbench.lab.explore.properties import ALWAYS
from aclbench.lab.explore.scenario import Explored, read_explored
from aclbench.lab.explore.scene import Bounds, Scene, setting_the_scene
from aclbench.lab.explore.search import ANY, Search
from aclbench.workbench.tasks import finish

PACKETS = (
    "pg0 udp 10.0.0.2:1 > 192.168.0.2:53",
    "pg1 udp 192.168.0.2:53 > 10.0.0.2:1",
    "pg0 tcp 10.0.0.2:2 > 192.168.0.2:80 S",
    "pg1 tcp 192.168.0.2:80 > 10.0.0.2:2 SA",
    "pg0 tcp 10.0.0.2:3 > 192.168.0.2:80 S",
)
COMMANDS = (
    "clear acl-plugin sessions",
    "set acl-plugin acl index 0 deny src 0.0.0.0/0",
    "set acl-plugin session timeout udp idle 9",
    "set acl-plugin interface pg0 input acl 0 del",
)
HEAD = """
workers = {workers}
setup = '''
set acl-plugin session timeout udp idle 1
set acl-plugin session table max-entries {entries}
set acl-plugin acl permit+reflect src 0.0.0.0/0
set acl-plugin interface pg0 input acl 0
{before}
'''
jumps = {jumps}
clock = "{clock}"
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24"]
"""


def table(kind: str, key: str, line: str) -> str:
    return f'[[{kind}]]\n{key} = "{line}"\n'


@st.composite
def scenarios(draw: st.DrawFn) -> Explored:
    """Small ones: a full search of two packets and a clear takes minutes."""
    packets = draw(st.lists(st.sampled_from(PACKETS), min_size=1, max_size=2))
    commands = draw(st.lists(st.sampled_from(COMMANDS), max_size=2 - len(packets)))
    head = HEAD.format(
        workers=draw(st.integers(1, 2)),
        entries=draw(st.sampled_from((1, 100))),
        before="\n".join(f"send {p}" for p in draw(st.lists(st.sampled_from(PACKETS), max_size=1))),
        jumps=0 if len(packets) + len(commands) > 1 else draw(st.integers(0, 1)),
        clock=draw(st.sampled_from(("any", "idle"))),
    )
    tables = [table("send", "packets", packet) for packet in packets]
    tables += [table("cli", "lines", command) for command in commands]
    return read_explored(head + "".join(tables), "test")


def ends_of(scene: Scene, preemptions: int, is_reduced: bool) -> tuple[set[bytes], int, str | None]:
    """Digests of the ends of all runs, how many runs that took, and what was broken."""
    search = Search(scene.actors, scene.watch, scene.digests, preemptions, is_reduced=is_reduced)
    search.ends = set()
    finish(search.searching())
    broken = None if search.broken is None else search.broken.name
    return search.ends, search.effort.runs, broken


@pytest.mark.parametrize("preemptions", [0, 1, 2, ANY])
@settings(max_examples=5)
@given(explored=scenarios())
def test_reduced_and_full_search_reach_the_same_ends(preemptions: int, explored: Explored) -> None:
    """At bounds 0, 1, 2 and none."""
    scene = finish(setting_the_scene(explored, Bounds()))
    scene.watch_for([kind(scene.actors) for kind in ALWAYS])
    reduced, few, found = ends_of(scene, preemptions, is_reduced=True)
    full, many, also_found = ends_of(scene, preemptions, is_reduced=False)
    assert found == also_found
    assert reduced == full
    assert few <= many
