"""How the screen reads and writes its terminal: what cannot be typed, what cannot be painted."""

from __future__ import annotations

import io
import os
import threading
from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from textual.events import Key
from textual.message import Message

from aclbench.tui.driver import Output, ScreenDriver, carried_in_cells


@pytest.mark.parametrize(
    "noise",
    [
        b"\xe1",
        b"\x1b[999999999999;1u",
        b"\x1b[55296;1u",
        b"\x1b[97;1;57343u",
        b"\x1b[48;9999;9999;9999;9999t",
    ],
)
def test_what_nobody_can_type_is_no_message(noise: bytes) -> None:
    """No byte that is no text, no number that is no character, no size; what stands beside it is.

    Behind it the terminal is closed, which ends the reading.
    """
    reader, writer = os.pipe()
    os.write(writer, b"a" + noise + b"\x1b[A")
    os.close(writer)
    got: list[Message] = []
    hung_up: list[bool] = []
    driver = ScreenDriver.__new__(ScreenDriver)
    driver.fileno, driver.exit_event = reader, threading.Event()
    driver.process_message = got.append
    driver._guard = SimpleNamespace(hang_up=lambda: hung_up.append(True))
    driver.run_input_thread()
    os.close(reader)
    assert [event.key for event in got if isinstance(event, Key)] == ["a", "up"]
    assert len(got) == 2
    assert hung_up == [True]


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
