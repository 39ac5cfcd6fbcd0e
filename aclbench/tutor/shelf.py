"""The lessons there are: those that come with aclbench, and any that somebody names."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from aclbench.files import is_folder
from aclbench.tutor.lesson import Lesson, LessonError
from aclbench.tutor.progress import LessonProgress
from aclbench.tutor.reading import read_lesson
from aclbench.workbench.rig.bundled import bundled_files


def bundled_lessons() -> Iterator[Lesson]:
    """Those that come along, in order. Raises LessonError."""
    for path in bundled_files("lessons"):
        yield read_lesson(path)


def find_lesson(text: str) -> Lesson:
    """A lesson by its number, by its name or a part of it, or by its file. Raises LessonError."""
    return read_lesson(_find_path(text))


def lesson_after(lesson: Lesson) -> Path | None:
    """The file of the bundled lesson that comes next, if this is one of them."""
    files = bundled_files("lessons")
    names = [path.resolve() for path in files]
    here = lesson.path.resolve()
    following = names.index(here) + 1 if here in names else len(names)
    return files[following] if following < len(files) else None


def _find_path(text: str) -> Path:
    """A number and a name mean a lesson that comes along; what has a suffix or folder, a file."""
    files = bundled_files("lessons")
    if text.isascii() and text.isdecimal() and len(text) < 5:
        found = [path for path in files if _number(path) == int(text)]
    elif text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(text)
    else:
        found = [path for path in files if text in (path.stem, path.stem.partition("-")[2])]
        found = found or [path for path in files if text and text in path.stem]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise LessonError(f"{text}: {' and '.join(path.stem for path in found)} are meant")
    if text and is_folder(Path(text)):
        raise LessonError(f"{text[:80]}: a folder; name a lesson in it")
    raise LessonError(f"{text[:80]!r}: no such lesson; {_what_there_is(text, files)}")


def _what_there_is(text: str, files: list[Path]) -> str:
    """What would be right instead of a name that is no lesson's: the nearest, or all numbers."""
    numbers = [number for path in files if (number := _number(path)) >= 0]
    there = f"they are numbered {min(numbers)} to {max(numbers)}, " if numbers else ""
    names = [name for path in files for name in (path.stem.partition("-")[2], path.stem)]
    near = difflib.get_close_matches(text[:80], names, 1)
    meant = f"did you mean {near[0]}? " if near and not text.isdecimal() else ""
    return f"{meant}{there}`aclbench learn` lists them, and a file's name ends in .toml"


def _number(path: Path) -> int:
    first = path.stem.partition("-")[0]
    return int(first) if first.isascii() and first.isdecimal() else -1


def status_of(lesson: Lesson, progress: LessonProgress | None) -> str:
    """Where one stands in a lesson, in words; empty: it was never begun."""
    if progress is None:
        return ""
    where = "finished" if progress.finished else f"at step {progress.step}"
    return where if progress.digest == lesson.digest else f"{where}; changed since"
