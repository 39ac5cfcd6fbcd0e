"""What the live screen costs: a replay flat out beside its speed without one, and the keys' delay.

    python -m benchmarks.screen [--flows N] [--packets N] [--workers N] [--threads]

The whole program runs in a pseudo-terminal of 120 by 40. Once it plays as fast as it goes, a key is
pressed every half second, and the time is taken until what it changes comes out of the terminal.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from fcntl import ioctl
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from aclbench.tui.units import short_count
from benchmarks.captures import opened
from benchmarks.measuring import cost_of_process
from benchmarks.replaying import inside_options

SIZE = 120, 40
#: Output that comes within this time is one painting, in seconds.
BURST_S = 0.02
KEY_EVERY_S = 0.5
#: Presses of + from the speed one begins with to the fastest.
FASTER = 16
_FILTERS = re.compile(rb"all events|without packets|sessions alone")


class Seen(NamedTuple):
    """What came of one run: what it took (s), paintings a second, and the keys' delays (s).

    `seconds` are on the wall while it played, `cpu` those of the processor until its last packet.
    """

    seconds: float
    cpu: float
    frames_a_second: float
    delays: list[float]
    paused_share: float


class Terminal:
    """A program in a pseudo-terminal, and what it wrote since one last looked."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, **colours},
            start_new_session=True,
        )
        os.close(slave)
        self.bursts = 0
        self._last = 0.0

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def read(self, for_s: float) -> bytes:
        """What comes out, for at most so long; returns as soon as there is something."""
        ready, _, _ = select.select([self.master], [], [], for_s)
        if not ready:
            return b""
        data = os.read(self.master, 1 << 16)
        now = time.perf_counter()
        if now - self._last > BURST_S:
            self.bursts += 1
        self._last = now
        return data

    def wait_for(self, pattern: re.Pattern[bytes], for_s: float) -> float:
        """How long it takes until something comes out. TimeoutError."""
        began, seen = time.perf_counter(), b""
        while time.perf_counter() - began < for_s:
            seen = (seen + self.read(0.05))[-65536:]
            if pattern.search(seen):
                return time.perf_counter() - began
        raise TimeoutError(f"{pattern.pattern!r} did not come within {for_s} s: {seen[-500:]!r}")

    def cpu_seconds(self) -> float:
        """Processor time that the program has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def play(command: list[str], packets: str, longest_s: float, env: Mapping[str, str]) -> Seen:
    """Play to the last packet, pressing a key now and then."""
    terminal = Terminal(command, env)
    try:
        return _play(terminal, packets, longest_s)
    finally:
        terminal.process.kill()
        terminal.process.wait(60)


def _play(terminal: Terminal, packets: str, longest_s: float) -> Seen:
    terminal.wait_for(re.compile(rb"paused"), 60)
    terminal.press("+" * FASTER)
    terminal.wait_for(re.compile(rb"max"), 10)
    time.sleep(1)
    while terminal.read(0.2):
        pass
    began, end = time.perf_counter(), re.compile(rb"packets [^ ]*?" + packets.encode())
    terminal.press(" ")
    terminal.bursts = 0
    delays: list[float] = []
    seen, pressed, next_press = b"", 0.0, began + KEY_EVERY_S
    while True:
        now = time.perf_counter()
        if now - began > longest_s:
            shown = _plain(seen)[-600:]
            raise TimeoutError(f"not at {packets} packets after {longest_s} s: {shown!r}")
        if not pressed and now >= next_press:
            terminal.press("f")
            pressed, seen = now, b""
        data = terminal.read(0.01)
        seen = (seen + data)[-65536:]
        if pressed and _FILTERS.search(seen):
            delays.append(time.perf_counter() - pressed)
            pressed, next_press = 0.0, time.perf_counter() + KEY_EVERY_S
        if data and end.search(_plain(seen)):
            break
    seconds, cpu = time.perf_counter() - began, terminal.cpu_seconds()
    frames = terminal.bursts / seconds
    time.sleep(2)  # it stops at the last packet by itself
    while terminal.read(0.3):
        pass
    before, wall = terminal.cpu_seconds(), time.perf_counter()
    time.sleep(3)
    share = (terminal.cpu_seconds() - before) / (time.perf_counter() - wall)
    terminal.press("q")
    return Seen(seconds, cpu, frames, delays, share)


def _plain(data: bytes) -> bytes:
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", data)


def main() -> None:
    """Without a screen, then with one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--packets", type=int, default=2_000_000, help="after the opening")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--longest", type=float, default=900, help="seconds, then it is given up")
    parser.add_argument("--threads", action="store_true")
    asked = parser.parse_args()
    total = 3 * asked.flows + asked.packets
    shape = ["--workers", str(asked.workers), "--placement", "flow", *inside_options()]
    with TemporaryDirectory() as folder:
        path = str(opened(Path(folder) / "opened.pcap", asked.flows, asked.packets))
        state = {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        program = [sys.executable, "-m", "aclbench"]
        threads = ["--threads"] if asked.threads else []
        replay = [*program, "replay", *threads, *shape, path]
        without = cost_of_process(replay)
        print(
            f"without a screen  {total / without.wall:>12,.0f} packets/s, "
            f"{without.cpu:.2f} s of processor time, whole process",
            flush=True,
        )
        screen = [*program, "tui", "--paused", *threads, *shape, path]
        seen = play(screen, short_count(total), asked.longest, {**os.environ, **state})
        print(
            f"with the screen   {total / seen.seconds:>12,.0f} packets/s, "
            f"{without.wall / seen.seconds:.2f} of that; {seen.cpu:.2f} s of processor time, "
            f"{without.cpu / seen.cpu:.2f}; {seen.frames_a_second:.1f} paintings a second"
        )
        delays = sorted(seen.delays)
        print(
            f"keys: {len(delays)}, median {median(delays) * 1e3:.0f} ms, "
            f"nine of ten within {delays[int(len(delays) * 0.9)] * 1e3:.0f} ms, "
            f"the slowest {delays[-1] * 1e3:.0f} ms"
        )
        print(f"paused: {seen.paused_share:.1%} of a core")


if __name__ == "__main__":
    main()
