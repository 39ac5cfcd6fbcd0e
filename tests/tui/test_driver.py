"""The screen in an encoding that has less than Unicode."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from aclbench.tui.driver import Output, carried_in_cells


@pytest.mark.parametrize(
    "text", ["● up ○ down", "╭─ Öffnen ─╮│", "世界 ▁▂█ µs …", "\x1b[1mplain\x1b[0m"]
)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_is_painted_is_carried_and_as_wide(text: str, encoding: str) -> None:
    carried = carried_in_cells(text, encoding)
    carried.encode(encoding)
    assert cell_len(carried) == cell_len(text)


def test_signs_have_twins() -> None:
    assert carried_in_cells("╭─ Öffnen ─╮│ ●up 世界", "ascii") == "+- ?ffnen -+| +up ????"
    assert carried_in_cells("╭─ Öffnen ─╮│ ●up 世界", "utf-8") == "╭─ Öffnen ─╮│ ●up 世界"


def test_the_terminal_gets_what_its_encoding_has() -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="ascii"), lambda: None)
    output.write("●up ▲")
    output.flush()
    assert raw.getvalue() == b"+up ^"
