"""Reading a lesson file, strictly: one message for the first thing wrong, with its place.

Nothing of a lesson is run here; `checking` does that. What is read is bounded: the file, its
steps, its lines and its texts (`tables`). It reaches no file but those beside it and bundled ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aclbench.documents import Wrong, from_toml, in_file, read_content
from aclbench.errors import ScenarioError
from aclbench.tutor.lesson import AnyStep, BenchSpec, Lesson, LessonError, StreamSpec
from aclbench.tutor.tables import HOOKS, LessonDocument
from aclbench.workbench.rig.bundled import bundled_files, bundled_folder
from aclbench.workbench.rig.scenario_file import load_scenario

MAX_BYTES: Final = 256 << 10
#: Bytes of a capture beside a lesson.
MAX_CAPTURE_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)


def read_lesson(path: Path) -> Lesson:
    """Read a lesson. LessonError names the file, the place, and what would be right."""
    with in_file(path, LessonError):
        content = read_content(path, MAX_BYTES)
        document = from_toml(content, LessonDocument, HOOKS)
        if not _NAME.fullmatch(path.stem):
            raise LessonError(f"{path.name}: not a name for a lesson; 01-what-it-shows.toml is")
        steps: list[AnyStep] = [
            table.step(number) for number, table in enumerate(document.steps, 1)
        ]
        return Lesson(
            name=path.stem,
            path=path,
            digest=hashlib.sha256(content).hexdigest(),
            title=document.title.strip(),
            aim=document.aim.strip(),
            know=document.know,
            minutes=document.minutes,
            source=document.source,
            bench=_bench(path, document),
            steps=tuple(steps),
        )


def _bench(path: Path, document: LessonDocument) -> BenchSpec | Path:
    table = document.bench
    if table is None:
        return _scenario(path, (document.scenario or "").strip())
    streams = tuple(
        StreamSpec(
            stream.name,
            _capture(path, stream.pcap.strip(), f"bench, streams {number}, pcap"),
            stream.source,
            stream.limit,
        )
        for number, stream in enumerate(table.streams, 1)
    )
    return BenchSpec(table.workers, table.placement, table.design, table.cli, streams)


def _capture(lesson: Path, name: str, place: str) -> Path:
    """A capture beside the lesson, or a bundled one; nothing else is reached. Raises Wrong."""
    for folder in (lesson.resolve().parent, bundled_folder("pcaps").resolve()):
        path = (folder / name).resolve()
        if _NAME.fullmatch(name) and path.parent == folder and path.is_file():
            if path.stat().st_size > MAX_CAPTURE_BYTES:
                right = f"a capture of at most {MAX_CAPTURE_BYTES >> 10} kB"
                raise Wrong(place, f"{name}, which is larger", right)
            return path
    raise Wrong(place, name, "the name of a capture beside the lesson, or a bundled one")


def _scenario(lesson: Path, name: str) -> Path:
    """A bundled scenario by name, or a file beside the lesson; nothing else is reached."""
    known = [file.stem for file in bundled_files("scenarios")]
    if name in known:
        return bundled_folder("scenarios") / f"{name}.toml"
    right = f"a bundled one ({', '.join(known)}), or a .toml file beside the lesson"
    folder = lesson.resolve().parent
    path = (folder / name).resolve()
    is_beside = name.endswith(".toml") and _NAME.fullmatch(name) and path.parent == folder
    if not is_beside or not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise Wrong("scenario", name, right)
    try:
        scenario = load_scenario(path)
    except ScenarioError as error:
        raise LessonError(f"{lesson}: scenario: {error}") from None
    for capture in scenario.captures:
        if not _is_within(capture, (folder, bundled_folder("pcaps").resolve())):
            right = "captures in the lesson's folder, or bundled ones"
            raise Wrong("scenario, captures", str(capture), right)
    return path


def _is_within(path: Path, folders: Iterable[Path]) -> bool:
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in folders)
