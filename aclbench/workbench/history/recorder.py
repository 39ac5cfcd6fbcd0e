"""The record of a run, written as it goes, so that nothing is lost on a crash."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

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
    record_header,
)
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Steps


class Recorder:
    """Writes a run's journal to a file as it goes, so that nothing is lost on a crash.

    It is the history's `recorder`. The file is there once it holds what the history does, and is
    locked until `close`, which ends it; with `keep` False the file is deleted. Raises OSError, and
    RunFileError for a run that cannot be recorded.
    """

    def __init__(self, history: History, path: Path) -> None:
        self.path = path
        #: Why the record ends early, if it does: a full disk must not end the run.
        self.failed: OSError | AclbenchError | None = None
        #: It holds inputs that somebody gave, or branches that somebody made.
        self.own = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._history = history
        self._file = self._written(history)

    def begin(self, history: History) -> None:
        """Record another history, and nothing else."""
        before, self.own, self.failed = self._file, False, None
        try:
            self._file = self._written(history)
        except (OSError, RunFileError) as error:
            self.failed = error
        else:
            before.close()
        self._history = history

    def _written(self, history: History) -> io.FileIO:
        """A file with what a history holds, in the place of the one that is there."""
        lines = [record_header(history.here.rig)]
        for branch in history.branches.values():
            lines += branch_lines(branch, history.branches.get(branch.parent))
        lines.append(to_json(SwitchRow(history.branch.name)))
        beside = self.path.with_name(f".{self.path.name}")
        file = io.FileIO(beside, "w")
        try:
            lock_open_file(file)
            _write_all(file, lines)
            beside.replace(self.path)
        except BaseException:
            file.close()
            beside.unlink(missing_ok=True)
            raise
        return file

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
                _write_all(self._file, map(to_json, rows))
            except OSError as error:
                self.failed = error


def _is_given(op: Op) -> bool:
    """Somebody gave this input: it is no time that went by, nor a scenario's own line."""
    if isinstance(op, Cli):
        return not op.timed
    return isinstance(op, Inject) or (isinstance(op, Steps) and op.actor is not None)


def _write_all(file: io.FileIO, lines: Iterable[str]) -> None:
    """Write lines past all buffers, so that they outlive this process. Raises OSError."""
    left = memoryview("".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"))
    while left:
        left = left[file.write(left) :]
