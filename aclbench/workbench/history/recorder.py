"""The record of a run, written as it goes, so that nothing is lost on a crash."""

from __future__ import annotations

from pathlib import Path

from aclbench.documents import to_json
from aclbench.errors import AclbenchError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.runfile import BranchRow, SwitchRow, branch_lines, record_header
from aclbench.workbench.rig.inputs import Op


class Recorder:
    """Writes a run's journal to a file as it goes, so that nothing is lost on a crash.

    It is the history's `recorder`. `close` ends it; with `keep` False the file is deleted.
    """

    def __init__(self, history: History, path: Path) -> None:
        self.path = path
        #: Why the record ends early, if it does: a full disk must not end the run.
        self.failed: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        try:
            self.begin(history)
        except AclbenchError:
            self.close()
            raise

    def begin(self, history: History) -> None:
        """Write anew what a history holds, and nothing else."""
        self._file.seek(0)
        self._file.truncate()
        self._write(record_header(history.here.rig))
        for branch in history.branches.values():
            for line in branch_lines(branch, history.branches.get(branch.parent)):
                self._write(line)

    def branch(self, branch: Branch, shared: int) -> None:
        """A branch was opened."""
        self._write(to_json(BranchRow(branch.name, branch.parent, shared)))
        for op in branch.ops[shared:]:
            self.op(op)

    def switch(self, name: str) -> None:
        """Another branch is the current one."""
        self._write(to_json(SwitchRow(name)))

    def op(self, op: Op) -> None:
        """An input was noted."""
        self._write(to_json(op))

    def close(self, keep: bool = False) -> None:
        """End the record."""
        try:
            self._file.close()
        except OSError as error:  # what was not written yet cannot be
            self.failed = error
        if not keep:
            self.path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        if self.failed is not None:
            return
        try:
            self._file.write(line + "\n")
        except OSError as error:
            self.failed = error
