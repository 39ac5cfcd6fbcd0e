"""The records of interactive runs: kept on disk as they go, and gone on with later.

Each has a name of its own, of time and chance, and is locked by the process that writes it. One
that nobody has locked is of a run that ended: behind the name stands how, unless it was killed.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct, field
from platformdirs import user_state_path

from aclbench.documents import DocumentError, JsonReader
from aclbench.errors import RunFileError
from aclbench.files import lock_open_file, set_aside
from aclbench.workbench.history.history import History
from aclbench.workbench.history.recorder import Recorder
from aclbench.workbench.history.runfile import SUFFIX
from aclbench.workbench.tasks import Slices

#: So many runs that were left, or not gone on with when that was offered, are kept.
KEPT: Final = 10
#: What a name ends with when the run was left, and when it was offered in vain.
LEFT: Final = "left"
DECLINED: Final = "declined"
#: How a run ended whose name says nothing.
KILLED: Final = "killed"
#: A file that is being written for so long, in seconds, and by nobody, will never be whole.
_UNFINISHED_S: Final = 60.0
#: How rows begin that are no inputs, those of inputs that somebody gave, and of others among them.
_NO_INPUTS: Final = (b'["branch"', b'["switch"', b'["current"')
_GIVEN: Final = (b'["cli"', b'["inject"', b'["steps"')
_CHANCE: Final = b'["steps",null'
_TIMED: Final = b",true]\n"
#: What a record is called; by a process id in earlier versions.
_NAME: Final = re.compile(r"\.?(\d{8}-\d{6}-[0-9a-f]{8}|\d{1,10})\.")

Say = Callable[[str], None]


class _ScenarioTitle(Struct):
    title: str = ""


class _Header(Struct):
    """What a header tells of a run."""

    version: int = field(name="aclbench-run")
    scenario: _ScenarioTitle | None = None


class _Glance(NamedTuple):
    """What is seen of a record without performing it: what somebody gave, and whether it is all."""

    title: str
    inputs: int
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A run that ended: of what, when, how many inputs somebody gave, and how it ended."""

    path: Path
    title: str
    inputs: int
    modified_s: float

    @property
    def when(self) -> str:
        """When it was last written, as a person reads it, local."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.modified_s))

    @property
    def ended(self) -> str:
        """How: left, killed, SIGTERM or the like, error; and whether it was offered in vain."""
        return ", ".join(_ends_of(self.path)) or KILLED

    @property
    def is_settled(self) -> bool:
        """It was left on purpose, or offered and not gone on with."""
        return not {LEFT, DECLINED}.isdisjoint(_ends_of(self.path))

    def decline(self) -> None:
        """It need not be offered again. Raises OSError."""
        self.path.rename(_ended(self.path, *_ends_of(self.path), DECLINED))


class Taken:
    """A record that this process goes on with; nobody else can meanwhile.

    Raises OSError; BlockingIOError: somebody else does.
    """

    def __init__(self, record: Record) -> None:
        self._file = FileIO(record.path)
        try:
            lock_open_file(self._file)
        except OSError:
            self._file.close()
            raise
        #: Where it can be loaded from.
        self.path = record.path
        self._is_continued = False

    def continued(self) -> None:
        """Another record has all that it holds: it is removed once nobody loads it again."""
        if not self._is_continued:
            self.path = self.path.rename(self.path.with_name(f".{self.path.name}"))
            self._is_continued = True

    def close(self) -> None:
        """It is not loaded again."""
        if self._is_continued:
            self.path.unlink(missing_ok=True)
        self._file.close()


class RunRecorder(Recorder):
    """The recorder of an interactive run: what it holds of somebody's own is kept at its end."""

    def _next_path(self) -> Path:
        return _new_path() if self.own else self.path

    def _leave(self, is_replaced: bool) -> None:
        if self.own:
            self.end(LEFT)
        else:
            self.close(keep=is_replaced)

    def end(self, how: str) -> bool:
        """The run ended: it was LEFT, or something else ended it. False: nothing is kept.

        Raises OSError.
        """
        branches = self._history.branches.values()
        keep = self.own or (how != LEFT and any(branch.ops for branch in branches))
        if how == LEFT:
            self.note_place()
        if keep:
            self.path = self.path.rename(_ended(self.path, how))
        self.close(keep)
        return keep


def beginning_record(history: History) -> Slices[RunRecorder]:
    """Keep a history's journal on disk. Raises OSError, and RunFileError where it cannot be."""
    history.recorder = recorder = yield from RunRecorder.recording(history, _new_path())
    return recorder


def records_folder() -> Path:
    """Where records are: under XDG's state folder."""
    return user_state_path("aclbench") / "runs"


def ended_runs(say: Say) -> list[Record]:
    """The records of runs that ended, latest first.

    Empty ones are deleted, and all but the last KEPT of those that are settled, and of the others.
    A damaged one is given another name, and `say` is told. RunFileError: the folder cannot be read.
    """
    found: list[Record] = []
    for path in _records():
        with suppress(OSError):  # not ours to read, locked, no file, or deleted just now
            if path.name.startswith("."):
                _remove_unfinished(path)
            elif (record := _look_at(path, say)) is not None:
                found.append(record)
    found.sort(key=lambda record: record.modified_s, reverse=True)
    for is_settled in (True, False):
        for record in [record for record in found if record.is_settled == is_settled][KEPT:]:
            with suppress(OSError):  # it stays there, in a folder that cannot be written
                record.path.unlink()
            found.remove(record)
    return found


def _records() -> list[Path]:
    """The files that are records by their names. RunFileError: nobody can say."""
    folder = records_folder()
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        told = f"the runs that were kept are not known: {folder}: {error.strerror}"
        raise RunFileError(told) from None
    return [folder / name for name in names if name.endswith(SUFFIX) and _NAME.match(name)]


def _look_at(path: Path, say: Say) -> Record | None:
    with closing(FileIO(path)) as file:
        lock_open_file(file)
        try:
            seen = _glance(path)
        except DocumentError:
            set_record_aside(path, say)
            return None
        if seen.is_empty:
            path.unlink()
            return None
        return Record(path, seen.title, seen.inputs, path.stat().st_mtime)


def _glance(path: Path) -> _Glance:
    """Read the header of a record, and count. Raises OSError and DocumentError."""
    inputs = rows = branches = 0
    with path.open("rb") as file:
        header = JsonReader(_Header).read(file.readline())
        for line in file:
            branches += line.startswith(_NO_INPUTS[0])
            rows += not line.startswith(_NO_INPUTS)
            if line.startswith(_GIVEN) and not line.startswith(_CHANCE):
                inputs += not line.endswith(_TIMED)
    title = header.scenario.title if header.scenario is not None else "an empty bench"
    return _Glance(title, inputs, is_empty=not rows and branches < 2)


def set_record_aside(path: Path, say: Say) -> None:
    """Give a damaged record another name, and say so. Raises OSError."""
    say(f"the record of a run was damaged; it is now {set_aside(path)}")


def _remove_unfinished(path: Path) -> None:
    """Remove what a process that was killed has not written to the end, or still held."""
    with closing(FileIO(path)) as file:
        lock_open_file(file)
        if time.time() - path.stat().st_mtime > _UNFINISHED_S:
            path.unlink()


def _new_path() -> Path:
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    return records_folder() / f"{name}{SUFFIX}"


def _ended(path: Path, *ends: str) -> Path:
    """The name of a record that ended in a way."""
    return path.with_name(f"{path.name.split('.')[0]}{''.join(f'.{end}' for end in ends)}{SUFFIX}")


def _ends_of(path: Path) -> list[str]:
    """How a record ended, by its name."""
    return path.name.split(".")[1:-1]
