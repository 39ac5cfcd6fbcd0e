"""A good lesson to damage, and how."""

from __future__ import annotations

from pathlib import Path

from aclbench.tutor.lesson import Lesson
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.template import TEMPLATE

SECOND = "send pg0 udp 10.0.0.2:5354 > 192.168.0.2:53"


def written(folder: Path, *changes: tuple[str, str], name: str = "01-good.toml") -> Path:
    """The template with some of its text replaced, as a file."""
    text = TEMPLATE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def lesson(folder: Path, *changes: tuple[str, str], name: str = "01-good.toml") -> Lesson:
    """The same, read."""
    return read_lesson(written(folder, *changes, name=name))
