"""Runs the command `aclbench`, and finds what tests give it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forked import Forked

from aclbench.workbench.rig.bundled import bundled_files

CAPTURES = bundled_files("pcaps")

#: A run that takes longer, in seconds, is a failure.
TIMEOUT_S: Final = 60


def run(
    *arguments: str,
    text: str = "",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    program: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run it in the folder and the environment of whoever asks, unless others are named.

    `text` is what it can read on standard input, `program` what Python runs instead of it.
    """
    with tempfile.TemporaryDirectory() as files:
        typed, out, err = (Path(files, name) for name in ("in", "out", "err"))
        typed.write_text(text)
        names = str(typed), str(out), str(err)
        process = Forked(arguments, names, environment or os.environ, program, folder)
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
