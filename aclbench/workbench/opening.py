"""From a file to a rig and its history: scenario files, run files."""

from __future__ import annotations

import os
from pathlib import Path

from aclbench.errors import RunFileError, ScenarioError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.loading import load_run
from aclbench.workbench.history.runfile import SUFFIX as RUN_SUFFIX
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.scenario_file import loading_scenario
from aclbench.workbench.rig.setting_up import SetUpLines, set_up
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS, Start
from aclbench.workbench.tasks import Slices


def opened(
    path: str | os.PathLike[str], start: Start, lines: SetUpLines
) -> Slices[tuple[Rig, History | None]]:
    """What a file holds: a rig set up by a scenario, or the history of a run, with its rig.

    `start` has what a scenario does not say: order, seed, driver and so on. Raises ScenarioError or
    RunFileError.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise ScenarioError(f"{name!r}: not the name of a file")
    if Path(name).suffix != RUN_SUFFIX:
        scenario = yield from loading_scenario(Path(name))
        return (yield from set_up(scenario, start, lines)), None
    if start.driver == "threaded":
        raise RunFileError(f"{name}: {WHY_NOT_ON_THREADS}")
    history = yield from load_run(Path(name), lines)
    return history.here.rig, history
