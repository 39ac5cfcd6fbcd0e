"""Games of the scheduler: of an exhibit, or a scenario to explore."""

from __future__ import annotations

from aclbench.designs.exhibit import Exhibit
from aclbench.lab.explore.properties import ALWAYS, PROPERTIES
from aclbench.lab.explore.scenario import Explored
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.museum.playing import Play
from aclbench.museum.searching import explored_of
from aclbench.workbench.tasks import Slices


def game_of_exhibit(exhibit: Exhibit, fixed: bool) -> Slices[Play]:
    """The game of an exhibit. AclbenchError: it takes no interleaving."""
    design = exhibit.fixed if fixed else exhibit.design
    scene = yield from setting_the_scene(explored_of(exhibit), Bounds(), design)
    about = (f"Believed: {exhibit.believed}", f"Happened: {exhibit.happened}")
    return Play(scene, exhibit.name, f"make it go wrong: {exhibit.title}", about)


def game_of_scenario(explored: Explored) -> Slices[Play]:
    """The game of a scenario to explore."""
    sought = [PROPERTIES[name].about for name in explored.find]
    sought += [f"at some time {condition}" for condition in explored.never]
    goal = "; or ".join(sought) or "; or ".join(kind.about for kind in ALWAYS[1:])
    scene = yield from setting_the_scene(explored, Bounds())
    about = (explored.scenario.text,) if explored.scenario.text else ()
    return Play(scene, explored.scenario.title, f"make it so that {goal}", about)
