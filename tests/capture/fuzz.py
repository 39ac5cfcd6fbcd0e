"""Mutates every bundled capture and replays it, for as long as it is told: `make fuzz`.

    python -m capture.fuzz --seconds 600 --seed 7       # in tests/
    python -m capture.fuzz FILE...                      # try captures that failed again

A mutant is read, decoded (and compared with the decoder of single packets), and replayed with the
inside that is guessed. It may give packets and a CaptureError. Anything else is a failure: another
exception, figures that do not add up, too long, too much memory. The mutant is then saved.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from capture.containers import LINKS, read_all, records_of
from capture.mutate import containers, mutant_of, rare_pcapng

from aclbench.capture import RawBatch, decode, guess_inside, parse_frame
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.workbench import Workbench

PCAPS = sorted((Path(__file__).parents[2] / "pcaps").glob("*.pcap"))
#: Packets of each capture: beyond these they repeat themselves.
PACKETS = 150
#: A case takes some milliseconds and a few MB; beyond these it hangs, or takes memory by a length
#: that nobody checked. The memory is on top of what the process has at the start.
CASE_SECONDS = 20
CASE_MEMORY_BYTES = 512 << 20
#: Rounds and interrupts of a replay: a mutated time may leave days of them between two packets.
TURNS = 3000
#: How often the captures with rare blocks are in the corpus, so that they have their share.
RARE_TIMES = 8
#: Packets of a batch that are compared with the decoder of single packets.
COMPARED = 40


class Hang(BaseException):
    """A case took longer than CASE_SECONDS."""


@contextmanager
def limited() -> Iterator[None]:
    """Within it a hang is a `Hang`."""

    def ring(number: int, frame: object) -> None:
        raise Hang(f"longer than {CASE_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(CASE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def limit_memory() -> None:
    """From now on more memory than CASE_MEMORY_BYTES is a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + CASE_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def try_reading(path: Path) -> int:
    """Read and decode it; how many packets there were."""
    batches, error = read_all(path)
    assert not error or error.startswith(f"{path}: "), f"the message does not name it: {error}"
    for batch in batches:
        compare(batch)
    return sum(map(len, batches))


def compare(batch: RawBatch) -> None:
    """The batch decoder and the one for single packets say the same."""
    columns = decode(batch)
    for i in range(min(len(batch), COMPARED)):
        one = parse_frame(batch.frame(i), batch.link_of(i), is_cut=batch.is_cut(i))
        assert columns.key[i] == one.key, f"packet {i + 1} of a batch: keys differ"
        assert columns.mirror_key[i] == one.mirror_key, f"packet {i + 1}: mirrored keys differ"
        assert columns.info[i] == one.info, f"packet {i + 1}: {columns.info[i]}, {one.info}"


def try_replay(path: Path) -> None:
    """Replay it as `aclbench replay` does, and see that the figures add up."""
    guess = guess_inside(path)
    inside = InterfaceSpec("pg0", prefixes=tuple(guess.prefixes))
    scenario = scenario_for_capture([path], inside, guess.sentence, 2, "interface")
    bench = Workbench.from_scenario(scenario, history=False)
    bench.rig.driver.run_packets(None, TURNS)
    report = bench.report()
    report.to_text()
    figures = json.loads(json.dumps(report.to_json()))
    packets, sessions = figures["packets"], figures["sessions"]
    assert sum(figures["reasons"].values()) == sum(
        packets[fate] for fate in packets if fate not in ("read", "checked")
    ), "the reasons do not add up"
    assert sessions["added"] - sessions["deleted"] == sessions["live"], "sessions do not add up"


def try_case(path: Path) -> int:
    """All of it under the limits; how many packets it had. What it raises is a failure."""
    with limited():
        packets = try_reading(path)
        # A file that cannot be opened is refused before there is a bench.
        if packets:
            try_replay(path)
    return packets


def make_corpus() -> list[bytes]:
    """Every bundled capture in every container and link type, and with rare kinds of blocks."""
    corpus: list[bytes] = []
    for path in PCAPS:
        records = records_of(path)[:PACKETS]
        for link in LINKS:
            corpus += containers(records, link)
        corpus += [rare_pcapng(records, order) for order in "<>"] * RARE_TIMES
    return corpus


def fuzz(seconds: float, seed: int, folder: Path) -> int:
    """Try mutants for so long; how many failed. Those are saved in the folder."""
    corpus = make_corpus()
    limit_memory()
    began = time.monotonic()
    cases = packets = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "mutant"
        while time.monotonic() - began < seconds:
            cases += 1
            data = mutant_of(corpus, random.Random(f"{seed} {cases}"))
            path.write_bytes(data)
            try:
                packets += try_case(path)
            except (Exception, Hang):
                failed += 1
                kept = folder / f"fuzz-{seed}-{cases}.mutant"
                kept.write_bytes(data)
                traceback.print_exc()
                print(f"case {cases} of seed {seed} failed; again: {again(kept)}", flush=True)
    print(f"seed {seed}: {cases:,} mutants, {packets:,} packets, {failed} failed")
    return failed


def again(kept: Path) -> str:
    """The command that tries a saved mutant again, from the top of the checkout."""
    return f"PYTHONPATH=tests .venv/bin/python -m capture.fuzz {os.path.relpath(kept)}"


def main() -> None:
    """Exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="captures to try again")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None, help="drawn unless told")
    options = parser.parse_args()
    if options.files:
        limit_memory()
        for file in options.files:
            print(f"{file}: {try_case(file)} packets, fine")
        return
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}, {options.seconds:g} s", flush=True)
    sys.exit(1 if fuzz(options.seconds, seed, Path.cwd()) else 0)


if __name__ == "__main__":
    main()
