"""The bundled scenarios to explore, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aclbench.errors import AclbenchError, did_you_mean
from aclbench.files import status_of
from aclbench.lab.explore.scenario import load_explored
from aclbench.workbench.rig.bundled import bundled_files

KIND: Final = "scenarios/explore"


def explored_abouts() -> list[tuple[str, str]]:
    """Name and title of each."""
    return [(path.stem, load_explored(path).scenario.title) for path in bundled_files(KIND)]


def find_explored(name: str) -> Path:
    """One by path, or by its name. AclbenchError: there is none."""
    path = Path(name)
    if name and status_of(path) is not None:
        return path
    files = {path.stem: path for path in bundled_files(KIND)}
    if name.removesuffix(".toml") in files:
        return files[name.removesuffix(".toml")]
    if not name or path.parent != Path() or path.suffix:
        raise AclbenchError(f"{name!r}: no such file")
    raise AclbenchError(
        f"{name}: no such file, and no bundled scenario to explore; {did_you_mean(name, files)}"
    )
