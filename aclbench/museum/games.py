"""Games of the scheduler: an exhibit, or a scenario to explore, with what a search came to."""

from __future__ import annotations

from aclbench.designs import design_named
from aclbench.designs.exhibit import Exhibit
from aclbench.engine.design import Design
from aclbench.lab.explore.exploring import Result, exploring
from aclbench.lab.explore.properties import ALWAYS, PROPERTIES
from aclbench.lab.explore.scenario import Explored
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.museum.playing import Play
from aclbench.museum.searching import explored_of
from aclbench.workbench.tasks import Slices


def game_of_exhibit(exhibit: Exhibit, fixed: bool) -> Slices[Play]:
    """The game of an exhibit. AclbenchError: it takes no interleaving."""
    design = exhibit.fixed if fixed else exhibit.design
    goal = f"make it go wrong: {exhibit.title}"
    return (yield from _game(explored_of(exhibit), design, exhibit.name, goal))


def game_of_scenario(explored: Explored) -> Slices[Play]:
    """The game of a scenario to explore."""
    scenario = explored.scenario
    sought = [PROPERTIES[name].about for name in explored.find]
    sought += [f"at some time {condition}" for condition in explored.never]
    goal = "; or ".join(sought) or "; or ".join(kind.about for kind in ALWAYS[1:])
    design = design_named(scenario.design)
    return (yield from _game(explored, design, scenario.title, f"make it so that {goal}"))


def _game(explored: Explored, design: Design, title: str, goal: str) -> Slices[Play]:
    """A game, once it was searched: then it is known what suffices."""
    scene = yield from setting_the_scene(explored, Bounds(), design)
    best = Result(explored, design.name)
    yield from exploring(scene, (), (), best)
    return Play(scene, f"{title} (design {design.name})", goal, best)
