"""Ways to damage a text document: each takes its text and a source of chance, and gives another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Mutator = Callable[[str, Random], str]

#: What a terminal would obey, were it let through: a window title, colours, a bell, a C1 control.
HOSTILE: Final = (
    "\x1b]0;PWNED\x07",
    "\x1b[31mPWNED",
    "\x9b31mPWNED",
    "\x07",
    "\u202ePWNED",
    "\x7f",
)
#: Values that are nobody's.
ABSURD: Final = (
    "0", "-1", "1e400", "-0.0", "NaN", "Infinity", "9" * 30, "9" * 10_000, '""', "true", "null",
    "[]", "{}", "[" * 200, "[" * 5000, "{" * 5000, '"\\u0000"', '"' + "x" * 5000 + '"', "0x",
    "'''", '"""', "run 99999h", "save x", "exec x", "reset", "load x", "clear acl-plugin sessions",
    "18446744073709551616", "..", "/dev/zero", "/dev/stdin", "10.0.0.0/33", "::/0", "pg0", "\\",
)  # fmt: skip
_STRING: Final = re.compile(r'"[^"\\\n]+"')
_TOKEN: Final = re.compile(r'"[^"\n]*"|[\w.:/+-]+|[^\w\s]')


def flip(text: str, chance: Random) -> str:
    """Other characters in a few places."""
    signs = list(text)
    for _ in range(chance.randint(1, 8)):
        if signs:
            signs[chance.randrange(len(signs))] = chr(
                chance.choice([0, 9, 10, 27, 34, 91, 0xE9, 0x202E])
            )
    return "".join(signs)


def cut(text: str, chance: Random) -> str:
    """The beginning alone."""
    return text[: chance.randrange(len(text) + 1)]


def drop_line(text: str, chance: Random) -> str:
    """Without a line."""
    lines = text.splitlines(keepends=True)
    if lines:
        del lines[chance.randrange(len(lines))]
    return "".join(lines)


def repeat_line(text: str, chance: Random) -> str:
    """A line again, once or a thousand times."""
    lines = text.splitlines(keepends=True) or ["\n"]
    at = chance.randrange(len(lines))
    lines[at:at] = [lines[at]] * chance.choice([1, 2, 50, 1000])
    return "".join(lines)


def swap_lines(text: str, chance: Random) -> str:
    """Two lines in each other's place."""
    lines = text.splitlines(keepends=True) or ["\n"]
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return "".join(lines)


def absurd_value(text: str, chance: Random) -> str:
    """Another value, or word, in the place of one."""
    return _at_a_token(text, chance, chance.choice(ABSURD))


def hostile_text(text: str, chance: Random) -> str:
    """Controls in a text, raw or escaped as the document's format has it."""
    raw = chance.choice(HOSTILE)
    return _at_a_token(text, chance, chance.choice([f'"{raw}"', f'"{_escaped(raw)}"', raw]))


def hostile_string(text: str, chance: Random) -> str:
    """The same in a text of the document, which stays sound."""
    return _at_a_token(text, chance, f'"{_escaped(chance.choice(HOSTILE))}"', _STRING)


def other_token(text: str, chance: Random) -> str:
    """A token of the document in the place of another of its own."""
    found = _TOKEN.findall(text)
    return _at_a_token(text, chance, chance.choice(found)) if found else text


def long_key(text: str, chance: Random) -> str:
    """A key with very many parts, or a very long one."""
    key = chance.choice([".".join("a" * 20_000), "k" * 100_000])
    return f"{key} = 1\n{text}"


MUTATORS: Final[Sequence[Mutator]] = (
    flip, cut, drop_line, repeat_line, swap_lines, absurd_value, absurd_value, hostile_text,
    hostile_text, hostile_string, other_token, long_key,
)  # fmt: skip


def mutant_of(corpus: Sequence[str], chance: Random) -> str:
    """A document of the corpus, damaged in one to four ways."""
    text = chance.choice(corpus)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 4])):
        text = chance.choice(MUTATORS)(text, chance)
    return text


def _at_a_token(text: str, chance: Random, other: str, tokens: re.Pattern[str] = _TOKEN) -> str:
    places = [match.span() for match in tokens.finditer(text)]
    if not places:
        return other
    begin, end = chance.choice(places)
    return text[:begin] + other + text[end:]


def _escaped(raw: str) -> str:
    return "".join(f"\\u{ord(sign):04x}" if not sign.isalnum() else sign for sign in raw)
