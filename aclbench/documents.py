"""Documents that people and programs write, TOML and JSON, as typed values; a leaf.

What a document may have is a msgspec `Struct`: its fields, with `Annotated[..., Meta(description=
"a whole number from 0 to 256")]` where a type alone does not say what would be right. Types that
msgspec does not know are made by hooks. Whatever is wrong is one message: the place, what was
found, what would be right; the caller adds the file.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from aclbench.errors import AclbenchError, did_you_mean
from aclbench.files import at_once, reading
from aclbench.visible import visible_line

T = TypeVar("T")
#: Makes the values of types that msgspec does not know of what a document has. What it raises, a
#: ValueError or an AclbenchError, says what is wrong.
Hooks = Mapping[type[Any], Callable[[Any], Any]]

_PLACE: Final = re.compile(r" - at `(?P<of_key>key` in `)?\$(?P<path>[^`]*)`$")
_PART: Final = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_NAMED: Final = re.compile(r"Object (?P<what>.*) field `(?P<key>.*)`$", re.DOTALL)
_EXPECTED: Final = re.compile(r"Expected `(?P<types>[^`]+)`")
_LENGTH: Final = re.compile(r" of (?P<how>at least |at most )?length (?P<sign>[<>]= )?(?P<n>\d+)")
_WORDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_MAX_SHOWN: Final = 80
_DAMAGED: Final = "damaged: it is not JSON"
#: A byte of a name that is no UTF-8, as `to_json` writes it.
_NAME_BYTE: Final = re.compile(rb"\\udc[89a-f][0-9a-f]", re.IGNORECASE)
_NO_JSON: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

#: What no document of ours comes near, and what would take a parser much time or memory: brackets
#: inside each other, dotted parts of one key, digits of a number; and so many of each in all.
MAX_DEPTH: Final = 64
MAX_KEY_PARTS: Final = 32
MAX_DIGITS: Final = 64
MAX_KEYS: Final = 200_000
MAX_BRACKETS: Final = 500_000
MAX_VALUES: Final = 500_000
MAX_LINES: Final = 1_000_000
#: What the places of faults are looked for in, in bytes: JSON is read a second time for it.
_MAX_SEARCHED: Final = 4 << 20
_TOML_TOKEN: Final = re.compile(
    r'''(?P<text>"""[^\\"]*+(?:(?:\\.|"{1,2}(?!"))[^\\"]*+)*+"{3,5}'''
    r"""|'''[^']*+(?:'{1,2}(?!')[^']*+)*+'{3,5}"""
    r"""|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\n]*'|\#[^\n]*)"""
    r"""|(?P<sign>[\[\]{},=\n])|(?P<bare>[^\s"'\#\[\]{},=]+)|(?P<open>["'])""",
    re.DOTALL,
)
_JSON_TOKEN: Final = re.compile(
    rb'(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<sign>[\[\]{},])|(?P<bare>[-+.\w]+)|(?P<open>")',
    re.DOTALL,
)


class DocumentError(AclbenchError):
    """A document that is wrong in one place: which, what was found, what would be right."""


class UnreadableError(DocumentError):
    """A file that the system does not let us read; what is in it may be right."""


class Wrong(ValueError):
    """Something in a document is not right; hooks and `__post_init__` raise it.

    `place` is within what they were given: a key, or `rules 2, port`.
    """

    def __init__(self, place: str, found: Any, right: str) -> None:
        super().__init__(f"found {shown(found)}; right would be {right}")
        self.place = place


class Count(int):
    """So many of something, shown as a number of them."""


@contextmanager
def in_file(path: Path, error: type[AclbenchError]) -> Iterator[None]:
    """What is found to be wrong in a `with` block is such an error, which begins with the file."""
    try:
        yield
    except DocumentError as fault:
        raise error(f"{str(path)[:256]}: {fault}") from None
    except Wrong as wrong:
        raise error(f"{str(path)[:256]}: {wrong.place}: {wrong}") from None


# --- reading ------------------------------------------------------------------------------------


def read_content(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file that is not too large. Raises DocumentError, without its name."""
    return at_once(reading_content(path, max_bytes, pipes=False))


def reading_content(path: Path, max_bytes: int, pipes: bool) -> Generator[None, None, bytes]:
    """The same in slices; `pipes`: a person named it, so that it may be a pipe."""
    try:
        content = yield from reading(path, max_bytes, pipes)
    except FileNotFoundError:
        raise DocumentError("there is no such file") from None
    except IsADirectoryError:
        raise DocumentError("a folder") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise DocumentError("not the name of a file") from None
    if len(content) > max_bytes:
        right = f"{max_bytes >> 20} MB" if max_bytes >> 20 else f"{max_bytes >> 10} kB"
        raise DocumentError(f"more than {right}")
    return content


def parse_toml(content: bytes) -> dict[str, Any]:
    """The tables of a TOML document. Raises DocumentError."""
    try:
        text = content.decode("utf-8")
        _check_toml(text)
        import tomllib

        return tomllib.loads(text, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise DocumentError(f"not text in UTF-8, at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"not TOML: {error}") from None


def from_toml(content: bytes, kind: type[T], hooks: Hooks | None = None) -> T:
    """A TOML document as a value. Raises DocumentError."""
    return convert(parse_toml(content), kind, hooks)


def convert(data: Any, kind: type[T], hooks: Hooks | None = None) -> T:
    """Plain values as a value of a type. Raises DocumentError."""
    hook = _hook(hooks)
    try:
        return msgspec.convert(data, kind, dec_hook=hook)
    except msgspec.ValidationError as error:
        raise _fault(error, data, kind, hook) from None


class JsonReader(Generic[T]):
    """Reads JSON texts of one type."""

    def __init__(self, kind: type[T], hooks: Hooks | None = None) -> None:
        self._kind, self._hooks, self._hook = kind, hooks, _hook(hooks)
        self._decoder = msgspec.json.Decoder(kind, dec_hook=self._hook)

    def read(self, content: bytes) -> T:
        """A value. Raises DocumentError."""
        _check_json(content)
        try:
            return self._decoder.decode(content)
        except msgspec.ValidationError as error:
            data = _plain(content) if len(content) <= _MAX_SEARCHED else None
            raise _fault(error, data, self._kind, self._hook) from None
        except _NO_JSON:
            return convert(_with_bytes(content), self._kind, self._hooks)


def _plain(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except _NO_JSON:  # further on than what was found to be wrong first
        return _with_bytes(content)


def _with_bytes(content: bytes) -> Any:
    """JSON with names of files that are no UTF-8, which msgspec takes for damaged."""
    import json

    try:
        if not _NAME_BYTE.search(content):
            raise ValueError
        value = json.loads(content, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except (ValueError, RecursionError):
        raise DocumentError(_DAMAGED) from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON, in one line, or indented by so much.

    A byte of a file's name that is no UTF-8 (`surrogateescape`) is a lone surrogate, escaped.
    """
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json

        return json.dumps(msgspec.to_builtins(value), indent=indent)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


_Hook = Callable[[type[Any], Any], Any]


def _hook(hooks: Hooks | None) -> _Hook:
    known = hooks or {}

    def make(kind: type[Any], value: Any) -> Any:
        try:
            return known[kind](value)
        except AclbenchError as error:  # msgspec adds the place to ValueErrors alone
            raise ValueError(str(error)) from None

    return make


# --- limits -------------------------------------------------------------------------------------


class _Limits:
    """Counts what a document has of everything that has a limit. Raises DocumentError."""

    def __init__(self) -> None:
        self._depth = self._brackets = self._values = self._keys = 0

    def sign(self, sign: str) -> None:
        """A bracket, or what stands between two values."""
        if sign in "[{":
            self._depth += 1
            self._brackets += 1
            if self._depth > MAX_DEPTH:
                raise DocumentError(f"brackets more than {MAX_DEPTH} deep inside each other")
            _refuse_more(self._brackets, MAX_BRACKETS, "lists and tables")
        elif sign in "]}":
            self._depth -= 1
        else:
            self._values += 1
            _refuse_more(self._values, MAX_VALUES, "values")

    def bare(self, word: str) -> None:
        """What stands outside of texts and brackets: a number, a bare key, a date."""
        if len(word) > MAX_DIGITS and word[word[0] in "+-"].isdecimal():
            raise DocumentError(f"a number of {len(word):,} digits; at most {MAX_DIGITS} are right")

    def key(self, parts: int) -> None:
        """A key of so many dotted parts."""
        if parts > MAX_KEY_PARTS:
            raise DocumentError(f"a key of {parts:,} parts; at most {MAX_KEY_PARTS} are right")
        self._keys += parts
        _refuse_more(self._keys, MAX_KEYS, "keys")


def _refuse_more(count: int, most: int, what: str) -> None:
    if count > most:
        raise DocumentError(f"more than {most:,} {what}")


def _check_toml(text: str) -> None:
    """Raises DocumentError for what is beyond the limits; whether it is TOML, its parser says."""
    _refuse_more(text.count("\n"), MAX_LINES, "lines")
    limits, dots = _Limits(), 0
    for match in _TOML_TOKEN.finditer(text):
        if match.lastgroup == "bare":
            limits.bare(match["bare"])
            dots += match["bare"].count(".")
        elif match.lastgroup == "sign":
            sign = match["sign"]
            if sign in "=]":  # behind a key, or the name of a table; also behind the last of a list
                limits.key(dots + 1)
            if sign not in "=\n":
                limits.sign(sign)
            dots = 0
        elif match.lastgroup == "open":
            return  # a text without an end: the parser comes no further either


def _check_json(content: bytes) -> None:
    """The same of JSON, whose parser knows how deep it is."""
    if len(content) <= MAX_DIGITS:
        return
    if len(content) > _MAX_SEARCHED:
        _refuse_more(content.count(b"[") + content.count(b"{"), MAX_BRACKETS, "lists and tables")
        return
    limits = _Limits()
    for match in _JSON_TOKEN.finditer(content):
        if match.lastgroup == "bare":
            limits.bare(match["bare"].decode("latin-1"))
        elif match.lastgroup == "sign":
            limits.sign(match["sign"].decode())
        elif match.lastgroup == "open":
            return


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise DocumentError(f"a number that is not finite: {shown(text)}")
    return number


# --- what is wrong ------------------------------------------------------------------------------


def _fault(error: msgspec.ValidationError, data: Any, kind: Any, hook: _Hook) -> DocumentError:
    """What msgspec says, for a person."""
    text = str(error)
    match = _PLACE.search(text)
    says = text[: match.start()] if match else text
    path, values, hints = _along(match["path"] if match else "", data, kind, hook)
    cause = error.__cause__
    if cause is not None:
        return _at(path, cause.place if isinstance(cause, Wrong) else "", str(cause))
    if match and match["of_key"]:
        hint = _options(hints[-1])[0]
        key_hint = get_args(hint)[0] if get_origin(hint) is dict else str
        key = _culprit({key: key for key in values[-1] or ()}, key_hint, hook, strict=False)
        return _at(path, "", _mismatch(says, key, key_hint))
    named = _NAMED.fullmatch(says)
    if named is None:
        return _at(path, "", _mismatch(says, values[-1], hints[-1]))
    key = named["key"]
    if named["what"].startswith("missing"):
        right = _right(_field(hints[-1], values[-1], key), "")
        return _at(path, key, f"found nothing; right would be {right}")
    return _at(path, key, f"an unknown key; {did_you_mean(key, _keys(hints[-1], values[-1]))}")


def _at(path: list[str], key: str, message: str) -> DocumentError:
    place = ""
    for step in [*path, *([key[:_MAX_SHOWN]] if key else [])]:
        place += step if not place or step.startswith(" ") else f", {step}"
    place = visible_line(place.lstrip())
    return DocumentError(f"{place}: {message}" if place else message)


def _along(text: str, data: Any, kind: Any, hook: _Hook) -> tuple[list[str], list[Any], list[Any]]:
    """A place as a person reads it, and the values and types on the way, the whole first."""
    path: list[str] = []
    values, hints = [data], [kind]
    for match in _PART.finditer(text):
        value, hint = values[-1], hints[-1]
        key: Any = match["key"]
        if key is not None:
            hints.append(_field(hint, value, key))
        else:
            index = match["index"]
            hints.append(_item(hint) if index is None else _element(hint, value, int(index)))
            key = _culprit(value, hints[-1], hook) if index is None else int(index)
        path.append(f" {key + 1}" if isinstance(key, int) else str(key))
        try:
            values.append(value[key])
        except (KeyError, IndexError, TypeError):
            values.append(None)
    return path, values, hints


def _culprit(table: Any, hint: Any, hook: _Hook, strict: bool = True) -> str:
    """The key of a table whose value is wrong; msgspec does not say which it is."""
    for key, value in table.items() if isinstance(table, dict) else ():
        try:
            msgspec.convert(value, hint, dec_hook=hook, strict=strict)
        except msgspec.ValidationError:
            return str(key)
    return "a key"


def _mismatch(says: str, found: Any, hint: Any) -> str:
    length = _LENGTH.search(says)
    if length is not None and isinstance(found, list | str):
        found = Count(len(found)) if isinstance(found, list) else f"{len(found):,} characters"
    match = _EXPECTED.match(says)
    names = match["types"].split(" | ") if match else []
    right = " or ".join(_WORDS.get(name, name) for name in names)
    if length is not None and right == "a list":
        how = length["how"] or {">= ": "at least ", "<= ": "at most "}.get(length["sign"] or "", "")
        right = f"a list of {how}{length['n']}"
    return f"found {shown(found)}; right would be {_right(hint, right)}"


def shown(value: Any) -> str:
    """A value as the person wrote it, or nearly; short, and fit to be printed."""
    if value is None or isinstance(value, Count):
        return "nothing" if value is None else f"{int(value):,} of them"
    import json  # not at the start of each command

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


# --- types --------------------------------------------------------------------------------------


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _right(hint: Any, expected: str) -> str:
    """What would be right for a type: its description, its choices, or what msgspec expects."""
    for option in (hint, *_options(hint)):
        for extra in get_args(option)[1:] if get_origin(option) is Annotated else ():
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description
    if get_origin(_bare(hint)) is Literal:
        *others, last = map(str, get_args(_bare(hint)))
        return f"{', '.join(others)} or {last}" if others else last
    if expected:
        return f"{expected} of texts" if expected == "a list" and _item(hint) is str else expected
    name = {dict: "object", list: "array", tuple: "array"}.get(get_origin(_bare(hint)), "")
    return _WORDS.get(name or getattr(_bare(hint), "__name__", ""), "a table")


def _options(hint: Any) -> tuple[Any, ...]:
    """The types of a union; of all else itself."""
    bare = _bare(hint)
    return get_args(bare) if get_origin(bare) in (Union, types.UnionType) else (bare,)


def _structs(hint: Any, value: Any) -> list[Any]:
    """The structs that a value may be, by its tag."""
    found = [o for o in _options(hint) if isinstance(o, type) and issubclass(o, msgspec.Struct)]
    for struct in found:
        config = struct.__struct_config__
        if isinstance(value, dict):
            tag = value.get(config.tag_field)
        else:
            tag = value[0] if isinstance(value, list) and value else None
        if config.tag is not None and tag == config.tag:
            return [struct]
    return found


def _keys(hint: Any, value: Any) -> list[str]:
    names = [name for struct in _structs(hint, value) for name in struct.__struct_encode_fields__]
    tags = {s.__struct_config__.tag_field for s in _structs(hint, value)} - {None}
    return [*names, *tags]


def _field(hint: Any, value: Any, key: str) -> Any:
    for struct in _structs(hint, value):
        names = dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))
        if key in names:
            return get_type_hints(struct, include_extras=True)[names[key]]
        if key == struct.__struct_config__.tag_field:
            tags = tuple(each.__struct_config__.tag for each in _structs(hint, None))
            return Literal.__getitem__(tags)
    return _item(hint) if get_origin(_bare(hint)) is dict else Any


def _element(hint: Any, value: Any, index: int) -> Any:
    """The type of an item of a list, or of a struct that is a list in its document."""
    for struct in _structs(hint, value):
        tagged = struct.__struct_config__.tag is not None
        if index == 0 and tagged:
            tags = tuple(each.__struct_config__.tag for each in _structs(hint, None))
            return Literal.__getitem__(tags)
        if index - tagged < len(struct.__struct_fields__):
            name = struct.__struct_fields__[index - tagged]
            return get_type_hints(struct, include_extras=True)[name]
    return _item(hint)


def _item(hint: Any) -> Any:
    """The type of what is in a list, or of the values of a table."""
    for option in _options(hint):
        arguments = get_args(option)
        if get_origin(option) is dict:
            return arguments[1]
        if get_origin(option) in (list, tuple):
            return arguments[0]
    return Any
