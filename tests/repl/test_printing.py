"""What the prompt prints is seen, whatever is in it."""

from __future__ import annotations

import io
import json

import pytest

from aclbench.repl.printing import Printer

TEXT = "a\x1b]0;title\u202eb"
SEEN = r"a\x1b]0;title\u202eb"


@pytest.mark.parametrize("form", ["output", "error", "markdown", "prose", "styled"])
def test_what_anybody_wrote_is_seen(form: str) -> None:
    """Characters that Markdown has names for as well."""
    out = io.StringIO()
    printer = Printer(out)
    if form == "styled":
        entities = "".join(char if char.isascii() else f"&#{ord(char)};" for char in TEXT)
        printer.styled(printer.markdown_lines(entities))
    else:
        getattr(printer, form)(TEXT)
    assert out.getvalue().replace("\n", "").isprintable()
    assert SEEN in out.getvalue()


def test_data_is_seen_and_exact() -> None:
    out = io.StringIO()
    Printer(out).data({"text": TEXT})
    assert out.getvalue().replace("\n", "").isprintable()
    assert json.loads(out.getvalue()) == {"text": TEXT}


@pytest.mark.parametrize("form", ["output", "error", "markdown", "prose", "data"])
def test_what_the_encoding_has_no_signs_for_comes_by_twins_or_escapes(form: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    getattr(Printer(stream), form)("\N{BLACK CIRCLE} \xe9")
    said = raw.getvalue()
    assert said.isascii()
    assert (rb'"\u25cf \u00e9"' if form == "data" else rb"+ \xe9") in said
