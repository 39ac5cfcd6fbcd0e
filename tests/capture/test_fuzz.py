"""Every bundled capture in every container and link type: sound, then damaged at random."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from capture.containers import LINKS, Record, pcap, pcapng, read_all, records_of, relink

from aclbench.capture import decode

PCAPS = sorted((Path(__file__).parents[2] / "pcaps").glob("*.pcap"))
MUTANTS = 4
#: Packets of each capture: beyond these they repeat themselves.
PACKETS = 150
NASTY = (0, 1, 3, 6, 0x0A, 0x7F, 0x80, 0xFF)


def containers(records: list[Record], link: int) -> list[bytes]:
    made = [(time_ns, relink(frame, link)) for time_ns, frame in records]
    plain = [make(made, link, order) for make in (pcap, pcapng) for order in "<>"]
    return [*plain, gzip.compress(plain[0], 1, mtime=0), gzip.compress(plain[2], 1, mtime=0)]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, or a piece cut out, doubled or at the end."""
    mutant = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(mutant)) if chance.random() < 0.7 else chance.randrange(100)
        size = chance.randint(1, 40)
        match chance.randrange(4):
            case 0:
                mutant[at : at + 1] = bytes([chance.choice(NASTY)])
            case 1:
                mutant[at : at + 4] = chance.randbytes(4)
            case 2:
                mutant[at : at + size] = mutant[at : at + 2 * size]
            case _:
                del mutant[at : at + chance.choice((size, len(mutant)))]
        if not mutant:
            break
    return bytes(mutant)


@pytest.mark.parametrize("path", PCAPS, ids=lambda path: path.stem)
@pytest.mark.parametrize("link", LINKS)
def test_sound_and_damaged(path: Path, link: int, tmp_path: Path) -> None:
    chance = random.Random(f"{path.stem} {link}")
    records = records_of(path)[:PACKETS]
    file = tmp_path / "x"
    for data in containers(records, link):
        file.write_bytes(data)
        batches, error = read_all(file)
        assert not error
        assert sum(map(len, batches)) == len(records)
        assert [t for b in batches for t in b.time_ns.tolist()] == [t for t, _ in records]
        for _ in range(MUTANTS):
            file.write_bytes(damaged(data, chance))
            batches, error = read_all(file)
            for batch in batches:
                assert len(decode(batch)) == len(batch)
            assert not error or error.startswith(f"{file}: ")
