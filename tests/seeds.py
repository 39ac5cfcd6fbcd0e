"""Runs the properties with fresh seeds, round after round: `python -m seeds`, in tests/.

    python -m seeds --seconds 600
    python -m seeds --seed 4711         # that round alone, again

A round is all tests that hypothesis draws examples for, each with other examples than any round
before. The first round that fails is the last; what pytest says of it names the test and the
smallest example that was found.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Seeds are below this.
SEEDS = 1 << 32


def command(seed: int, jobs: int, paths: list[str]) -> list[str]:
    """The command of a round."""
    return [
        *(sys.executable, "-m", "pytest", "-x", "-m", "hypothesis", "-n", str(jobs)),
        *("--hypothesis-profile=seeds", f"--hypothesis-seed={seed}"),
        *paths,
    ]


def run_rounds(seeds: list[int], seconds: float, jobs: int, paths: list[str]) -> int:
    """Rounds of these seeds, or of fresh ones for so long; returns 1 at the first that fails."""
    began, passed = time.monotonic(), 0
    while seeds or time.monotonic() - began < seconds or not passed:
        seed = seeds.pop() if seeds else random.SystemRandom().randrange(SEEDS)
        print(f"seed {seed}", flush=True)
        if subprocess.run(command(seed, jobs, paths), cwd=ROOT, check=False).returncode:
            print(f"rounds passed: {passed}; again: make test-seeds SEED={seed}", flush=True)
            return 1
        passed += 1
    print(f"rounds passed: {passed}, in {time.monotonic() - began:.0f} s")
    return 0


def main() -> None:
    """Exit code 1 if a round failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", metavar="PATH", help="tests; all unless told")
    parser.add_argument("--seconds", type=float, default=600, help="rounds are begun for so long")
    parser.add_argument("--seed", type=int, default=None, help="one round, with this seed")
    parser.add_argument("--jobs", type=int, default=2, help="tests that run side by side")
    asked = parser.parse_args()
    one = [] if asked.seed is None else [asked.seed]
    seconds = asked.seconds if asked.seed is None else 0.0
    sys.exit(run_rounds(one, seconds, asked.jobs, asked.paths))


if __name__ == "__main__":
    main()
