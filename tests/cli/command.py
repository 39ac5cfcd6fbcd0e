"""Runs the command `aclbench` in a process of its own, without the cost of starting one.

A server has imported what the command needs, and forks for each run; so a run takes a tenth of
what a new interpreter takes. What is imported when is tested elsewhere, with whole processes.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from aclbench.workbench.rig.bundled import bundled_files

CAPTURES = bundled_files("pcaps")

#: A run that takes longer, in seconds, is a failure.
TIMEOUT_S: Final = 60
_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["cli.command", "aclbench.cli.commands", "aclbench.cli.replay", "aclbench.cli.explain",
     "aclbench.cli.repl", "aclbench.workbench.workbench"]
)  # fmt: skip


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in the folder and the environment of whoever asks, with nothing to read."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        told = (arguments, os.getcwd(), dict(os.environ), (os.devnull, str(out), str(err)))
        process = _SERVER.Process(target=_be_the_command, args=told)
        process.start()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), TIMEOUT_S)
        return subprocess.CompletedProcess(
            arguments, process.exitcode, out.read_text("utf-8"), err.read_text("utf-8")
        )


def _be_the_command(
    arguments: tuple[str, ...], cwd: str, environ: dict[str, str], files: tuple[str, str, str]
) -> None:
    """In the process that was forked: what a shell does, and the interpreter as it starts."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    for number, name in enumerate(files):
        mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(name, mode, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    sys.argv = ["aclbench", *arguments]
    from aclbench.cli import main

    main()


def capture(name: str) -> str:
    """A bundled capture's path."""
    return str(next(path for path in CAPTURES if path.stem == name))
