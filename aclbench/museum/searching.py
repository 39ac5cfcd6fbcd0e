"""Looks for the interleaving that an exhibit takes, with its fault or without."""

from __future__ import annotations

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.errors import AclbenchError
from aclbench.lab.explore.exploring import Result, exploring
from aclbench.lab.explore.saving import run_of
from aclbench.lab.explore.scenario import Explored, read_explored
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench, going_on


def explored_of(exhibit: Exhibit) -> Explored:
    """The scenario of an exhibit. AclbenchError: it takes no interleaving."""
    if isinstance(exhibit.shown_by, Plain):
        raise AclbenchError(
            f"{exhibit.name} goes wrong in any order; `aclbench museum {exhibit.name}` shows it"
        )
    return read_explored(exhibit.scenario, f"the exhibit {exhibit.name}", exhibit.name)


def searching(exhibit: Exhibit, fixed: bool = False) -> Slices[Result]:
    """Search, until something is found or all was searched within the scenario's bounds."""
    explored = explored_of(exhibit)
    design = exhibit.fixed if fixed else exhibit.design
    scene = yield from setting_the_scene(explored, Bounds(), design)
    result = Result(explored, design.name)
    yield from exploring(scene, (), (), result)
    return result


def found_on_screen(exhibit: Exhibit) -> Slices[Workbench]:
    """A bench at the start of a run that breaks what the exhibit breaks."""
    result = yield from searching(exhibit)
    assert result.found is not None, exhibit.name
    choices = result.found.broken.choices
    history = yield from run_of(result.explored, choices, exhibit.design)
    return (yield from going_on(history))
