"""The bench that a lesson begins on."""

from __future__ import annotations

from pathlib import Path

from aclbench.errors import AclbenchError
from aclbench.tutor.lesson import Lesson, LessonError, Lines
from aclbench.tutor.running import refuse_forbidden, run_lines
from aclbench.workbench.budget import LESSON_WORK, Budget
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Slices, finish
from aclbench.workbench.workbench import Workbench, setting_up


def lesson_scenario(lesson: Lesson) -> Scenario:
    """What the bench of a lesson is made of. Raises ScenarioError."""
    if isinstance(lesson.bench, Path):
        return load_scenario(lesson.bench)
    spec = lesson.bench
    return Scenario(
        title=lesson.title,
        interfaces=(),
        workers=spec.workers,
        placement=spec.placement,
        design=spec.design,
        cli=(*spec.cli, *(stream.line for stream in spec.streams)),
        place=f"{lesson.path}: bench",
    )


def lesson_bench(lesson: Lesson) -> Workbench:
    """A new bench for a lesson, with a history. Raises LessonError."""
    return finish(making_bench(lesson))


def making_bench(lesson: Lesson) -> Slices[Workbench]:
    """The same in slices."""
    try:
        scenario = lesson_scenario(lesson)
        if not _is_bundled(lesson):
            yield from _rehearsing(scenario, _typed_lines(lesson, scenario))
        return (yield from setting_up(Workbench, scenario, Start()))
    except AclbenchError as error:
        raise LessonError(str(error)) from None


def _is_bundled(lesson: Lesson) -> bool:
    return isinstance(lesson.bench, Path) and lesson.bench.parent == bundled_folder("scenarios")


def _typed_lines(lesson: Lesson, scenario: Scenario) -> Lines:
    """The lines that whoever wrote the lesson chose; those of streams are made of what was read."""
    return scenario.cli if isinstance(lesson.bench, Path) else lesson.bench.cli


def _rehearsing(scenario: Scenario, lines: Lines) -> Slices[None]:
    """Try the lines of a scenario that others wrote, so that they reach nothing but a bench."""
    bench = Workbench(scenario.workers, scenario.placement, design=scenario.design, history=False)
    budget = Budget(LESSON_WORK)
    yield from run_lines(bench, (*scenario.set_up_lines(), *lines), budget)
    for timed in scenario.at:
        refuse_forbidden(bench, timed.line, budget)
