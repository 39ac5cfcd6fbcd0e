"""The bundled scenarios to explore: each finds what its file says, or nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aclbench.lab.explore.exploring import explore
from aclbench.lab.explore.saving import run_of
from aclbench.lab.explore.scenario import load_explored
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish

FILES = bundled_files("scenarios/explore")
_EXPECTED = re.compile(r"# Expected: (?P<name>[a-z-]+)(?:, with (?P<preemptions>one|two))?")
_COUNTS = {"one": 1, "two": 2, None: 0}


#: Every interleaving within two preemptions takes a minute of the processor.
LONG = {"two-preemptions"}


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.long) if path.stem in LONG else path for path in FILES],
    ids=lambda path: path.stem,
)
def test_what_a_file_expects_is_found(path: Path) -> None:
    expected = _EXPECTED.match(path.read_text(encoding="utf-8"))
    assert expected is not None, "its first line says what is expected"
    result = explore(load_explored(path))
    if expected["name"] == "nothing":
        assert result.found is None
        assert result.whole
    else:
        assert result.found is not None
        assert result.found.broken.name == expected["name"]
        assert result.found.preemptions == _COUNTS[expected["preemptions"]]


@pytest.mark.parametrize("name", ["replace-under-match", "lost-flag", "limit-by-two-workers"])
def test_a_counterexample_is_a_run_that_a_bench_takes(name: str) -> None:
    """The same choices lead the stepped driver to the same state."""
    path = next(path for path in FILES if path.stem == name)
    explored = load_explored(path)
    found = explore(explored).found
    assert found is not None
    history = finish(run_of(explored, found.broken.choices))
    assert [step.step for step in found.steps if step.step == "match rule"] == [
        step.what for step in _walked(history) if step.what == "match rule"
    ]


def _walked(history):
    there = finish(history.at(history.branch.starts[0]))
    return [step for step in there.walk(history.branch.end) if step is not None]


def test_the_replace_race_fits_on_one_screen() -> None:
    """The condition that the document's author wanted a test to catch, reliably."""
    path = next(path for path in FILES if path.stem == "replace-under-match")
    result = explore(load_explored(path))
    assert result.found is not None
    text = result.found.text(80, 24)
    lines = text.splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80
    assert [line.strip()[0] for line in lines if line.lstrip().startswith(">")]
