"""Packets that differ, counted by connection, many at a time."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from aclbench.engine.packet import KEY4, KEY6, KEY_IS_INPUT, KEY_SLOWPATH, key_words
from aclbench.workbench.inquiry import noticing
from aclbench.workbench.inquiry.noticing import Noticing
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.keys import connection_of, connections_of


def some_keys(random: Random, count: int) -> list[bytes]:
    """Few addresses and ports, so that most connections come again, and the other way round."""
    found = []
    for _ in range(count):
        ports = random.choice((0, 80, 65535)), random.choice((0, 80, 4242))
        proto, flags = random.choice(
            ((6, 0), (17, 0), (1, KEY_SLOWPATH | KEY_IS_INPUT), (1, 0), (47, KEY_SLOWPATH))
        )
        if random.random() < 0.1:
            found.append(b"")
        elif random.random() < 0.5:
            ends = [bytes([random.choice((10, 200)), 0, 0, random.choice((0, 1))]) for _ in "ab"]
            found.append(KEY4.pack(*ends, *ports, proto, flags))
        else:
            ends = [
                bytes([random.choice((0x20, 0xFE)), *bytes(9), random.choice((1, 2)), *bytes(5)])
                for _ in "ab"
            ]
            found.append(KEY6.pack(*ends, *ports, proto, flags))
    return found


def words_of(keys: list[bytes]) -> np.ndarray:
    rows = [(*key_words(key), {0: 0, 14: 4, 38: 6}[len(key)]) for key in keys]
    return np.array(rows, np.int64)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("alike", [False, True])
def test_it_counts_as_one_by_one(seed: int, alike: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where parts are put together early, and where all are sorted by the same number."""
    monkeypatch.setattr(noticing, "_TOGETHER", 50)
    if alike:
        monkeypatch.setattr(noticing, "_mixed", lambda rows: np.zeros(len(rows), np.uint64))
    random, found, place = Random(seed), Noticing(), 0
    met: list[bytes] = []
    for _ in range(6):
        keys = some_keys(random, random.randrange(1, 100))
        for rows, connections in connections_of(words_of(keys)):
            finish(found.adding(connections, place + rows))
        met += map(connection_of, keys)
        place += len(keys)
    packets, first = Counter(met), {conn: met.index(conn) for conn in met}
    expected = sorted((first[conn], count) for conn, count in packets.items())
    assert len(expected) > 50
    for most in (0, 1, 7, 10_000):
        result = finish(found.result(most))
        assert (result.packets, result.connections) == (len(met), len(packets))
        assert list(result.first) == expected[:most]


def test_nobody_is_nobody() -> None:
    assert finish(Noticing().result(3)) == (0, 0, 0, 0, ())
