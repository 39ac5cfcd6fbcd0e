"""Tries a damaged capture: reads it, decodes it and replays it.

    python -m capture.fuzz FILE        # in tests/

It may give packets and a CaptureError. Anything else is a failure: another exception, figures that
do not add up. Limits of time and memory are those of `fuzz`, which makes the damaged captures.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from capture.containers import LINKS, read_all, records_of
from capture.mutate import containers, rare_pcapng

from aclbench.capture.batch import RawBatch
from aclbench.capture.decoding import decode
from aclbench.capture.guess import guess_inside
from aclbench.capture.links import parse_frame
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.workbench import Workbench

PCAPS = sorted((Path(__file__).parents[2] / "pcaps").glob("*.pcap"))
#: Packets of each capture: beyond these they repeat themselves.
PACKETS = 150
#: Rounds and interrupts of a replay: a mutated time may leave days of them between two packets.
TURNS = 3000
#: How often the captures with rare blocks are in the corpus, so that they have their share.
RARE_TIMES = 8
#: Packets of a batch that are compared with the decoder of single packets.
COMPARED = 40


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
    keys, mirror_keys, infos = columns.keys(), columns.mirror_keys(), columns.info.tolist()
    for i in range(min(len(batch), COMPARED)):
        one = parse_frame(batch.frame(i), batch.link_of(i), uncaptured=batch.uncaptured(i))
        assert keys[i] == one.key, f"packet {i + 1} of a batch: keys differ"
        assert mirror_keys[i] == one.mirror_key, f"packet {i + 1}: mirrored keys differ"
        assert infos[i] == one.info, f"packet {i + 1}: {infos[i]}, {one.info}"


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
    """All of it; how many packets it had. What it raises is a failure."""
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


def main() -> None:
    """Try the capture that is named."""
    path = Path(sys.argv[1])
    print(f"{path}: {try_case(path)} packets, fine")


if __name__ == "__main__":
    main()
