"""Runs the command in a process of its own, with little CPU time and memory; judges what it did.

A case is wrong if it ends in a traceback or by a signal, takes more than CPU_SECONDS or
MEMORY_BYTES, does not end, puts a raw control of somebody's text on the terminal, or leaves a file
that nobody asked for.
"""

from __future__ import annotations

import base64
import fcntl
import importlib
import json
import os
import pty
import re
import resource
import select
import signal
import struct
import sys
import termios
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CPU_SECONDS: Final = 5
MEMORY_BYTES: Final = 500 << 20
#: Who uses no CPU time for so long hangs, however busy the machine is; in seconds.
IDLE_SECONDS: Final = 60
#: A far net on the wall, for who waits and wakes for ever.
WALL_SECONDS: Final = 900
SIZE: Final = 24, 80
#: Between two pieces that are typed, in seconds.
BETWEEN_KEYS_S: Final = 0.03
#: From the first sign of the program to the first key: until it is quiet for so long, or at most.
QUIET_S, FIRST_KEY_S = 0.2, 2.0
#: How long it may take to leave by its keys; then it is told to by SIGTERM, and has as long again.
LEAVE_S: Final = 3.0
_COLOURS: Final = re.compile(rb"\x1b\[[0-9;]*m")
#: What of the hostile texts must never come out as it is.
RAW: Final = (b"\x1b]0;P", b"\x1b[31mPWNED", b"\xc2\x9b", "\u202e".encode())
#: What a terminal is told when there is none that draws: these, and no other control.
PLAIN: Final = b"\n\t\r"


@dataclass(frozen=True)
class Case:
    """A command, in its folder; what it reads, or the pieces typed at its terminal."""

    arguments: tuple[str, ...]
    #: Files to be there first, by their names in the folder.
    files: dict[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    #: On a terminal: pieces that are typed one after the other.
    typed: tuple[bytes, ...] | None = None
    #: Files that it was asked to write.
    may_write: bool = False
    #: The module whose `main` is called.
    module: str = "aclbench.cli"

    def to_json(self) -> str:
        """All of it, to be tried again."""
        kept: dict[str, Any] = {
            "arguments": self.arguments,
            "files": {name: _coded(data) for name, data in self.files.items()},
            "stdin": _coded(self.stdin),
            "typed": None if self.typed is None else [_coded(piece) for piece in self.typed],
            "may_write": self.may_write,
            "module": self.module,
        }
        return json.dumps(kept, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Case:
        """A case that was kept."""
        kept = json.loads(text)
        typed = kept["typed"]
        return cls(
            tuple(kept["arguments"]),
            {name: base64.b64decode(data) for name, data in kept["files"].items()},
            base64.b64decode(kept["stdin"]),
            None if typed is None else tuple(base64.b64decode(piece) for piece in typed),
            kept["may_write"],
            kept["module"],
        )


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def try_case(case: Case, folder: Path) -> str:
    """Run it in an empty folder; what is wrong, or an empty text."""
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    before = _files(folder)
    if case.typed is None:
        ended, output = _piped(case, folder)
        told = False
    else:
        ended, output, told = _on_terminal(case, case.typed, folder)
    problem = _judged(case, ended, output, told)
    changed = {} if case.may_write else dict(before.items() ^ _files(folder).items())
    if not problem and changed:
        problem = f"files that nobody asked for: {', '.join(changed)}"
    return f"{problem}\n{output.decode('utf-8', 'replace')[-12000:]!r}" if problem else ""


def _judged(case: Case, ended: int, output: bytes, told: bool) -> str:
    """What is wrong; `told` is whether it was told to end, by SIGTERM."""
    if b"Traceback" in _COLOURS.sub(b"", output):
        return "a traceback"
    if os.WIFSIGNALED(ended):
        number = os.WTERMSIG(ended)
        if number == signal.SIGXCPU:
            return f"more than {CPU_SECONDS} s of CPU time"
        if number == signal.SIGKILL:
            return "it did not end"
        if not (told and number == signal.SIGTERM):
            return f"ended by {signal.Signals(number).name}"
    elif os.WEXITSTATUS(ended) not in (0, 1, 2, 130, 143):
        return f"exit code {os.WEXITSTATUS(ended)}"
    raw = [control for control in RAW if control in output]
    if case.typed is None:
        raw += [bytes([c]) for c in set(output) if (c < 32 and c not in PLAIN) or c == 127]
    return f"raw controls: {sorted(raw)}" if raw else ""


def _piped(case: Case, folder: Path) -> tuple[int, bytes]:
    """How it ended, and what it said on either stream."""
    told, out = folder.parent / "stdin", folder.parent / "out"
    told.write_bytes(case.stdin)
    process = os.fork()
    if not process:
        os.dup2(os.open(told, os.O_RDONLY), 0)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        os.dup2(1, 2)
        _be_the_command(case, folder)
    return _wait(process, WALL_SECONDS), out.read_bytes()


def _on_terminal(case: Case, typed: tuple[bytes, ...], folder: Path) -> tuple[int, bytes, bool]:
    """How it ended, what it drew, and whether it was told to end."""
    process, terminal = pty.fork()
    if not process:
        _be_the_command(case, folder)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    output = bytearray()
    told = False
    try:
        for _ in _drawn(terminal, output, IDLE_SECONDS):
            break
        began = time.monotonic()
        while time.monotonic() < began + FIRST_KEY_S and any(_drawn(terminal, output, QUIET_S)):
            pass
        for piece in typed:
            _wait_for_reader(terminal, output)
            _type(terminal, piece)
            for _ in _drawn(terminal, output, BETWEEN_KEYS_S):
                pass
        for _ in _drawn(terminal, output, LEAVE_S):
            pass
        done, ended = os.waitpid(process, os.WNOHANG)
        if not done:
            told = True
            os.kill(process, signal.SIGTERM)
            for _ in _drawn(terminal, output, LEAVE_S):
                pass
            ended = _wait(process, LEAVE_S)
    finally:
        os.close(terminal)
    return ended, bytes(output), told


def _drawn(terminal: int, output: bytearray, seconds: float) -> Iterator[bool]:
    """True for each piece that it draws, for so long or until it has closed the terminal."""
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left_s)[0]:
            try:
                output += os.read(terminal, 65536)
            except OSError:
                return
            yield True


def _wait_for_reader(terminal: int, output: bytearray) -> None:
    """A program that has left the terminal, and is about to end, has it echo what is typed."""
    until = time.monotonic() + QUIET_S
    while time.monotonic() < until and termios.tcgetattr(terminal)[3] & termios.ECHO:
        for _ in _drawn(terminal, output, BETWEEN_KEYS_S):
            pass


def _type(terminal: int, piece: bytes) -> None:
    # Nobody may be there any more; what nobody reads would fill the terminal.
    if select.select([], [terminal], [], 0)[1]:
        os.write(terminal, piece)


def _wait(process: int, seconds: float) -> int:
    """How it ended; it is ended if that takes longer."""
    now = time.monotonic()
    until, used, moved = now + seconds, 0, now
    while (now := time.monotonic()) < until and now < moved + IDLE_SECONDS:
        done, ended = os.waitpid(process, os.WNOHANG)
        if done:
            return ended
        if used != (used := _cpu_ticks(process)):
            moved = now
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    return os.waitpid(process, 0)[1]


def _cpu_ticks(process: int) -> int:
    """The CPU time that it has used, in ticks of the system's clock."""
    values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


def _be_the_command(case: Case, folder: Path) -> None:
    """In the process that was forked: limits, a home of its own, the command. Never returns."""
    code = 70
    try:
        home = folder.parent / "home"
        os.environ.update(
            HOME=str(home),
            XDG_STATE_HOME=str(folder / "state"),
            XDG_CONFIG_HOME=str(folder / "config"),
            XDG_DATA_HOME=str(home / "data"),
            XDG_CACHE_HOME=str(home / "cache"),
            TMPDIR=str(home),
            TERM="xterm-256color",
            NO_COLOR="1",
        )
        home.mkdir(exist_ok=True)
        os.chdir(folder)
        _limit()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _open_streams()
        code = _run(case)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        code = 70
    finally:
        os._exit(code)


def _open_streams() -> None:
    """New ones, as a program that is begun has them."""
    sys.stdin = sys.__stdin__ = os.fdopen(0, errors="surrogateescape", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(
        2, "w", errors="backslashreplace", closefd=False, buffering=1
    )


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 2))


def _run(case: Case) -> int:
    """The exit code."""
    sys.argv = ["aclbench", *case.arguments]
    try:
        importlib.import_module(case.module).main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _files(folder: Path) -> dict[str, bytes]:
    """What is in the folder, but for the state and config that the program keeps for itself."""
    kept = ("state", "config")
    paths = (p for p in folder.rglob("*") if p.relative_to(folder).parts[0] not in kept)
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}
