"""Runs the command `aclbench` with nothing to read, and finds what tests give it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from forked import Forked

from aclbench.workbench.rig.bundled import bundled_files

CAPTURES = bundled_files("pcaps")

#: A run that takes longer, in seconds, is a failure.
TIMEOUT_S: Final = 60


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in the folder and the environment of whoever asks."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = Forked(arguments, (os.devnull, str(out), str(err)))
        try:
            code = process.wait(TIMEOUT_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(
            arguments, code, out.read_text("utf-8"), err.read_text("utf-8")
        )


def capture(name: str) -> str:
    """A bundled capture's path."""
    return str(next(path for path in CAPTURES if path.stem == name))
