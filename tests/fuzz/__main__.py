"""Fuzzes every kind of input for as long as it is told: `make fuzz`.

python -m fuzz --seconds 600 --seed 7 --jobs 2        # in tests/
python -m fuzz --kind scenarios --case 41 --seed 7    # that one alone
python -m fuzz --again ../build/fuzz/x.json           # one that was kept
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

# Imported here once, and not by each case.
import aclbench.cli.commands
import aclbench.repl.prompt
import aclbench.tui.app  # noqa: F401
from fuzz.kinds import KINDS
from fuzz.running import Case, try_case

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fuzz:
    """What is asked for: kinds, where chance begins, how long, and where failures are kept."""

    kinds: list[str]
    seed: int
    seconds: float
    kept: Path
    jobs: int

    def case(self, kind: str, number: int, scratch: Path) -> Case:
        """A case of a kind: the same for a seed and a number."""
        return KINDS[kind][1](Random(f"{self.seed} {kind} {number}"), scratch)

    def tried(self, job: int) -> tuple[Counter[str], Counter[str]]:
        """Try cases as one of the jobs, each with numbers of its own; how many were tried, failed.

        The cases that failed are kept.
        """
        chance = Random(f"{self.seed} {job}")
        until = time.monotonic() + self.seconds
        tried: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        weights = [KINDS[kind][0] for kind in self.kinds]
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            while time.monotonic() < until:
                kind = chance.choices(self.kinds, weights)[0]
                number = job + tried[kind] * self.jobs
                tried[kind] += 1
                case = self.case(kind, number, scratch)
                problem = try_one(case)
                if problem:
                    failed[kind] += 1
                    self._keep(case, kind, number, problem)
        return tried, failed

    def _keep(self, case: Case, kind: str, number: int, problem: str) -> None:
        self.kept.mkdir(parents=True, exist_ok=True)
        path = self.kept / f"{kind.replace(' ', '-')}-{self.seed}-{number}.json"
        path.write_text(case.to_json())
        print(
            f"FAILED: {kind} {number} of seed {self.seed}\n{problem}\n{again(path)}\n", flush=True
        )


def again(path: Path) -> str:
    """How a case that was kept is tried again, from the top of the checkout."""
    return f"again: make fuzz FUZZ_CASE={os.path.relpath(path, ROOT)}"


def try_one(case: Case) -> str:
    """One case in a folder of its own; what is wrong with it, or an empty text."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "folder"
        folder.mkdir()
        problem = try_case(case, folder)
    return f"aclbench {' '.join(case.arguments)[:300]!r}: {problem}" if problem else ""


def fuzz(asked: Fuzz) -> int:
    """Try cases in jobs side by side; how many failed."""
    print(f"seed {asked.seed}, {asked.seconds:g} s, {asked.jobs} side by side", flush=True)
    with multiprocessing.get_context("fork").Pool(asked.jobs) as pool:
        results = pool.map(asked.tried, range(asked.jobs), chunksize=1)
    tried: Counter[str] = sum((one for one, _ in results), Counter())
    failed: Counter[str] = sum((one for _, one in results), Counter())
    for kind in asked.kinds:
        print(f"{kind:14}{tried[kind]:8,} cases, {failed[kind]} failed")
    print(f"seed {asked.seed}: {tried.total():,} cases, {failed.total()} failed")
    return failed.total()


def main() -> None:
    """Exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None, help="drawn unless told")
    parser.add_argument("--jobs", type=int, default=1, help="cases tried side by side")
    parser.add_argument("--kind", choices=list(KINDS), help="this kind alone")
    parser.add_argument("--case", type=int, help="the case of this number alone, of --kind")
    parser.add_argument("--again", type=Path, help="a case that was kept")
    parser.add_argument("--kept", type=Path, default=ROOT / "build/fuzz", help="where failures go")
    told = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if told.seed is None else told.seed
    kinds = [told.kind] if told.kind else list(KINDS)
    asked = Fuzz(kinds, seed, told.seconds, told.kept.absolute(), told.jobs)
    if told.again is not None:
        problem = try_one(Case.from_json(told.again.read_text()))
    elif told.case is not None:
        with tempfile.TemporaryDirectory() as scratch:
            problem = try_one(asked.case(kinds[0], told.case, Path(scratch)))
    else:
        sys.exit(fuzz(asked) > 0)
    print(problem or "fine")
    sys.exit(bool(problem))


if __name__ == "__main__":
    main()
