"""The command `aclbench` in a process of its own, without the cost of starting one.

A server has imported what the command needs, and forks for each run; so a run takes a tenth of
what a new interpreter takes. What is imported when, and how an interpreter starts in odd
surroundings, is tested elsewhere, with whole processes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

#: Commands that have the machine interpreted.
INTERPRETED: Final = {"explore", "museum", "play"}
_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["forked", "aclbench.cli.commands", "aclbench.repl.batch", "aclbench.repl.lesson",
     "aclbench.repl.prompt", "aclbench.tui.app", "aclbench.tui.driver", "frozen"]
)  # fmt: skip


class Forked:
    """A run of the command, as `subprocess.Popen` has one.

    `files` are the names of its standard input, output and error; `program` is what Python runs
    instead of the command. A terminal among the files controls nobody.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        files: tuple[str, str, str],
        environment: Mapping[str, str] = os.environ,
        program: str = "",
        folder: Path | None = None,
    ) -> None:
        told = (tuple(arguments), str(folder or Path.cwd()), dict(environment), files, program)
        self._process = _SERVER.Process(target=_be_the_command, args=told)
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """The exit code, or a signal's number below 0; None: it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; returns the exit code. Raises TimeoutExpired (`timeout` in seconds)."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("aclbench", timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _be_the_command(
    arguments: tuple[str, ...],
    cwd: str,
    environ: dict[str, str],
    files: tuple[str, str, str],
    program: str,
) -> None:
    """In the process that was forked: what a shell does, and the interpreter as it starts."""
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    for number, name in enumerate(files):
        mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        opened = os.open(name, mode | os.O_NOCTTY, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = sys.__stdin__ = _stream(0, "r")
    sys.stdout = sys.__stdout__ = _stream(1, "w")
    sys.stderr = sys.__stderr__ = _stream(2, "w", buffering=1, errors="backslashreplace")
    if not program and ("--exhibit" in arguments or INTERPRETED & set(arguments[:1])):
        # They run interpreted, and what the server has imported may be compiled.
        os.execv(sys.executable, [sys.executable, "-m", "aclbench", *arguments])
    sys.argv = ["aclbench", *arguments]
    from aclbench.cli import main

    try:
        exec(program, {"__name__": "__main__"}) if program else main()
    except SystemExit:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody may be there any more; the exit code stays
                stream.flush()
        sys.stdout = sys.stderr = None  # type: ignore[assignment]  # it is not tried again
        raise


def _stream(number: int, mode: str, **options: Any) -> IO[str]:
    return os.fdopen(number, mode, encoding="utf-8", closefd=False, **options)
