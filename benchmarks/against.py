"""This checkout beside another: `python -m benchmarks.against FOLDER [PART...]`.

Everything runs in processes of its own, this checkout and the other in turn, so that whatever else
the machine does meets both. Printed are medians of processor time (user and system) and of wall
time, and how many times as fast as the other this checkout is: 1.10 is a tenth faster. A checkout
is run by the Python of its own `.venv`, if it has one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from aclbench.tui.units import short_count
from benchmarks.captures import INSIDE, denied, fast, flood, mixed, opened, scan, spread
from benchmarks.measuring import Cost, cost_of_process
from benchmarks.replaying import inside_options
from benchmarks.screen import Terminal, play

ROOT = Path(__file__).parents[1]
#: A scenario that plays a capture as `replay` does without one.
SCENARIO = """title = "measured"
captures = ["{capture}"]
cli = \"\"\"
set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0 tag inside-out
set acl-plugin acl deny tag outside-in
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 1
\"\"\"

[[interface]]
name = "pg0"
prefixes = ["{inside}"]

[[interface]]
name = "pg1"
"""


class Sizes(NamedTuple):
    """How large the runs are."""

    packets: int
    flows: int


class Checkout:
    """A folder with the source of aclbench, compiled or not."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder.resolve()
        own = self.folder / ".venv" / "bin" / "python"
        self.python = str(own) if own.exists() else sys.executable
        self.env = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "XDG_STATE_HOME": str(state),
            "XDG_CONFIG_HOME": str(state),
        }
        # As after an install: reading the source anew would count for the program.
        compile_all = [self.python, "-m", "compileall", "-q", "aclbench"]
        subprocess.run(compile_all, check=True, env=self.env, cwd=self.folder)

    def command(self, *arguments: str) -> list[str]:
        """The command line of `aclbench` with such arguments."""
        return [self.python, "-m", "aclbench", *arguments]

    def form(self) -> str:
        """Its version, and whether it is compiled."""
        command = self.command("--version")
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=self.env, cwd=self.folder
        ).stdout.strip()

    def process(self, command: list[str]) -> Cost:
        """Run a whole process, its output thrown away."""
        return cost_of_process(command, self.env, self.folder)

    def within(self, kind: str, scenario: Path, number: int = 0) -> Cost:
        """What a kind of `benchmarks/inside.py` takes, without setting it up."""
        script = Path(__file__).with_name("inside.py")
        command = [self.python, str(script), kind, str(scenario), str(number)]
        found = subprocess.run(
            command, check=True, capture_output=True, text=True, env=self.env, cwd=self.folder
        )
        return Cost(*json.loads(found.stdout))


Measured = Callable[[Checkout], Cost]


def replay(path: Path, *options: str, guessed: bool = False) -> Measured:
    """A whole replay; with `guessed`, the guess of the inside included."""
    inside = () if guessed else inside_options()
    arguments = ("replay", *inside, *options, str(path))
    return lambda checkout: checkout.process(checkout.command(*arguments))


def within(kind: str, path: Path, number: int = 0) -> Measured:
    """A kind of `inside.py` on a capture."""
    scenario = path.with_suffix(".toml")
    scenario.write_text(SCENARIO.format(capture=path.name, inside=INSIDE[0]))
    return lambda checkout: checkout.within(kind, scenario, number)


def first_screen(shown: str) -> Measured:
    """From the start of the process to the first screen that shows the bench."""

    def run(checkout: Checkout) -> Cost:
        began = time.perf_counter()
        terminal = Terminal(checkout.command("tui", "--paused", shown), checkout.env)
        try:
            terminal.wait_for(re.compile(rb"paused"), 60)
            return Cost(terminal.cpu_seconds(), time.perf_counter() - began)
        finally:
            terminal.process.kill()
            terminal.process.wait(60)

    return run


def screen(path: Path, packets: int, *options: str) -> Measured:
    """A capture played on the screen as fast as it goes: processor time from the start on."""
    arguments = ("tui", "--paused", *inside_options(), *options, str(path))

    def run(checkout: Checkout) -> Cost:
        command = checkout.command(*arguments)
        seen = play(command, short_count(packets), 900, checkout.env)
        return Cost(seen.cpu, seen.seconds)

    return run


def parts(folder: Path, sizes: Sizes) -> dict[str, Callable[[], Measured]]:
    """What can be measured, by name; each makes its captures when it is asked for."""
    packets, flows = sizes
    few = max(1, flows // 10)
    return {
        "help": lambda: lambda checkout: checkout.process(checkout.command("--help")),
        "start": lambda: replay(fast(folder / "start.pcap", 10, 1)),
        "spread": lambda: replay(spread(folder / "spread.pcap", packets, flows), guessed=True),
        "long-flows": lambda: replay(fast(folder / "long.pcap", packets, flows)),
        "syn-flood": lambda: replay(flood(folder / "flood.pcap", packets // 2)),
        "port-scan": lambda: replay(scan(folder / "scan.pcap", packets // 2)),
        "denied": lambda: replay(denied(folder / "denied.pcap", packets)),
        "mix": lambda: replay(mixed(folder / "mix.pcap", packets, flows)),
        "mix-flow-hash": lambda: replay(
            mixed(folder / "mix.pcap", packets, flows), "--workers", "2", "--placement", "flow"
        ),
        "requeue": lambda: within("requeue", opened(folder / "requeue.pcap", flows, 0)),
        "day": lambda: within("day", opened(folder / "day.pcap", 1000, 0)),
        "step": lambda: within("step", fast(folder / "step.pcap", 10_000, 1000)),
        **{
            f"back-{unit}": lambda unit=unit: within(
                f"back-{unit}", fast(folder / "back.pcap", packets, flows), packets - 777
            )
            for unit in ("step", "event", "turn", "packet")
        },
        "back-acl": lambda: within("replace", opened(folder / "acl.pcap", 10, 10), 5000),
        "first-screen": lambda: first_screen("aging"),
        "first-screen-spread": lambda: first_screen(
            str(spread(folder / "spread.pcap", packets, flows))
        ),
        "screen": lambda: screen(
            opened(folder / "screen.pcap", flows, packets), packets + 3 * flows
        ),
        "screen-16": lambda: screen(
            opened(folder / "screen.pcap", few, packets),
            packets + 3 * few,
            *("--workers", "16", "--placement", "flow"),
        ),
    }


def compare(name: str, run: Measured, ours: Checkout, other: Checkout, runs: int) -> None:
    """Run both in turn, and print a line; who is first changes each time."""
    costs: dict[Checkout, list[Cost]] = {ours: [], other: []}
    for number in range(runs):
        for checkout in (ours, other) if number % 2 else (other, ours):
            costs[checkout].append(run(checkout))
    cells = []
    for field in Cost._fields:
        before, now = (median(getattr(c, field) for c in costs[of]) for of in (other, ours))
        cells.append(f"{before:>9.3f} s {now:>9.3f} s {before / max(now, 1e-9):>7.2f}")
    print(f"{name:<20}{'  '.join(cells)}", flush=True)


def main() -> None:
    """The parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the other checkout")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--flows", type=int, default=100_000)
    asked = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as scratch:
        there = parts(Path(scratch), Sizes(asked.packets, asked.flows))
        if unknown := set(asked.parts) - set(there):
            parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(there)}")
        ours, other = (Checkout(folder, Path(scratch)) for folder in (ROOT, asked.folder))
        print(f"other: {other.folder}, {other.form()}\nours:  {ours.folder}, {ours.form()}")
        print(
            f"{'':<20}{'cpu: other':>11}{'ours':>12}{'times':>8}{'wall: other':>13}"
            f"{'ours':>12}{'times':>8}"
        )
        for name in asked.parts or there:
            compare(name, there[name](), ours, other, asked.runs)


if __name__ == "__main__":
    main()
