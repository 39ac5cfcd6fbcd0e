"""What the commands print is seen, whatever is in it."""

from __future__ import annotations

import json

import click
from click.testing import CliRunner

from aclbench.cli.output import confirm, say, say_error, say_json

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
