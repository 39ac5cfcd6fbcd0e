"""The record of a run, written as it goes, so that nothing is lost on a crash."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path
from typing import Self

from aclbench.documents import to_json
from aclbench.errors import AclbenchError, RunFileError
from aclbench.files import lock_open_file
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.runfile import (
    BranchRow,
    CurrentRow,
    SwitchRow,
    branch_lines,
    in_pieces,
    record_header,
)
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Steps
from aclbench.workbench.tasks import Progress, Slices


class Recorder:
    """Writes a run's journal to a file as it goes, so that nothing is lost on a crash.

    It is the history's `recorder`. The file is locked until `close`, which ends it; with `keep`
    False the file is deleted.
    """

    def __init__(self, history: History, path: Path, file: io.FileIO) -> None:
        """See `recording`, which writes the file."""
        self.path = path
        #: Why the record ends early, if it does: a full disk must not end the run.
        self.failed: OSError | AclbenchError | None = None
        #: It holds inputs that somebody gave, or branches that somebody made.
        self.own = False
        self._history = history
        self._file = file

    @classmethod
    def recording(cls, history: History, path: Path) -> Slices[Self]:
        """A recorder whose file holds what the history does, which stands still until then.

        Raises OSError, and RunFileError for a run that cannot be recorded.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(history, path, (yield from _written(history, path)))

    def beginning(self, history: History) -> Slices[None]:
        """Record another history once this is done; it stands still until then."""
        path, file = self._next_path(), self._file
        failed: OSError | AclbenchError | None = None
        try:
            file = yield from _written(history, path)
        except (OSError, RunFileError) as error:
            failed = error
        try:
            self._leave(is_replaced=failed is None)
        except OSError as error:
            failed = error
        self._history, self.path, self._file = history, path, file
        self.own, self.failed = False, failed

    def _next_path(self) -> Path:
        """Where another history is recorded."""
        return self.path

    def _leave(self, is_replaced: bool) -> None:
        """The record ends, for another history's begins; that may be in its file's place."""
        self._file.close()

    def branch(self, branch: Branch, shared: int) -> None:
        """A branch was opened."""
        self.own = True
        self._write(BranchRow(branch.name, branch.parent, shared), *branch.ops[shared:])

    def switch(self, name: str) -> None:
        """Another branch is the current one."""
        self._write(SwitchRow(name))

    def op(self, op: Op) -> None:
        """An input was noted."""
        self.own = self.own or _is_given(op)
        self._write(op)

    def note_place(self) -> None:
        """Note where the run stands, for it ends."""
        self._write(CurrentRow(self._history.branch.name, self._history.cursor))

    def close(self, keep: bool = False) -> None:
        """End the record."""
        if not keep:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _write(self, *rows: Op | BranchRow | SwitchRow | CurrentRow) -> None:
        if self.failed is None:
            try:
                for piece in in_pieces(map(to_json, rows)):
                    _write_all(self._file, piece)
            except OSError as error:
                self.failed = error


def _is_given(op: Op) -> bool:
    """Somebody gave this input: it is no time that went by, nor a scenario's own line."""
    if isinstance(op, Cli):
        return not op.timed
    return isinstance(op, Inject) or (isinstance(op, Steps) and op.actor is not None)


def _written(history: History, path: Path) -> Slices[io.FileIO]:
    """A locked file with what a history holds, in the place of the one that is there."""
    header = record_header(history.here.rig)
    switch = to_json(SwitchRow(history.branch.name))
    beside = path.with_name(f".{path.name}")
    file = io.FileIO(beside, "w")
    try:
        lock_open_file(file)
        for piece in in_pieces(chain((header,), branch_lines(history.branches), (switch,))):
            _write_all(file, piece)
            yield Progress(file.tell(), unit="bytes recorded")
        beside.replace(path)
    except BaseException:
        file.close()
        beside.unlink(missing_ok=True)
        raise
    return file


def _write_all(file: io.FileIO, piece: bytes) -> None:
    """Write past all buffers, so that it outlives this process. Raises OSError."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]
