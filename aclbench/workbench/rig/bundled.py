"""Where the captures, scenarios and lessons are that come with aclbench.

In a checkout they stand at its top; in an installed package under `aclbench/bundled`.
"""

from __future__ import annotations

from pathlib import Path

from aclbench.capture.stream import STANDARD_INPUT
from aclbench.errors import AclbenchError, did_you_mean
from aclbench.files import status_of

_PACKAGE = Path(__file__).resolve().parent.parent.parent
_SUFFIXES = {
    "scenarios": ".toml",
    "scenarios/explore": ".toml",
    "pcaps": ".pcap",
    "lessons": ".toml",
}


def bundled_folder(kind: str) -> Path:
    """The folder of `scenarios`, those to explore among them, `pcaps` or `lessons`."""
    installed = _PACKAGE / "bundled" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def bundled_files(kind: str) -> list[Path]:
    """All files of one kind, by name."""
    return sorted(bundled_folder(kind).glob(f"*{_SUFFIXES[kind]}"))


def scenario_abouts() -> list[tuple[str, str, str]]:
    """The bundled scenarios: name, title and text of each."""
    from aclbench.workbench.rig.scenario_file import load_scenario

    scenarios = [(path.stem, load_scenario(path)) for path in bundled_files("scenarios")]
    return [(name, scenario.title, scenario.text.strip()) for name, scenario in scenarios]


def find_input(name: str) -> Path:
    """A capture or scenario by path, or by the name of a bundled one, with or without suffix.

    `-` is standard input.
    """
    if not name:
        raise AclbenchError("an empty argument ('') names no capture and no scenario")
    path = Path(name)
    if name == STANDARD_INPUT:
        return path
    if path == Path(STANDARD_INPUT):
        return path.absolute()  # a file of that name, written ./-
    if status_of(path) is not None:
        return path
    if path.parent == Path():
        for kind in ("scenarios", "pcaps"):
            for candidate in bundled_files(kind):
                if name in (candidate.name, candidate.stem):
                    return candidate
    if path.parent != Path():
        raise AclbenchError(f"{name}: no such file")
    from difflib import get_close_matches

    bundled = [f for kind in ("scenarios", "pcaps") for f in bundled_files(kind)]
    if path.suffix:
        near = get_close_matches(name[:64], [f.name for f in bundled], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise AclbenchError(f"{name}: no such file{hint}")
    known = [f.stem for f in bundled]
    raise AclbenchError(
        f"{name}: no such file, and no bundled scenario or capture; {did_you_mean(name, known)}"
    )
