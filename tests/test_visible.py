"""What leaves the program is seen and not obeyed, in any encoding."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import aclbench
from aclbench.visible import TWINS, carried, masked, visible, visible_json, visible_line

TEXTS = st.text(st.characters(), max_size=200)
SOURCE = Path(aclbench.__file__).parent


def is_seen(text: str) -> bool:
    return all(char.isprintable() or unicodedata.category(char) == "Zs" for char in text)


@given(TEXTS)
def test_any_text_is_seen(text: str) -> None:
    """And a second time nothing more happens to it."""
    assert is_seen(visible(text).replace("\n", "").replace("\t", ""))
    assert is_seen(visible_line(text))
    assert is_seen(masked(text))
    assert len(masked(text)) == len(text)
    assert visible(visible(text)) == visible(text)


@given(TEXTS)
def test_json_is_seen_and_exact(text: str) -> None:
    document = visible_json(json.dumps([text], ensure_ascii=False, indent=1))
    assert is_seen(document.replace("\n", ""))
    assert json.loads(document) == [text]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b]0;title\x07b\tc\n", "a\\x1b]0;title\\x07b\tc\n"),
        ("\x9b2J\x7f\u202e\u2028\U000e0041", r"\x9b2J\x7f\u202e\u2028\U000e0041"),
        (b"caf\xe9.pcap".decode(errors="surrogateescape"), r"caf\xe9.pcap"),
        ("Grüße, 世界\xa0● 1 µs", "Grüße, 世界\xa0● 1 µs"),
    ],
)
def test_escapes_are_those_of_python(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_text_is_carried_by_any_encoding() -> None:
    assert carried("10 µs … ●up Grüße", "utf-8") == "10 µs … ●up Grüße"
    assert carried("10 µs Grüße", "latin-1") == "10 µs Grüße"
    assert carried("10 µs … ●up Grüße", "ascii") == r"10 us ~ +up Gr\xfc\xdfe"


def test_every_sign_that_is_drawn_has_a_twin() -> None:
    """As wide as it is, so that columns stay where they are."""
    drawn: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and id(node) not in docstrings:
                drawn |= set(filter(str.isprintable, str(node.value)))
    drawn = {char for char in drawn if not char.isascii()}
    assert drawn
    assert {ord(char) for char in drawn} <= TWINS.keys()
    for code, twin in TWINS.items():
        assert cell_len(chr(code)) == 1
        assert chr(twin).isascii()
        assert chr(twin).isprintable()
