"""Typed arguments of commands: how one token becomes a value, and what could stand there.

Only the types that know nothing of the bench; a command table registers its own beside them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from aclbench.errors import CommandError
from aclbench.workbench.grammar.lines import shown_word

_INTEGER = re.compile(r"-?[0-9]{1,20}|0[xX][0-9a-fA-F]{1,16}")
# Enough for every nanosecond of the age of the universe; more is a slip of the finger.
_SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18}")


class ArgumentError(CommandError):
    """What is wrong with one argument: what was asked, what is there, what would be right."""


class Candidate(NamedTuple):
    """One thing that could stand where an argument is being typed."""

    text: str
    description: str = ""


def _no_candidates(prefix: str, context: Any) -> Iterable[Candidate]:
    return ()


class ArgumentType(Struct, frozen=True, eq=False):
    """What `<name>` means in a syntax string.

    `parse(text, context)` gives the value or raises ArgumentError; it must be pure, as one line
    may be tried in several ways. `complete(prefix, context)` lists candidates; those that do not
    begin with the prefix are left out by the caller. With `takes_rest` the text is the rest of
    the line as typed. `context` is whatever the caller of the table passes through.
    """

    name: str
    description: str
    parse: Callable[[str, Any], Any]
    complete: Callable[[str, Any], Iterable[Candidate]] = _no_candidates
    takes_rest: bool = False


def integer(name: str, minimum: int, maximum: int, description: str = "") -> ArgumentType:
    """A whole number from `minimum` to `maximum`, decimal or 0x hexadecimal."""
    wanted = f"a number from {minimum} to {maximum}"

    def parse(text: str, context: Any) -> int:
        if not _INTEGER.fullmatch(text):
            raise ArgumentError(f"{shown_word(text)} is not {wanted}")
        value = int(text, 16 if text[:2] in ("0x", "0X") else 10)
        if not minimum <= value <= maximum:
            raise ArgumentError(f"{text} is out of range: {wanted} is expected")
        return value

    return ArgumentType(name, description or wanted, parse)


def choice(name: str, values: Mapping[str, Any], description: str = "") -> ArgumentType:
    """One of the given words, exactly; its value is what the mapping holds for it."""
    words = ", ".join(values)

    def parse(text: str, context: Any) -> Any:
        if text in values:
            return values[text]
        from difflib import get_close_matches

        near = get_close_matches(text[:64], values, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ArgumentError(f"{shown_word(text)} is not one of {words}{hint}")

    def complete(prefix: str, context: Any) -> Iterable[Candidate]:
        return [Candidate(word) for word in values]

    return ArgumentType(name, description or f"one of {words}", parse, complete)


def _parse_seconds(text: str, context: Any) -> Decimal:
    if not _SECONDS.fullmatch(text):
        raise ArgumentError(f"{shown_word(text)} is not a time in seconds, such as 600 or 0.5")
    return Decimal(text)


def _as_it_is(text: str, context: Any) -> str:
    return text


SECONDS = ArgumentType("seconds", "a time in seconds, such as 600 or 0.5", _parse_seconds)
WORD = ArgumentType("word", 'one word, or several in "quotes"', _as_it_is)
REST = ArgumentType("rest", "the rest of the line", _as_it_is, takes_rest=True)
