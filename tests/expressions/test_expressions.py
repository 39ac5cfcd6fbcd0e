"""Expressions over a small vocabulary: what they say and refuse, and that they are bounded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.expressions import (
    NUMBER,
    TEXT,
    ExpressionError,
    FieldKind,
    FunctionKind,
    NameKind,
    Refused,
    Type,
    Vocabulary,
    list_of,
    read_expression,
    read_filled,
    shown,
)
from aclbench.expressions.evaluating import MAX_BITS, Evaluation


@dataclass(frozen=True)
class Dog:
    name: str
    age: int
    ball: int | None = None


class Kennel:
    """A world of three dogs, and of the ages at which one barked."""

    dogs = (Dog("Rex", 3), Dog("Fido", 5, ball=1), Dog("Bello", 5))
    work = 0

    def events(self, kind: str) -> Sequence[Any]:
        if kind == "howl":
            raise Refused("too many howls")
        return self.dogs[:2]

    def note_work(self, work: int) -> None:
        self.work += work


def half(world: Any, age: int) -> Fraction:
    if age < 0:
        raise Refused("no dog is that young")
    return Fraction(age, 2)


DOG = Type("dog")
VOCABULARY = Vocabulary(
    names={
        "dogs": NameKind(list_of(DOG), lambda world: world.dogs, "all dogs"),
        "ages": NameKind(list_of(NUMBER), lambda world: [d.age for d in world.dogs], "their ages"),
        "year": NameKind(NUMBER, lambda world: 365, "days of a year"),
    },
    functions={"half": FunctionKind((NUMBER,), NUMBER, half, "half(7) is 3.5")},
    fields={
        "dog": {
            "name": FieldKind(TEXT, lambda world, dog: dog.name),
            "age": FieldKind(NUMBER, lambda world, dog: dog.age),
            "ball": FieldKind(NUMBER, lambda world, dog: dog.ball),
        }
    },
    methods={("dog", "older"): FunctionKind((DOG, NUMBER), NUMBER, lambda w, d, n: d.age + n, "")},
    events={"bark": DOG, "howl": DOG},
    units={"y": "year"},
)


def value_of(text: str) -> Any:
    return read_expression(text, VOCABULARY).value(Kennel())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * -3 - (2 - 1)", -10),
        ("2 - (3 - 4) * 5 / 6", Fraction(17, 6)),
        ("0.1 + 0.2 == 0.3", True),
        ("1 / 3 * 3", 1),
        ("1_000", 1000),
        ("1 < 2 <= 2 != 3", True),
        ("1 < 3 < 2", False),
        ("not 1 == 2 and 0 or 7", True),
        ("2 * year", 730),
        ("dogs[0].name", "Rex"),
        ("dogs[-1].name == 'Bello'", True),
        ("dogs[3]", None),
        ("dogs[3].name", None),
        ("dogs[-4] is None and dogs[0] is not None", True),
        ("dogs[0].ball > 0", False),
        ("dogs[0].ball + 1", None),
        ("dogs[0].ball in ages", False),
        ("5 in ages and 4 not in ages", True),
        ("'id' in dogs[1].name", True),
        ("len(dogs) + len(dogs[0].name)", 6),
        ("any(d.age > 4 for d in dogs)", True),
        ("all(d.age > 4 for d in dogs)", False),
        ("all(d.age > 4 for d in dogs if d.name != 'Rex')", True),
        ("sum(d.age * e.age for d in dogs for e in dogs if e.age == 3)", 39),
        ("sum([1 for d in dogs])", 3),
        ("max(d.ball for d in dogs)", 1),
        ("max(ages) - min(ages)", 2),
        ("min(d.age for d in dogs if d.age > 9)", None),
        ("sum(d.age for d in dogs if False)", 0),
        ("half(7)", Fraction(7, 2)),
        ("half(dogs[0].ball)", None),
        ("dogs[0].older(2)", 5),
        ("happened(bark)", True),
        ("count(bark, age=5)", 1),
        ("latest(bark, name='Rex').age", 3),
        ("latest(bark, age=9) is None", True),
        ("events(bark)[0].age", 3),
        ("  \n 1 +\n\t2 ", 3),
        ("'é' == 'é' and 'a' in 'a'", True),
    ],
)
def test_says(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "column 1: an empty expression"),
        ("1 +", "column 4: something is missing at the end"),
        ("  1 +", "column 6: something is missing at the end"),
        ("(1", "column 1: '(' was never closed"),
        ("1)", "column 2: unmatched ')'"),
        ("2 weeks", "column 3: 'weeks' does not fit here"),
        ("half(1 2)", "column 6: '1' does not fit here; perhaps you forgot a comma?"),
        ("year = 3", "column 6: '=' compares nothing; '==' does"),
        ("2y", "column 1: 2y is no number; a unit is a factor: 2 * year"),
        ("0x10", "column 1: 0x10 is no number; digits are"),
        ("1e9", "column 1: 1e9 is no number"),
        ("3j", "column 1: 3j is no number"),
        ("1 ? 2", "column 3: '?' begins nothing that is known"),
        ("1 # 2", "column 3: '#' begins nothing"),
        ("2 % 3", "column 3: '%' begins nothing"),
        ("'a", "column 1: this text does not end"),
        ("'\\x41'", "column 1: a text has no escapes"),
        ("any(d in dogs: d.age)", "column 14: ':' belongs to nothing here; a loop is any("),
        ("dgos", "column 1: there is no name dgos; did you mean dogs?"),
        ("none", "did you mean None?"),
        ("halve(1)", "column 1: there is no halve(...); did you mean half?"),
        ("half", "column 1: half is written half(...)"),
        ("half()", "column 1: half takes 1 of them: half(7) is 3.5"),
        ("half(1, 2)", "column 1: half takes 1"),
        ("half(age=1)", "column 1: half takes 1"),
        ("half('a')", "column 6: half takes a number here; this is a text"),
        ("'é' == half('a')", "column 13: half takes a number"),
        ("dogs[0].nam", "column 9: a dog has no nam; did you mean name?"),
        ("dogs[0].older", "column 9: older is written older(...)"),
        ("dogs[0].bark()", "column 9: a dog has no bark(...)"),
        ("dogs.name", "column 6: a list, each a dog has no fields"),
        ("year[0]", "column 1: a number is no list"),
        ("dogs['a']", "column 6: an index is a number; this is a text"),
        ("1 == 'a'", "column 6: a number and a text are never equal"),
        ("'a' < 'b'", "only numbers have an order"),
        ("dogs == dogs", "compared by its fields, or with None"),
        ("year is 365", "column 9: `is` goes with None alone"),
        ("1 in year", "column 6: a number holds nothing"),
        ("'a' in ages", "column 1: a list, each a number never holds a text"),
        ("1 + 'a'", "column 5: '+' is for numbers; this is a text"),
        ("-'a'", "column 1: a sign is for numbers"),
        ("2 ** 3", "column 6: numbers have + - * / alone ahead of them"),
        ("1 // 2", "column 6: numbers have + - * / alone"),
        ("any(year)", "column 5: a number is no list"),
        ("any(d.age for d in year)", "column 20: a number is no list"),
        ("any(1 for year in dogs)", "column 11: a new name is right here"),
        ("any(1 for a, b in dogs)", "column 11: a new name is right here"),
        ("any(any(1 for d in dogs) for d in dogs)", "column 15: a new name is right here"),
        ("sum(d.name for d in dogs)", ": sum is of numbers; this is a text"),
        ("any(d.age for d in dogs) and d.age", "there is no name d"),
        ("len(year)", "column 5: a number has no length"),
        ("happened(barks)", "column 10: there is no event barks; did you mean bark?"),
        ("happened()", "there is no event"),
        ("count(bark, aeg=1)", "column 13: an event bark has no aeg; did you mean age?"),
        ("count(bark, **dogs)", "an event bark has no **"),
        ("count(bark, age='a')", "column 13: a number and a text are never equal"),
        ("1" * 21, "more than 20 digits"),
        ("1 and " * 400 + "1", "at most 2,000 are right"),
        ("lambda", "column 7: something is missing at the end"),
        ("1 if 2 else 3", "column 1: 1 if 2 else 3: no expression has this"),
        ("[1, 2]", "column 1: [1, 2]: no expression has this"),
        ("f'a'", "column 1: f'a': no expression has this"),
        ("b'a'", "column 1: b'a': no expression has this"),
        ("...", "column 1: ...: no expression has this"),
        ("dogs[0].name.join(dogs)", "column 14: a text has no join(...)"),
        ("dogs.__class__.__mro__", "column 6: a list, each a dog has no fields"),
        ("(dogs)(1)", "there is no dogs(...)"),
        ("dogs[0](1)", "column 1: dogs[0] cannot be called"),
    ],
)
def test_refuses_as_it_is_read(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_expression(text, VOCABULARY)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 / (year - 365)", "column 6: this is 0, and nothing is divided by 0"),
        ("*".join(["99999999999999999999"] * 3), "too large"),
        ("half(0 - 1)", "column 1: no dog is that young"),
        ("dogs[1 / 2]", "column 6: 1/2 is no index"),
        ("happened(howl)", "column 1: too many howls"),
    ],
)
def test_refuses_as_it_is_evaluated(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        value_of(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000,
        "(" * 150 + "1" + ")" * 150,
        "-" * 1999 + "1",
        "not " * 490 + "1",
        "dogs" + "[0]" * 600,
        "dogs" + ".name" * 390,
        "half(" * 390,
        "half(" * 150 + "1" + ")" * 150,
        "1**" * 600 + "1",
        "9**9**9**9",
        "9" * 1999,
        "1 if " * 300,
        "a" * 2000,
        "[" * 150 + "]" * 150,
        "any(1 for a in dogs for b in dogs for c in dogs for d in dogs for e in dogs) " * 20,
        "\x00",
        "\ud800",
        "'\ud800'",
        "\N{FULLWIDTH LATIN SMALL LETTER A}ges",
    ],
)
def test_hostile_text_is_refused_or_small(text: str) -> None:
    depth = sys.getrecursionlimit()
    try:
        assert value_of(text) in (1, None)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017
        assert len(str(error)) < 200  # noqa: PT017
    assert sys.getrecursionlimit() == depth


def test_work_is_bounded_and_noted() -> None:
    loops = " ".join(f"for {name} in dogs" for name in "abcdefghijkl")
    term = read_expression(f"any(a.age < 0 {loops})", VOCABULARY).term
    with pytest.raises(ExpressionError, match="looks at too much"):
        Evaluation(Kennel(), 100_000).value(term)
    kennel = Kennel()
    read_expression("sum(ages)", VOCABULARY).value(kennel)
    assert kennel.work > 3


def test_sums_in_a_row_are_not_nested() -> None:
    assert value_of("+".join("1" * 300)) == 300
    assert value_of(" or ".join("0" * 300)) is False


def test_texts_are_filled() -> None:
    text = "{len(dogs)} {{of}} {1_000_000}, {1/3}, {1 == 1}, {None}, {dogs[0].name}"
    filled = read_filled(text, VOCABULARY)
    assert filled.fill(Kennel()) == "3 {of} 1,000,000, 0.333333, yes, none, Rex"
    assert read_filled("{count(bark)}", VOCABULARY).kinds == {"bark"}
    assert shown("a") == "a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a {yaer}", "column 4: in {yaer}: there is no name yaer; did you mean year?"),
        ("a } b", "column 3: a } alone; }} is one in the text"),
        ("{dogs}", "column 1: {dogs} is a list, each a dog; a number or a text can be shown"),
        ("{1}" * 51, "more than 50 expressions"),
    ],
)
def test_texts_that_cannot_be_filled_are_refused(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_filled(text, VOCABULARY)
    assert says in str(error.value)


NUMBERS = st.recursive(
    st.sampled_from(["1", "0", "7 * year", "2.5", "dogs[0].ball", "len(dogs)", "None"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({''.join(t)})"),
    max_leaves=12,
)


@given(NUMBERS, st.sampled_from(["==", "<", ">=", "!="]), NUMBERS)
def test_arithmetic_is_total(left: str, sign: str, right: str) -> None:
    try:
        value: Any = value_of(f"{left} {sign} {right}")
    except ExpressionError as error:
        value = str(error)
    assert isinstance(value, bool) or any(why in value for why in ("divided by 0", "too large"))


WORDS = "dogs ages age name any sum len count bark for d in if not and is None 1 2.5 'a' lambda"
PIECES = [*WORDS.split(), *"()[].,=<+-*/{}:", "==", "**"]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(PIECES),
            max_size=20,
        ).map(" ".join),
    )
)
def test_anything_is_a_value_or_an_expression_error(text: str) -> None:
    try:
        value = value_of(text)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017
    else:
        assert not isinstance(value, int) or value.bit_length() <= MAX_BITS
