"""Documents as typed values: whatever is wrong is said with its place, and what would be right."""

from __future__ import annotations

import inspect
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from aclbench.documents import (
    DocumentError,
    JsonReader,
    Wrong,
    convert,
    from_toml,
    in_file,
    parse_toml,
    read_content,
    to_json,
)
from aclbench.errors import AclbenchError


class Colour:
    def __init__(self, name: str) -> None:
        self.name = name


def colour(value: Any) -> Colour:
    if value == "clear":
        raise AclbenchError("column 1: clear is no colour")
    if value == "odd":
        raise Wrong("shade", [value], "a shade")
    return Colour(value)


class Leaf(Struct, tag_field="kind", tag="leaf", forbid_unknown_fields=True):
    colour: Colour
    weights: dict[str, int] = {}
    years: dict[int, str] = {}

    def __post_init__(self) -> None:
        if len(self.weights) == 3:
            raise Wrong("weights", 3, "two of them")


class Twig(Struct, tag_field="kind", tag="twig", forbid_unknown_fields=True):
    length: Annotated[int, Meta(ge=1, le=9, description="1 to 9 cm")]


class Tree(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=5)] = ""
    size: Literal["small", "large"] = "small"
    parts: Annotated[list[Leaf | Twig], Meta(max_length=3, description="at most three")] = []
    ids: list[int | str] = []
    names: tuple[str, ...] = ()


HOOKS = {Colour: colour}


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("nam = 1", "nam: an unknown key; did you mean name"),
        ("x = 1", "x: an unknown key; there is ids, name, names, parts, size"),
        ("name = 1", "name: found 1; right would be text"),
        ("name = 'abcdef'", "name: found 6 characters; right would be text"),
        ("size = 'tiny'", "size: found tiny; right would be small or large"),
        ("size = 3", "size: found 3; right would be small or large"),
        ("names = 3", "names: found 3; right would be a list of texts"),
        ("names = ['a', true]", "names 2: found true; right would be text"),
        ("ids = [1, 'a', 2.5]", "ids 3: found 2.5; right would be a whole number or text"),
        ("ids = [[1]]", "ids 1: found [1]; right would be a whole number or text"),
        ("[[parts]]", "parts 1, kind: found nothing; right would be leaf or twig"),
        ("[parts]", "parts: found {}; right would be at most three"),
        ("parts = [{kind = 'bud'}]", "parts 1, kind: found bud; right would be leaf or twig"),
        (
            "parts = [{kind = 'twig', length = 10}]",
            "parts 1, length: found 10; right would be 1 to 9 cm",
        ),
        ("parts = [{kind = 'twig'}]", "parts 1, length: found nothing; right would be 1 to 9 cm"),
        ("parts = [{kind = 'twig', lenght = 3}]", "lenght: an unknown key; did you mean length?"),
        ("parts = [{kind = 'leaf'}]", "parts 1, colour: found nothing; right would be a table"),
        (
            "parts = [{kind = 'leaf', colour = 'clear'}]",
            "parts 1, colour: column 1: clear is no colour",
        ),
        (
            "parts = [{kind = 'leaf', colour = 'odd'}]",
            'parts 1, colour, shade: found ["odd"]; right would be a shade',
        ),
        (
            "parts = [{kind = 'leaf', colour = 'red', weights = {a = 1, b = 'x'}}]",
            "parts 1, weights, b: found x; right would be a whole number",
        ),
        (
            "parts = [{kind = 'leaf', colour = 'red', weights = {a = 1, b = 2, c = 3}}]",
            "parts 1, weights: found 3; right would be two of them",
        ),
        (
            "parts = [" + "{kind = 'twig', length = 1}, " * 4 + "]",
            "parts: found 4 of them; right would be at most three",
        ),
        ('"\\u001b[2J" = 1', r"\x1b[2J: an unknown key"),
        ('size = "\\u001b[2J"', r"size: found '\x1b[2J'; right"),
        (f"size = '{'a' * 500}'", f"size: found {'a' * 80}...; right"),
        ("size = 2020-01-01", 'size: found "2020-01-01"; right'),
        ("name = ", "not TOML: "),
        ("name = 1\nname = 2", "not TOML: "),
    ],
)
def test_names_the_place_and_what_would_be_right(toml: str, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        from_toml(toml.encode(), Tree, HOOKS)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (b"a = " + b"9" * 10_000, "a number of 10,000 digits; at most 64 are right"),
        (b"a = -" + b"1_0" * 5_000, "a number of 15,001 digits"),
        (b"a = " + b"[" * 5_000 + b"]" * 5_000, "brackets more than 64 deep"),
        (b"a = " + b"{a=" * 5_000 + b"}" * 5_000, "brackets more than 64 deep"),
        (b'a = ["""b"""""' + b", [" * 5_000, "brackets more than 64 deep"),
        (b".".join([b"a"] * 20_000) + b" = 1", "a key of 20,000 parts; at most 32 are right"),
        (b" . ".join([b'"a.b"'] * 20_000) + b" = 1", "a key of 20,000 parts"),
        (b"[[" + b".".join([b"a"] * 20_000) + b"]]", "a key of 20,000 parts"),
        (b"a = [" + b"1," * 600_000 + b"]", "more than 500,000 values"),
        (b"[[a]]\n" * 300_000, "more than 200,000 keys"),
        (b"#\n" * 1_100_000, "more than 1,000,000 lines"),
        (b"a = inf", "a number that is not finite: inf"),
        (b"a = -nan", "a number that is not finite: -nan"),
        (b"a = 1e999", "a number that is not finite: 1e999"),
        (b"a = '" + b"[" * 5_000, "not TOML"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_would_take_long_is_refused_before_it_is_parsed(toml: bytes, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        from_toml(toml, Tree, HOOKS)
    assert says in str(error.value)


def test_texts_and_comments_have_no_such_limits() -> None:
    odd = "[[[" * 100 + "=a.b.c" * 100 + "1" * 100
    toml = f'# {odd}\ntext = """{odd}\n\\""""""\nother = \'{odd}\'\n'
    assert parse_toml(toml.encode()) == {"text": f'{odd}\n"""', "other": odd}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"size": ' + b"9" * 10_000 + b"}", "a number of 10,000 digits"),
        (b'{"size": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "brackets more than 64 deep"),
        (b'{"size": ' + b"[" * 5_000_000, "more than 500,000 lists and tables"),
        (b'{"size": [' + b"1," * 600_000, "more than 500,000 values"),
        (b'{"size": [' + (b"[" * 60 + b"]" * 60 + b",") * 9_000, "more than 500,000 lists and"),
        (b'{"size": Infinity}' + b" " * 100, "it is not JSON"),
        (b'{"size": NaN}', "it is not JSON"),
        (b'{"size": "' + b"[" * 5_000, "it is not JSON"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_json_has_the_same_limits(content: bytes, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        JsonReader(Twig).read(content)
    assert says in str(error.value)


def test_a_good_one_is_read() -> None:
    tree = from_toml(b"parts = [{kind = 'leaf', colour = 'red'}]\nids = [1, 'a']", Tree, HOOKS)
    leaf = tree.parts[0]
    assert isinstance(leaf, Leaf)
    assert leaf.colour.name == "red"
    assert (tree.ids, tree.names) == ([1, "a"], ())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"size": 3}', "size: found 3; right would be small or large"),
        (b"[]", "found []; right would be a table"),
        (
            b'{"parts": [{"kind": "leaf", "colour": "red", "years": {"1": "a", "x": "b"}}]}',
            "parts 1, years: found x; right would be a whole number",
        ),
        (b"{", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b'{"ids": ' + b"[" * 50, "it is not JSON"),
        (b'{"name": "\xff"}', "it is not JSON"),
    ],
    ids=range(7),
)
def test_json_is_read_likewise(content: bytes, says: str) -> None:
    with pytest.raises(
        DocumentError, match=r"^" + says.replace("[", r"\[") if says[0] == "s" else says[:5]
    ):
        JsonReader(Tree, HOOKS).read(content)


class Walk(Struct, array_like=True, tag="walk", forbid_unknown_fields=True):
    metres: Annotated[int, Meta(ge=0, description="metres, from 0")]


class Rest(Struct, array_like=True, tag="rest", forbid_unknown_fields=True):
    where: str
    minutes: int = 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'[["fly", 3]]', "1 1: found fly; right would be walk or rest"),
        (b'[["walk", 3], ["walk", -3]]', "2 2: found -3; right would be metres, from 0"),
        (b'[["rest", "here", true]]', "1 3: found true; right would be a whole number"),
        (b'[["rest"]]', "1: found 1 of them; right would be a list of at least 2"),
    ],
)
def test_structs_that_are_lists(content: bytes, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        JsonReader(list[Walk | Rest]).read(content)
    assert says in str(error.value)


def test_json_is_written_and_read_back() -> None:
    twig = Twig(length=3)
    assert to_json(twig) == '{"kind":"twig","length":3}'
    assert to_json({"a": [1]}, indent=1) == '{\n "a": [\n  1\n ]\n}'
    assert JsonReader(Twig).read(to_json(twig).encode()) == twig


def test_json_has_no_constants_also_beside_names_that_are_no_utf8() -> None:
    """Which another parser reads, that would take them."""
    names = JsonReader(dict[str, Any])
    assert names.read(rb'{"a": "caf\udce9", "b": 1.5}') == {"a": "caf\udce9", "b": 1.5}
    for constant in (b"NaN", b"Infinity", b"-Infinity"):
        with pytest.raises(DocumentError, match="damaged: it is not JSON"):
            names.read(rb'{"a": "caf\udce9", "b": ' + constant + b"}")


def test_what_is_deep_is_refused_where_little_is_left_of_the_stack() -> None:
    """A document within the limits, read by whoever is deep in calls already."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 80)
    try:
        with pytest.raises(DocumentError, match="not TOML"):
            parse_toml(b"a = " + b"[" * 60 + b"]" * 60)
    finally:
        sys.setrecursionlimit(before)


def test_files_are_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_content(path, 5) == b"12345"
    for bad, limit, says in (
        (path, 4, "more than 0 kB"),
        (tmp_path, 4, "a folder"),
        (tmp_path / "none", 4, "there is no such file"),
        (Path("/dev/zero"), 4, "cannot be read: not a file"),
        (Path("a\0b"), 4, "not the name of a file|there is no such file"),
    ):
        with pytest.raises(DocumentError, match=says):
            read_content(bad, limit)


def test_what_is_wrong_gets_its_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError), in_file(tmp_path, AclbenchError):
        raise KeyError
    with (
        pytest.raises(AclbenchError, match=f"^{tmp_path}: size: found 3"),
        in_file(tmp_path, AclbenchError),
    ):
        convert({"size": 3}, Tree)
    with pytest.raises(AclbenchError, match=f"^{tmp_path}: rules 2: found 7; right would be 8"):  # noqa: SIM117
        with in_file(tmp_path, AclbenchError):
            raise Wrong("rules 2", 7, "8")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "size", "parts", "kind", "colour", "weights", "length"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_anything_is_a_value_or_one_printable_line(data: Any) -> None:
    with suppress(DocumentError):
        convert(data, Tree, HOOKS)
        return
    with pytest.raises(DocumentError) as error:
        convert(data, Tree, HOOKS)
    assert str(error.value).isprintable()
