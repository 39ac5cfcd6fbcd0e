"""Kills the screen and the prompt with SIGKILL at random moments, and looks what is left.

    make kills KILLS=300

Somebody types lines, each of them told from the others, and has the run saved behind each: what
was saved was done. At the next start all lines must be there that were done, in their order, and
at most one more. Then the run goes on with `--resume`, and is killed again.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from pseudoterminal import Terminal

from aclbench import Workbench
from aclbench.workbench.history.records import ended_runs
from aclbench.workbench.rig.inputs import Cli

FACES: Final = ("tui", "repl")
SCENARIOS: Final = ("aging", "two-workers", "clear-by-interface")
#: So many kills befall one run.
CHAIN: Final = 10
#: A kill comes at most so long after the start, or after the first line, in seconds.
START_S: Final = 2.0
TYPING_S: Final = 2.0
#: The command line is painted before it gets the keys.
SETTLING_S: Final = 0.2
#: A command that was refused is typed again after so long.
AGAIN_S: Final = 0.3
#: What a person sees when the face is there; the key that opens the screen's command line, and what
#: is seen then.
READY: Final = {"tui": b"rounds", "repl": b"aclbench#"}
COMMAND_KEY: Final = ":"
COMMAND_LINE: Final = b"Earlier"


class Lost(AssertionError):
    """Something that was done is not there any more."""


class Run:
    """A run that is killed again and again; its records are in a folder of its own."""

    def __init__(self, folder: Path, choices: random.Random) -> None:
        self._state, self._saved = folder / "state", folder / "saved"
        self._saved.mkdir(parents=True)
        self._choices = choices
        os.environ["XDG_STATE_HOME"] = str(self._state)
        #: The lines of the run that are known to be in its record.
        self.lines: list[str] = []
        self._number = 0

    def kill(self, face: str, after: int | None = None) -> None:
        """Start or go on, type, kill: behind so many lines, or at a random moment. Raises Lost."""
        arguments = ["--resume"] if self.lines else [self._choices.choice(SCENARIOS)]
        done = 0
        with closing(Terminal(self._state, face, *arguments)) as terminal:
            at_start = after is None and self._choices.random() < 0.2
            ends = self._ends(START_S if at_start else None)
            if self._sees(terminal, READY[face], ends) and self._can_type(terminal, face, ends):
                ends = self._ends(TYPING_S if after is None else None)
                for line in self._typed(terminal, face, ends):
                    done += line in lines_of(self._saved / f"{self._number}.run")
                    if done == after:
                        break
        self.look()

    def _ends(self, within_s: float | None) -> float:
        """The moment to come at which it is killed."""
        return time.monotonic() + (180 if within_s is None else self._choices.uniform(0, within_s))

    def _sees(self, terminal: Terminal, word: bytes, ends: float) -> bool:
        while word not in terminal.painted and time.monotonic() < ends:
            terminal.listen()
        return word in terminal.painted

    def _can_type(self, terminal: Terminal, face: str, ends: float) -> bool:
        """Have a command line."""
        if face == "tui":
            terminal.type(COMMAND_KEY)
            opened = self._sees(terminal, COMMAND_LINE, ends)
            time.sleep(SETTLING_S)
            return opened
        return True

    def _typed(self, terminal: Terminal, face: str, ends: float) -> Iterator[str]:
        """Type; yields each line of the run once it was typed and the run saved behind it."""
        while True:
            self._number += 1
            line = f"set acl-plugin session timeout udp idle {self._number}"
            saved = self._saved / f"{self._number}.run"
            also = self._choices.choice(["", "run 5s", f"branch b{self._number}", "run 50s"])
            for text in filter(None, (line, also)):
                terminal.type(f"{text}\r")
                if face == "tui":
                    time.sleep(SETTLING_S)  # a line is taken before the next one may be typed
            saving = 0.0
            while not saved.exists():
                now = time.monotonic()
                if now >= ends:
                    return
                if now >= saving:
                    # The screen refuses a command while another is under way, and keeps its text:
                    # Ctrl-U takes it away. The prompt waits.
                    terminal.type(f"\x15save {saved}\r" if face == "tui" else f"save {saved}\r")
                    saving = now + (AGAIN_S if face == "tui" else 60)
                terminal.listen()
            yield line

    def look(self) -> None:
        """Find the run as the next start does: it has what was saved last, and at most a line more.

        Raises Lost.
        """
        runs = ended_runs(_refuse)
        kept = lines_of(runs[0].path) if runs else []
        newest = max(self._saved.glob("*.run"), key=lambda path: int(path.stem), default=None)
        done = max(self.lines, lines_of(newest) if newest is not None else [], key=len)
        if kept[: len(done)] != done or len(kept) > len(done) + 1:
            raise Lost(f"these were done: {done}; there are {kept}")
        self.lines = kept


def lines_of(run: Path) -> list[str]:
    """What somebody typed, on the branch that a run stands on."""
    ops = Workbench.load(run).past.branch.ops
    return [op.line for op in ops if isinstance(op, Cli) and not op.timed]


def _refuse(sentence: str) -> None:
    raise Lost(sentence)


def chain(seed: int, kills: int) -> str:
    """Kill one run so many times; returns what was lost, if anything was."""
    choices = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), choices)
        for number in range(kills):
            face = choices.choice(FACES)
            try:
                run.kill(face)
            except Exception as error:
                return f"seed {seed}, kill {number + 1}, {face}: {type(error).__name__}: {error}"
    return ""


def report(found: Iterable[str], kills: int) -> int:
    """Print what was lost; returns the exit code."""
    lost = [text for text in found if text]
    print(*lost, f"{kills} kills: {len(lost) or 'nothing'} lost", sep="\n")
    return 1 if lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    rest = asked.kills % CHAIN
    sizes = [CHAIN] * (asked.kills // CHAIN) + [rest] * bool(rest)
    seeds = range(asked.seed, asked.seed + len(sizes))
    print(f"seed {asked.seed}")
    with ProcessPoolExecutor(asked.jobs) as pool:
        return report(pool.map(chain, seeds, sizes), asked.kills)


if __name__ == "__main__":
    sys.exit(main())
