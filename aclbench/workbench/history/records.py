"""The records of interactive runs: kept on disk as they go, offered when the process that made one
has ended without deleting it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from aclbench.workbench.history.history import History
from aclbench.workbench.history.recorder import Recorder
from aclbench.workbench.history.runfile import SUFFIX

#: Lines of a record that hold no input: the header and the first branch.
_EMPTY_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A record that was left behind, and when it was last written (seconds since the epoch)."""

    path: Path
    modified_s: float

    @property
    def when(self) -> str:
        """Its time as a person reads it, local."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.modified_s))


def records_folder() -> Path:
    """Where records are: under XDG's state folder."""
    return user_state_path("aclbench") / "runs"


def begin_record(history: History) -> Recorder:
    """Keep a history's journal on disk, under this process's number."""
    recorder = Recorder(history, records_folder() / f"{os.getpid()}{SUFFIX}")
    history.recorder = recorder
    return recorder


def interrupted_records() -> list[Interrupted]:
    """The records of processes that are no more, latest first; empty ones are deleted."""
    found: list[Interrupted] = []
    for path in records_folder().glob(f"*{SUFFIX}"):
        if not path.stem.isdecimal() or _is_alive(int(path.stem)):
            continue
        try:
            with path.open("rb") as file:
                worth_it = sum(1 for _, _line in zip(range(_EMPTY_LINES + 1), file, strict=False))
            if worth_it > _EMPTY_LINES:
                found.append(Interrupted(path, path.stat().st_mtime))
            else:
                path.unlink()
        except OSError:
            continue  # not ours to read, no file, or deleted just now
    return sorted(found, key=lambda record: record.modified_s, reverse=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
