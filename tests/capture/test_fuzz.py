"""Every bundled capture in every container and link type: sound, then damaged at random."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from capture.containers import LINKS, read_all, records_of
from capture.fuzz import PACKETS, PCAPS, make_corpus, try_case
from capture.mutate import MUTATORS, Mutator, containers, damaged, mutant_of, pieces, rare_pcapng

from aclbench.capture.decoding import decode

MUTANTS = 4
#: Cases of `make fuzz`, the same on every run.
CASES = 60


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


def test_cases_as_make_fuzz_tries_them(tmp_path: Path) -> None:
    corpus = make_corpus()
    for case in range(CASES):
        file = tmp_path / "x"
        file.write_bytes(mutant_of(corpus, random.Random(f"test {case}")))
        try_case(file)


@pytest.mark.parametrize("mutate", MUTATORS, ids=lambda mutate: mutate.__name__)
def test_a_mutator_changes_captures_and_repeats_itself(mutate: Mutator) -> None:
    for data in containers(records_of(PCAPS[0])[:20], 1):
        mutants = [mutate(data, random.Random(seed)) for seed in range(8)]
        assert mutants == [mutate(data, random.Random(seed)) for seed in range(8)]
        assert any(mutant != data for mutant in mutants)


def test_pieces_are_the_packets_and_all_of_the_file() -> None:
    records = records_of(PCAPS[0])[:20]
    for data in containers(records, 1)[:4]:
        found = pieces(data)
        assert b"".join(found) == data
        for _, frame in records:
            assert any(frame in piece for piece in found)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_rare_pcapng_is_sound(order: str, tmp_path: Path) -> None:
    records = records_of(PCAPS[0])[:20]
    file = tmp_path / "x"
    file.write_bytes(rare_pcapng(records, order))
    batches, error = read_all(file)
    assert not error
    assert sum(map(len, batches)) == 2 * len(records)
