"""One process, several, or chance: the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench.lab.explore.chance import Chance
from aclbench.lab.explore.exploring import Result, Spread, exploring, sampling
from aclbench.lab.explore.scenario import load_explored
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.lab.jobs import here
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish

FILES = {path.stem: path for path in bundled_files("scenarios/explore")}


def searched(name: str, spread: Spread | None) -> Result:
    explored = load_explored(FILES[name])
    scene = finish(setting_the_scene(explored, Bounds()))
    result = Result(explored, "fifo-2017")
    finish(exploring(scene, (), (), result, spread))
    return result


@pytest.mark.parametrize(
    "name", ["late-touch-freed", "wake-up", "replace-under-match", "more-than-the-quantum"]
)
def test_parts_of_a_search_find_what_the_whole_finds(name: str, tmp_path: Path) -> None:
    """Also the same shortest counterexample."""
    whole, parts = searched(name, None), searched(name, Spread(here(tmp_path), 3))
    assert parts.whole == whole.whole
    assert (parts.found is None) == (whole.found is None)
    if whole.found is not None and parts.found is not None:
        assert parts.found.broken == whole.found.broken
        assert parts.found.steps == whole.found.steps


def test_the_same_seed_makes_the_same_runs() -> None:
    found = []
    for _ in range(2):
        scene = finish(setting_the_scene(load_explored(FILES["lost-flag"]), Bounds()))
        result = Result(scene.explored, "fifo-2017")
        chance = Chance(scene, 7, 100.0, 2)
        finish(sampling(scene, (), (), result, chance))
        assert result.found is not None
        assert not result.whole
        found.append((result.effort.runs, result.found.broken))
    assert found[0] == found[1]
    assert found[0][1].name == "lost-flag"
