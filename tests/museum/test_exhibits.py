"""Every exhibit: found with its fault, and not found without."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.designs import DESIGNS, design_named, exhibits
from aclbench.designs.exhibit import Plain
from aclbench.designs.exhibits import NAMES, exhibit_named
from aclbench.errors import AclbenchError
from aclbench.museum.showing import Shown, showing, showing_on_screen
from aclbench.workbench.tasks import finish

FOLDER = Path(inspect.getfile(exhibits)).parent
#: An override is so long at most, in lines.
OVERRIDE_LINES = 30
PLAIN = [name for name in NAMES if isinstance(exhibit_named(name).shown_by, Plain)]


def shown(name: str, fixed: bool = False) -> Shown:
    exhibit = exhibit_named(name)
    assert isinstance(exhibit.shown_by, Plain)
    return finish(showing(exhibit, exhibit.shown_by, fixed))


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_run_shows_it_and_not_without_the_fault(name: str) -> None:
    with_fault, without = shown(name), shown(name, fixed=True)
    assert (with_fault.holds, without.holds) == (False, True), (with_fault.seen, without.seen)
    assert with_fault.seen != without.seen


@pytest.mark.parametrize("name", NAMES)
def test_an_exhibit_is_told_and_its_designs_have_names(name: str) -> None:
    exhibit = exhibit_named(name)
    assert exhibit.name == name
    assert all((exhibit.title, exhibit.believed, exhibit.happened, exhibit.found))
    for design in (exhibit.design, exhibit.fixed):
        found = design_named(design.name)
        assert replace(found, about=design.about) == design
        assert exhibit.title in found.about or design.name in DESIGNS
    assert exhibit.design != exhibit.fixed
    assert exhibit.design.name == name or exhibit.lives_on


@pytest.mark.parametrize("name", NAMES)
def test_an_override_is_short(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name.replace('-', '_')}.py").read_text())
    overrides = [n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    lines = sum(n.end_lineno - n.lineno + 1 for n in overrides if n.end_lineno is not None)
    assert lines <= OVERRIDE_LINES


def test_every_file_of_the_museum_is_in_it() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == {name.replace("-", "_") for name in NAMES}
    assert not set(NAMES) & set(DESIGNS)


def test_on_the_screen_it_stands_at_the_start_of_its_run() -> None:
    exhibit = exhibit_named("vpp-932")
    assert isinstance(exhibit.shown_by, Plain)
    bench = finish(showing_on_screen(exhibit, exhibit.shown_by))
    assert (bench.now, bench.snapshot().packets.read) == (bench.started, 0)
    bench.forward(4, "packets")
    assert (bench.snapshot().packets.read, bench.snapshot().packets.denied) == (4, 1)


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(AclbenchError, match="vpp-932"):
        exhibit_named("vpp-923")
    with pytest.raises(AclbenchError, match="vpp-912a, vpp-912b, vpp-912c, vpp-912d begin so"):
        exhibit_named("vpp-912")
    assert exhibit_named("VPP_932") is exhibit_named("vpp-932")


def test_a_scenario_may_name_an_exhibit(tmp_path: Path) -> None:
    """And a run of it is saved and gone on with by that name."""
    file = tmp_path / "mine.toml"
    file.write_text(f'design = "vpp-932"\n{exhibit_named("vpp-932").scenario}')
    bench = Workbench.load(file)
    bench.save(tmp_path / "mine.run")
    again = Workbench.load(tmp_path / "mine.run")
    assert again.rig.machine.design.name == "vpp-932"
