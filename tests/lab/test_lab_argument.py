"""All designs on the bundled argument: who would notice, what it costs, and that it is one screen.

The argument is the design document's. In numbers of its own it is in `designs/test_claims.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.benches import compare

from aclbench.designs import DESIGNS
from aclbench.lab.comparing import Compared
from aclbench.lab.figures import Figures
from aclbench.lab.table import differing, lines_of, to_text


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Compared]:
    folder: Path = tmp_path_factory.mktemp("argument")
    return compare(folder, "argument", "design=all", most=0)


@pytest.fixture(scope="module")
def figures(found: list[Compared]) -> dict[str, Figures]:
    return {dict(each.case.combination.values)["design"]: each.ran.figures for each in found}


def test_all_designs_are_there(figures: dict[str, Figures]) -> None:
    assert list(figures) == list(DESIGNS)


def test_a_wheel_has_a_spike_and_lists_have_none(figures: dict[str, Figures]) -> None:
    """10,000 sessions of one tick: each is unlinked, and its timer stopped."""
    assert figures["wheel"].most_in_interrupt == figures["wheel"].most_in_ms == 20_000
    assert figures["fifo-2017"].most_in_interrupt == 200


def test_a_wheel_costs_packets_and_lists_cost_interrupts(figures: dict[str, Figures]) -> None:
    wheel, lists = figures["wheel"], figures["fifo-2017"]
    assert wheel.work_a_packet > 2.5 * lists.work_a_packet
    assert lists.interrupt_work > 4 * wheel.interrupt_work
    assert (lists.requeued, wheel.requeued) == (47_080, 0)


def test_rings_save_requeues_and_cost_messages(figures: dict[str, Figures]) -> None:
    """And whoever speaks once more behind a FIN that was posted stays for another timeout."""
    rings, lists = figures["rings"], figures["fifo-2017"]
    assert rings.requeued < lists.requeued / 30
    assert rings.messages > lists.messages + 200
    assert rings.overstay.most_s is not None
    assert lists.overstay.most_s is not None
    assert rings.overstay.most_s > 880
    assert lists.overstay.most_s < 120


def test_one_cleaner_needs_no_messages(figures: dict[str, Figures]) -> None:
    assert figures["cleaner-1704"].messages < 10
    assert figures["cleaner-1704"].interrupts == 0


def test_who_would_notice(found: list[Compared]) -> None:
    names = [dict(each.case.combination.values)["design"] for each in found]
    noticed = {
        name: each.notice.connections
        for name, each in zip(names, found, strict=True)
        if each.notice is not None
    }
    assert noticed == {
        "wheel": 20,
        "wheel-lazy": 40,
        "rings": 40,
        "two-stage": 10,
        "serviced-refresh": 0,
        "cleaner-1704": 40,
        "vpp-26.10": 41,
    }


@pytest.mark.parametrize(("width", "height"), [(80, 22), (120, 38), (200, 38)])
def test_it_is_one_screen(found: list[Compared], width: int, height: int) -> None:
    """With the command above it and the prompt below."""
    lines = to_text(found, width).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for name in DESIGNS:
        assert name in text
    for figure in ("20,000", "690 s", "1.51", "47,080"):  # spike, overstay, re-arms, requeues
        assert figure in text


def test_what_differs_is_there_with_what_it_stands_below(found: list[Compared]) -> None:
    """And what is the same for all is not."""
    shown = [line.row.head for line in differing(lines_of(found))]
    assert shown.index("permitted") < shown.index("  existing session")
    assert "bytes a session in C" in shown
    two = [each for each in found if "wheel" in each.case.name]
    kept = [line.row.head for line in differing(lines_of(two))]
    assert "bytes a session in C" not in kept
    assert "messages of threads" in kept


def test_what_is_as_in_the_first_is_marked(found: list[Compared]) -> None:
    text = to_text([found[0], found[5]], 200)
    peak = next(line for line in text.splitlines() if "live at peak" in line)
    assert peak.split() == ["live", "at", "peak", "11,320", "="]
    assert "CPU here" in text
    assert "=" not in next(line for line in text.splitlines() if "CPU here" in line)
