"""What the commands print is seen, whatever is in it."""

from __future__ import annotations

import json
from errno import ENOSPC
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aclbench.cli.output import confirm, say, say_error, say_json, write_page
from aclbench.errors import AclbenchError

TEXT = "a\x1b]0;title\x07 \x9b2J\u202eb"
SEEN = r"a\x1b]0;title\x07 \x9b2J\u202eb"


@click.command()
def everything() -> None:
    """Each way to print once."""
    say(TEXT)
    say(TEXT, err=True)
    say_json([TEXT])
    say_error(click.UsageError(TEXT))
    assert confirm(TEXT)


def test_what_anybody_wrote_is_seen() -> None:
    done = CliRunner().invoke(everything, input="y\n")
    assert done.exit_code == 0
    assert done.output.replace("\n", "").isprintable()
    assert done.output.count(SEEN) == 4
    document = done.stdout  # with standard error, where click is an older one
    while document.startswith(f"{SEEN}\n"):
        document = document.removeprefix(f"{SEEN}\n")
    assert json.JSONDecoder().raw_decode(document)[0] == [TEXT]


def test_a_page_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text("older", encoding="utf-8")

    def full(_self: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("aclbench.files.NewFile.keep", full)
    with pytest.raises(AclbenchError, match=r"page\.html: cannot be written: No space left"):
        write_page(page, "newer")
    assert page.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [page]
