"""A filter's text, read into a filter; what is wrong with it is said with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

from aclbench.engine.reasons import FATES
from aclbench.errors import CommandError, did_you_mean
from aclbench.visible import visible_line
from aclbench.workbench.filters.filters import EVERYTHING, And, Filter, Not, Or
from aclbench.workbench.filters.names import Names
from aclbench.workbench.filters.terms import (
    PROTOCOLS,
    ClassTerm,
    ConnTerm,
    FateTerm,
    FlagsTerm,
    HostTerm,
    InterfaceTerm,
    NetTerm,
    PartTerm,
    PortTerm,
    ProtoTerm,
    ReasonTerm,
    Term,
    WorkerTerm,
    prefix_of,
)
from aclbench.workbench.views.packets import FLAG_LETTERS

#: Characters and terms of a filter at the most, and how deep it may be nested.
MAX_CHARACTERS: Final = 2000
MAX_TERMS: Final = 64
MAX_DEPTH: Final = 30
#: Connections are numbered up to here.
MAX_CONN: Final = 10**12

_TOKEN: Final = re.compile(r'"[^"]*"?|[()]|!|&&|\|\||[^\s()"!&|]+|[&|]')
_SIGNS: Final = {"!": "not", "&&": "and", "||": "or"}
#: What may stand in a connection as it is written.
_IN_CONNECTION: Final = re.compile(r"[0-9a-f:.\[\]>]+")
_FATES: Final = {fate.replace("_", "-"): fate for fate in FATES}

#: The words that an argument follows, and what to say of it.
KEYWORDS: Final[dict[str, str]] = {
    "host": "an address, at either end",
    "net": "a prefix that either end is in",
    "port": "a port, at either end",
    "proto": "a protocol: tcp, udp, icmp, icmp6 or a number",
    "flags": "TCP flags: S has SYN, =S has SYN alone",
    "reason": "a text in the reason",
    "conn": "the n-th connection of the run, by its first packet",
    "interface": "the interface it came in or went out by, or is on",
    "worker": "the thread that handled it, or owns it",
    "class": "the class that a session is of now",
    "text": "a part of the connection as it is written",
}
_OF_SESSIONS: Final = ("class",)
_OF_PACKETS: Final = ("reason",)


class FilterError(CommandError):
    """A text that is no filter; `column` counts characters from 0."""

    def __init__(self, column: int, word: str, message: str) -> None:
        place = f"at character {column + 1}, {visible_line(word[:40])}" if word else "at the end"
        super().__init__(f"{place}: {message}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, and what was said beside it: the options of a command."""

    filter: Filter = EVERYTHING
    options: Mapping[str, Any] = field(default_factory=dict)


#: Reads the word behind an option. CommandError: it is none of what is right.
Options = Mapping[str, Callable[[str], Any]]


def read_filter(text: str, names: Names) -> Filter:
    """The filter that a text says. FilterError: it says none."""
    return read_query(text, names, {}).filter


def read_query(text: str, names: Names, options: Options) -> Query:
    """A filter with options among it, each once: `last 5 denied`, `denied last 5`. FilterError."""
    if len(text) > MAX_CHARACTERS:
        raise FilterError(MAX_CHARACTERS, "", f"at most {MAX_CHARACTERS:,} characters are read")
    reader = _Reader(text, names, options)
    found = reader.all_of_it()
    return Query(found, reader.found)


def filter_words(text: str, names: Names, options: Mapping[str, str]) -> dict[str, str]:
    """The words that can come next behind a text, each with what it says; `options` likewise."""
    words = [match.group() for match in _TOKEN.finditer(text)]
    before = words[-1] if words else ""
    match before:
        case "proto":
            return dict.fromkeys(PROTOCOLS, "a protocol")
        case "interface":
            return dict.fromkeys(names.interfaces, "an interface")
        case "worker":
            return dict.fromkeys(names.workers, "a thread")
        case "class":
            return dict.fromkeys(names.classes, "a class of sessions")
        case _ if before in KEYWORDS or before in options:
            return {}
    return {**options, **_known(names)}


def _known(names: Names) -> dict[str, str]:
    """All words that a filter can have, with what each says."""
    other = _OF_SESSIONS if names.kind == "packets" else _OF_PACKETS
    found = {word: what for word, what in KEYWORDS.items() if word not in other}
    if names.kind == "packets":
        found |= dict.fromkeys(_FATES, "what became of it")
    else:
        found |= dict.fromkeys(names.classes, "its class, now")
    found |= dict.fromkeys(PROTOCOLS, "a protocol")
    found |= dict.fromkeys(names.interfaces, "an interface")
    found |= dict.fromkeys(names.workers, "a thread")
    return found | {"and": "both hold", "or": "any holds", "not": "it does not hold"}


@dataclass(frozen=True, slots=True)
class _Token:
    """`raw` is what was typed; `column` counts from 0."""

    raw: str
    column: int

    @property
    def text(self) -> str:
        """The word without its quotes."""
        return self.raw[1:].removesuffix('"') if self.raw.startswith('"') else self.raw

    @property
    def sign(self) -> str:
        """What it is in the grammar: a bracket, and, or, not; empty: a word of its own."""
        sign = _SIGNS.get(self.raw, self.raw)
        return sign if sign in ("(", ")", "and", "or", "not") else ""


class _Reader:
    """Recursive descent over the tokens; `found` are the options."""

    def __init__(self, text: str, names: Names, options: Options) -> None:
        self.found: dict[str, Any] = {}
        self._names = names
        self._options = options
        self._tokens = [_Token(m.group(), m.start()) for m in _TOKEN.finditer(text)]
        self._end = len(text)
        self._next = 0
        self._depth = 0
        self._terms = 0

    def all_of_it(self) -> Filter:
        found = self._either()
        if self._sign():
            raise self._error("this closes nothing")
        return found if found is not None else EVERYTHING

    # --- the grammar -------------------------------------------------------------------------

    def _either(self) -> Filter | None:
        first = self._all()
        parts = [] if first is None else [first]
        while self._sign() == "or":
            if not parts:
                raise self._error("a filter stands before it")
            self._next += 1
            part = self._all()
            if part is None:
                raise self._error("a filter is missing behind or")
            parts.append(part)
        return _joined(Or, parts)

    def _all(self) -> Filter | None:
        """Words side by side; options among them are taken out."""
        parts: list[Filter] = []
        wanted = False
        while self._sign() not in (")", "or") and self._next < len(self._tokens):
            if self._sign() == "and":
                if wanted or not parts:
                    raise self._error("a filter stands before it")
                wanted = True
                self._next += 1
                continue
            if not wanted and self._option():
                continue
            at = self._next
            parts.append(self._one())
            self._refuse_two_fates(parts, at)
            wanted = False
        if wanted:
            raise self._error("a filter is missing behind and")
        return _joined(And, parts)

    def _one(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep")
        sign = self._sign()
        if sign == "not":
            self._next += 1
            found: Filter = Not(self._one())
        elif sign == "(":
            self._next += 1
            inside = self._either()
            if inside is None:
                raise self._error("a filter is missing in the brackets")
            if self._sign() != ")":
                raise self._error("a ) is missing")
            self._next += 1
            found = inside
        elif sign or self._next == len(self._tokens):
            raise self._error("a filter is missing")
        else:
            found = self._term()
        self._depth -= 1
        return found

    def _option(self) -> bool:
        """Take an option, if one stands here, outside of all brackets."""
        token = self._tokens[self._next]
        if token.raw not in self._options or self._depth:
            return False
        if token.raw in self.found:
            raise self._error(f"{token.raw} is said twice; once is right")
        self._next += 1
        self.found[token.raw] = self._value(token.raw, self._options[token.raw])
        return True

    def _refuse_two_fates(self, parts: list[Filter], at: int) -> None:
        """A packet has one fate: whoever writes two side by side means any of them."""
        *before, last = parts
        if isinstance(last, FateTerm):
            for part in before:
                if isinstance(part, FateTerm) and part != last:
                    self._next = at
                    raise self._error(f"a packet has one fate; {part.text} or {last.text} is right")

    # --- terms -------------------------------------------------------------------------------

    def _term(self) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._error(f"at most {MAX_TERMS} terms are read")
        token = self._tokens[self._next]
        word = token.raw
        if word in KEYWORDS:
            self._refuse_other_kind(word)
            self._next += 1
            found: Term = self._value(word, partial(_READERS[word], self._names))
            return found
        try:
            bare = _bare(word, token.text, self._names)
        except ValueError as error:
            raise self._error(str(error)) from None
        self._refuse_other_kind(bare.text, bare)
        self._next += 1
        return bare

    def _value(self, word: str, read: Callable[[str], Any]) -> Any:
        """The word behind another one."""
        if self._next == len(self._tokens) or self._sign():
            about = KEYWORDS.get(word, "what it is")
            raise self._error(f"{about} is missing behind {word}")
        token = self._tokens[self._next]
        if token.raw.startswith('"') and (len(token.raw) == 1 or not token.raw.endswith('"')):
            raise self._error("the quote is not closed")
        try:
            found = read(token.text)
        except (ValueError, CommandError) as error:
            raise self._error(str(error)) from None
        self._next += 1
        return found

    def _refuse_other_kind(self, text: str, term: Term | None = None) -> None:
        kind = self._names.kind
        other = _OF_SESSIONS if kind == "packets" else _OF_PACKETS
        if text in other or (term is not None and kind not in term.kinds):
            of = "sessions" if kind == "packets" else "packets"
            raise self._error(f"this is said of {of}; here {kind} are looked for")

    def _sign(self) -> str:
        return self._tokens[self._next].sign if self._next < len(self._tokens) else ""

    def _error(self, message: str) -> FilterError:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            return FilterError(token.column, token.raw, message)
        return FilterError(self._end, "", message)


def _joined(kind: type[And] | type[Or], parts: list[Filter]) -> Filter | None:
    if len(parts) > 1:
        return kind(tuple(parts))
    return parts[0] if parts else None


def _bare(raw: str, text: str, names: Names) -> Term:
    """A word that says what it is by itself. ValueError: it does not."""
    if raw in names.interfaces:
        return InterfaceTerm(raw, names.interfaces[raw])
    if raw in names.workers:
        return WorkerTerm(raw, names.workers[raw])
    if raw in names.classes:
        return ClassTerm(raw, names.classes[raw])
    lower = text.lower()
    if (fate := _FATES.get(lower.replace("_", "-"))) is not None:
        return FateTerm(fate)
    if lower in PROTOCOLS:
        return ProtoTerm(lower)
    if re.fullmatch(r":[0-9]{1,6}", lower):
        return _port(names, lower[1:])
    if "/" in lower:
        return _net(names, lower)
    try:
        return HostTerm(ip_address(lower).packed)
    except ValueError:
        pass  # a part of one, maybe
    if raw.startswith('"'):
        return _part(names, text)
    if _IN_CONNECTION.fullmatch(lower) and not lower.isalpha():
        return PartTerm(lower)
    raise ValueError(f"no filter has this word; {_suggestion(lower, names)}")


def _suggestion(word: str, names: Names) -> str:
    """What was perhaps meant; else how a text is looked for."""
    meant = did_you_mean(word, _known(names))
    if meant.startswith("did"):
        return meant
    if names.kind == "packets":
        return f"a text of the reason is looked for by: reason {visible_line(word[:40])}"
    return f"a part of the connection is looked for by: text {visible_line(word[:40])}"


# --- the word behind a keyword --------------------------------------------------------------


def _host(names: Names, word: str) -> Term:
    try:
        return HostTerm(ip_address(word).packed)
    except ValueError:
        right = f"; net {word} is right" if "/" in word else ""
        raise ValueError(f"no address, as 10.0.0.2 and fd00::2 are{right}") from None


def _net(names: Names, word: str) -> Term:
    try:
        return NetTerm(prefix_of(word))
    except ValueError:
        raise ValueError("no prefix, as 10.0.0.0/24 and fd00::/64 are") from None


def _port(names: Names, word: str) -> Term:
    return PortTerm(_number(word, 65535, "ports go from 0 to 65535"))


def _proto(names: Names, word: str) -> Term:
    if word.lower() in PROTOCOLS:
        return ProtoTerm(word.lower())
    if not word.isdecimal():
        raise ValueError(f"no protocol; a number from 0 to 255, or {', '.join(PROTOCOLS)}, is")
    return ProtoTerm(str(_number(word, 255, "protocols go from 0 to 255")))


def _flags(names: Names, word: str) -> Term:
    exactly, letters = word.startswith("="), word.removeprefix("=").upper()
    if not letters or not set(letters) <= set(FLAG_LETTERS):
        raise ValueError(f"no TCP flags; letters of {FLAG_LETTERS} are, such as S, SA or =S")
    return FlagsTerm(sum(1 << FLAG_LETTERS.index(each) for each in set(letters)), exactly)


def _reason(names: Names, word: str) -> Term:
    if not word:
        raise ValueError("an empty text is in every reason")
    return ReasonTerm(word)


def _conn(names: Names, word: str) -> Term:
    conn = _number(word, MAX_CONN, "connections are counted from 1")
    if not conn:
        raise ValueError("connections are counted from 1")
    return ConnTerm(conn)


def _part(names: Names, word: str) -> Term:
    if not word:
        raise ValueError("an empty text is in every connection")
    return PartTerm(word)


def _interface(names: Names, word: str) -> Term:
    return InterfaceTerm(word, _named(names.interfaces, word, "interface"))


def _worker(names: Names, word: str) -> Term:
    return WorkerTerm(word, _named(names.workers, word, "worker"))


def _class(names: Names, word: str) -> Term:
    return ClassTerm(word, _named(names.classes, word, "class"))


def _number(word: str, most: int, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", word):
        raise ValueError(f"no number; {what}")
    if int(word) > most:
        raise ValueError(what)
    return int(word)


def _named(known: Mapping[str, int], word: str, what: str) -> int:
    if word not in known:
        raise ValueError(f"there is no such {what}; {did_you_mean(word, _or_none(known))}")
    return known[word]


def _or_none(known: Iterable[str]) -> list[str]:
    return list(known) or ["none"]


_READERS: Final[dict[str, Callable[[Names, str], Term]]] = {
    "host": _host,
    "net": _net,
    "port": _port,
    "proto": _proto,
    "flags": _flags,
    "reason": _reason,
    "conn": _conn,
    "interface": _interface,
    "worker": _worker,
    "class": _class,
    "text": _part,
}
assert set(_READERS) == set(KEYWORDS)
