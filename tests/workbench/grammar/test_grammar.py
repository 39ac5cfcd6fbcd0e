"""The grammar: lines understood, completed, explained and refused, by example and by fuzzing."""

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.errors import CommandError
from aclbench.workbench.grammar import (
    END,
    MAX_LINE_CHARACTERS,
    REST,
    SECONDS,
    WORD,
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    CommandTable,
    GrammarError,
    choice,
    integer,
)
from aclbench.workbench.grammar.syntax import Argument, Choice, Literal, Node, Repeat

RULE = (
    "(permit|permit+reflect|deny) {src <prefix:src> | dst <prefix:dst> | proto <proto>"
    " | sport <port> | dport <port> | tcpflags <number:tcpflags> | mask <number:mask>}"
)
SYNTAXES = [
    "set acl-plugin interface <interface> (input|output) acl <acl-index> [del]",
    "set acl-plugin session timeout ((udp idle)|(tcp (idle|transient))) <seconds>",
    "set acl-plugin acl [index <acl-index>] <rule> {, <rule>} [tag <word:tag>]",
    "set interface state <interface> (up|down)",
    "set interface ip address [del] <interface> <prefix>",
    "show acl-plugin acl [index <acl-index>]",
    "show acl-plugin interface [sw_if_index <number>]",
    "show acl-plugin sessions [verbose [<number>]]",
    "show interface",
    "show version",
    "clear acl-plugin sessions",
    "create packet-generator interface <word:name>",
    "ip route (add|del) <prefix> via <word:gateway>",
    "explain (<number:packet> | <interface> <proto> <rest:flow>)",
    "exec <word:file>",
    "send <interface> <rest:packet>",
    "quit",
]
FUZZ = examples(200)
INTERFACES = ("local0", "pg0", "pg1")


def parse_interface(text: str, context: Any) -> str:
    if text not in context:
        raise ArgumentError(f"there is no interface {text}; there are {', '.join(context)}")
    return text


def complete_interface(prefix: str, context: Any) -> Iterable[Candidate]:
    return [Candidate(name, "an interface") for name in context]


def parse_prefix(text: str, context: Any) -> str:
    if "/" not in text:
        raise ArgumentError(f"{text} is not a prefix such as 10.0.0.0/8")
    return text


def bench_table() -> CommandTable:
    table = CommandTable([SECONDS, WORD, REST, integer("number", 0, 2**32 - 1)])
    table.register(
        integer("acl-index", 0, 9999, "an ACL's index"),
        integer("port", 0, 65535),
        choice("proto", {"tcp": 6, "udp": 17, "6": 6, "17": 17}),
        ArgumentType("interface", "an interface's name", parse_interface, complete_interface),
        ArgumentType("prefix", "a prefix such as 10.0.0.0/8", parse_prefix),
    )
    table.define("rule", RULE)
    for syntax in SYNTAXES:
        group = "VPP" if "acl" in syntax else "bench"
        table.add(Command(syntax, handler=print, summary=f"About {syntax[:20]}.", group=group))
    return table


TABLE = bench_table()


def small_table(*syntaxes: str) -> CommandTable:
    table = CommandTable([WORD, REST, SECONDS, integer("number", 0, 100)])
    for syntax in syntaxes:
        table.add(Command(syntax, handler=print, summary="."))
    return table


def parse(line: str, table: CommandTable = TABLE) -> Any:
    parsed = table.parse(line, INTERFACES)
    assert parsed is not None
    return parsed


def refusal(line: str, table: CommandTable = TABLE) -> GrammarError:
    with pytest.raises(GrammarError) as caught:
        table.parse(line, INTERFACES)
    return caught.value


def refused(ask: Callable[..., Any], line: str) -> GrammarError | None:
    """The error that asking raises, if any; anything but a GrammarError fails the test."""
    try:
        ask(line, INTERFACES)
    except GrammarError as error:
        return error
    return None


def texts(line: str, table: CommandTable = TABLE) -> list[str]:
    return [completion.text for completion in table.complete(line, INTERFACES)]


# --- understanding ---


def test_a_line_gives_its_command_arguments_and_words() -> None:
    parsed = parse("set acl-plugin interface pg0 input acl 7 del")
    assert parsed.command.syntax == SYNTAXES[0]
    assert parsed.arguments == {"interface": "pg0", "acl-index": 7}
    assert parsed.words == ("input", "del")


def test_nested_choices() -> None:
    parsed = parse("set acl-plugin session timeout tcp transient 120.5")
    assert parsed.words == ("tcp", "transient")
    assert parsed.arguments == {"seconds": Decimal("120.5")}


def test_the_path_tells_rules_apart_and_a_comma_needs_no_space() -> None:
    line = "set acl-plugin acl index 3 permit dport 80 src 10.0.0.0/8,deny , deny proto udp tag x"
    parsed = parse(line)
    events = [(item.name, item.value) for item in parsed.path[5:]]
    assert events == [
        *(("permit", "permit"), ("dport", "dport"), ("port", 80)),
        *(("src", "src"), ("src", "10.0.0.0/8"), (",", ","), ("deny", "deny")),
        *((",", ","), ("deny", "deny"), ("proto", "proto"), ("proto", 17)),
        *(("tag", "tag"), ("tag", "x")),
    ]
    for item in parsed.path:
        if item.kind == "word":
            assert line[item.column :].startswith(item.name)


def test_an_argument_that_can_come_again_is_a_list() -> None:
    parsed = parse("set acl-plugin acl permit dport 80, deny dport 81 sport 1")
    assert parsed.arguments["port"] == [80, 81, 1]
    assert parsed.arguments["src"] == []
    assert "tag" not in parsed.arguments


def test_options_within_options() -> None:
    assert parse("show acl-plugin sessions").arguments == {}
    assert parse("show acl-plugin sessions verbose").words == ("verbose",)
    assert parse("show acl-plugin sessions verbose 17").arguments == {"number": 17}


def test_an_optional_word_is_told_from_the_same_word_in_every_line() -> None:
    table = small_table("show acl [acl]")
    assert parse("show acl", table).words == ()
    assert parse("show acl acl", table).words == ("acl",)


def test_signs_can_be_words() -> None:
    table = small_table("send {count <number>} <word:src> > <word:dst>")
    parsed = parse("send count 2 [fd00::1]:53 > [fd00::2]:80", table)
    assert parsed.arguments == {"number": [2], "src": "[fd00::1]:53", "dst": "[fd00::2]:80"}


def test_the_rest_of_the_line_is_kept_as_typed() -> None:
    parsed = parse('send pg0  tcp 10.0.0.2:1,  > "x ')
    assert parsed.arguments["packet"] == 'tcp 10.0.0.2:1,  > "x'


def test_quotes_hold_spaces_and_are_never_keywords() -> None:
    assert parse('exec "my file, really"').arguments == {"file": "my file, really"}
    assert parse('exec ""').arguments == {"file": ""}
    assert "show" in str(refusal('"show" version'))


@pytest.mark.parametrize("line", ["", "  ", "\t\n", "# show", " // x", "comment", "comment {a"])
def test_blank_lines_and_comments_are_nothing(line: str) -> None:
    assert TABLE.parse(line, INTERFACES) is None


# --- abbreviations ---


@pytest.mark.parametrize(
    ("line", "syntax"),
    [
        ("sh acl-plugin sess", "show acl-plugin sessions [verbose [<number>]]"),
        ("set int state pg0 up", "set interface state <interface> (up|down)"),
        ("sh v", "show version"),
        ("q", "quit"),
    ],
)
def test_abbreviations_as_in_vpp(line: str, syntax: str) -> None:
    assert parse(line).command.syntax == syntax


def test_a_word_in_full_wins_over_a_longer_one() -> None:
    assert parse("set acl-plugin acl permit").words == ("permit",)
    assert parse("set acl-plugin acl permit+").words == ("permit+reflect",)
    assert str(refusal("set acl-plugin acl permi")) == (
        "ambiguous word 'permi': permit, permit+reflect"
    )


def test_an_argument_wins_over_an_abbreviation_and_a_word_in_full_over_both() -> None:
    table = small_table("go <word>", "go inside")
    assert parse("go in", table).arguments == {"word": "in"}
    assert parse("go inside", table).command.syntax == "go inside"
    assert parse('go "inside"', table).arguments == {"word": "inside"}


def test_the_next_best_meaning_is_taken_where_the_best_leads_nowhere() -> None:
    table = small_table("go in", "go <word> up", "go inside out")
    assert parse("go in up", table).arguments == {"word": "in"}
    assert parse("go insi out", table).command.syntax == "go inside out"


def test_the_first_command_added_wins_a_tie() -> None:
    table = small_table("go <word:a>", "go <word:b>")
    assert parse("go x", table).arguments == {"a": "x"}


# --- refusals ---


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (
            "show acl-plugin sesions",
            16,
            "unknown word 'sesions' in \"show acl-plugin sesions\": did you mean sessions? "
            "here can come: acl, interface, sessions",
        ),
        ("s version", 0, "ambiguous word 's': send, set, show"),
        (
            "set acl-plugin interface pg0",
            28,
            '"set acl-plugin interface pg0": something is missing at the end: input or output',
        ),
        (
            "set interface state pg9 up",
            20,
            '"set interface state pg9 up": there is no interface pg9; there are local0, pg0, pg1',
        ),
        (
            "show version foo",
            13,
            "\"show version foo\": 'foo' is a word too many: nothing can follow here",
        ),
        ("exec", 4, '"exec": something is missing at the end: <file>'),
        ('exec "a b', 5, '"exec "a b": the quote is not closed'),
        (
            "set acl-plugin acl permit src , deny",
            30,
            '"set acl-plugin acl permit src , deny": <prefix> is missing before the comma',
        ),
        (
            "show acl-plugin sessions verbose 99999999999",
            33,
            '"show acl-plugin sessions verbose 99999999999": 99999999999 is out of range: '
            "a number from 0 to 4294967295 is expected",
        ),
        (
            "set acl-plugin acl pg0 deny",
            19,
            "unknown word 'pg0' in \"set acl-plugin acl pg0 deny\": "
            "here can come: deny, index, permit, permit+reflect",
        ),
        (
            "explain pg0 tpc x",
            12,
            "\"explain pg0 tpc x\": 'tpc' is not one of tcp, udp, 6, 17; did you mean tcp?",
        ),
    ],
)
def test_a_refusal_says_what_would_be_right(line: str, column: int, message: str) -> None:
    error = refusal(line)
    assert str(error) == message
    assert error.column == column


def test_the_refusal_is_for_the_furthest_word_reached() -> None:
    table = small_table("go <word> up", "go in out now")
    assert refusal("go in out then", table).column == 10
    assert refusal("go in bup", table).column == 6
    assert "here can come: out, up" in str(refusal("go in zzz", table))


def test_words_that_could_come_are_named_beside_a_refused_argument() -> None:
    table = small_table("show <number>", "show all")
    assert str(refusal("show 101", table)).endswith("is expected; here can also come: all")


def test_messages_are_short_and_printable_whatever_the_line() -> None:
    error = refusal("show \x1b[31m" + "x" * 50_000)
    assert len(str(error)) < 300
    assert str(error).isprintable()


# --- completion and help ---


def test_completion_at_any_point() -> None:
    assert texts("sh") == ["show"]
    assert texts("") == sorted({syntax.split()[0] for syntax in SYNTAXES})
    assert texts("show acl-plugin ") == ["acl", "interface", "sessions"]
    assert texts("sh acl s") == ["sessions"]
    assert texts("set int state p") == ["pg0", "pg1"]
    assert texts("set interface ip address ") == ["del", *INTERFACES]
    assert texts("set acl-plugin acl permit,") == ["deny", "permit", "permit+reflect"]
    assert texts("set acl-plugin acl permit dport 80 s") == ["sport", "src"]
    assert texts("explain pg0 u") == ["udp"]
    assert texts("nonsense ") == texts("show version ") == texts("s v") == []


def test_completion_says_where_it_begins_and_what_it_is() -> None:
    (only,) = TABLE.complete("show acl-plugin  sess", INTERFACES)
    assert only == ("sessions", "About show acl-plugin sess.", 17)
    (only,) = TABLE.complete("set acl-plugin acl permit src", INTERFACES)
    assert only.description == "<src>: a prefix such as 10.0.0.0/8"
    assert TABLE.complete("sh", INTERFACES)[0].description == "5 commands"


def test_completed_arguments_are_quoted_where_they_must_be() -> None:
    table = CommandTable()
    names = ["a b", "ab", 'a"b c']
    table.register(
        ArgumentType("f", "", lambda t, c: t, lambda p, c: [Candidate(n) for n in names])
    )
    table.add(Command("open <f>", print, "."))
    assert texts("open a", table) == ['"a b"', "ab"]
    assert texts('open "a ', table) == ['"a b"']


def test_the_rest_of_the_line_completes_from_where_it_begins() -> None:
    lines = ["tcp a, b", "tcp a c", "udp"]
    table = CommandTable()
    parts = [Candidate(line) for line in lines]
    table.register(
        ArgumentType("r", "a packet", lambda t, c: t, lambda p, c: parts, takes_rest=True)
    )
    table.add(Command("send <r>", print, "Send."))
    assert texts("send ", table) == lines
    assert table.complete("send tcp a")[0] == ("tcp a, b", "", 5)
    assert texts("send tcp a ", table) == ["tcp a c"]
    assert table.expected("send tcp a ") == [("<r>", "a packet"), (END, "Send.")]
    assert "Send." in table.help("send tcp a, b, c")


def test_expected_lists_words_arguments_and_the_end() -> None:
    rows = TABLE.expected("show acl-plugin sessions verbose ", INTERFACES)
    assert rows == [
        ("<number>", "a number from 0 to 4294967295"),
        (END, "About show acl-plugin sess."),
    ]
    words = [row.text for row in TABLE.expected("explain ", INTERFACES)]
    assert words == ["<packet>", "<interface>"]


def test_help_lists_all_then_some_then_explains_one() -> None:
    everything = TABLE.help()
    assert everything.splitlines()[0] == "VPP"
    assert all(row.syntax in everything for row in TABLE.reference())
    some = TABLE.help("show acl-plugin ", INTERFACES)
    assert some.splitlines()[:3] == [
        "  acl        About show acl-plugin acl .",
        "  interface  About show acl-plugin inte.",
        "  sessions   About show acl-plugin sess.",
    ]
    assert "show version" not in some
    one = TABLE.help("set acl-plugin acl", INTERFACES)
    assert one.startswith("set acl-plugin acl [index <acl-index>] <rule>")
    assert "<rule>: (permit|permit+reflect|deny) {src <src> |" in one


def test_help_on_nonsense_is_refused() -> None:
    with pytest.raises(GrammarError, match="did you mean show"):
        TABLE.help("shwo")
    with pytest.raises(GrammarError, match="did you mean version"):
        TABLE.help("show verison now")


def test_reference_rows() -> None:
    table = small_table("ip route add <word:prefix>")
    assert table.reference() == [("ip route add <prefix>", ".", "")]
    groups = [row.group for row in TABLE.reference()]
    assert groups == sorted(groups, key=["VPP", "bench"].index)  # each group has one heading
    assert list(TABLE.forms) == ["rule"]


# --- argument types ---


@pytest.mark.parametrize("text", ["", "-1", "101", "1.0", "٣", "1_0", "9" * 5000, "0x", "abc"])
def test_integer_refuses(text: str) -> None:
    with pytest.raises(ArgumentError, match="a number from 0 to 100"):
        integer("n", 0, 100).parse(text, None)


def test_integer_accepts() -> None:
    assert integer("n", -5, 255).parse("-5", None) == -5
    assert integer("n", -5, 255).parse("0xfF", None) == 255


@pytest.mark.parametrize("text", ["", ".", "-1", "1e9", "nan", "inf", "1s", "9" * 30])
def test_seconds_refuses(text: str) -> None:
    with pytest.raises(ArgumentError, match="is not a time in seconds"):
        SECONDS.parse(text, None)


@pytest.mark.parametrize("text", ["600", "0.1", ".5", "3.", "0.000000001"])
def test_seconds_are_exact(text: str) -> None:
    assert SECONDS.parse(text, None) == Decimal(text)


# --- syntaxes that are not ---


@pytest.mark.parametrize(
    ("syntax", "message"),
    [
        ("", "nothing stands before"),
        ("a ( b", r"'\)' is missing"),
        ("a b ]", "closes nothing"),
        ("a (b | )", "nothing stands before"),
        ("a <nosuch>", "no argument type 'nosuch'"),
        ("a <word", "begins no <name>"),
        ("a <word> <word>", "can be taken twice"),
        ("a <rest> b", "takes the rest of the line"),
        ("a {<rest>}", "takes the rest of the line"),
        ("taken", "there already"),
    ],
)
def test_a_wrong_syntax_is_the_programmers_error(syntax: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_table("taken", syntax)


def test_a_refused_command_leaves_the_table_as_it_was() -> None:
    table = small_table("go <number>")
    with pytest.raises(ValueError, match="rest of the line"):
        table.add(Command("stop <rest> now", print, "."))
    table.add(Command("stay", print, "."))
    assert parse("stay", table).command.syntax == "stay"
    assert texts("", table) == ["go", "stay"]
    assert [row.text for row in table.expected("")] == ["go", "stay"]


def test_what_is_added_to_a_copy_is_in_it_alone() -> None:
    table = small_table("go <number>")
    assert texts("", table) == ["go"]  # so that what can come first is known by now
    copy = table.copied()
    copy.define("pair", "<number:a> <number:b>")
    copy.add(Command("get <pair>", print, "."), yields=True)
    assert texts("", copy) == ["get", "go"]
    assert parse("g 1", copy).command.syntax == "go <number>"
    assert texts("", table) == ["go"]
    assert table.forms == {}
    table.define("pair", "<number>")
    table.add(Command("gone", print, "."))
    assert texts("", table) == ["go", "gone"]
    assert texts("", copy) == ["get", "go"]


def test_names_are_taken_once() -> None:
    table = small_table()
    table.define("pair", "<number:a> <number:b>")
    with pytest.raises(ValueError, match="<pair> is defined already"):
        table.register(integer("pair", 0, 1))
    with pytest.raises(ValueError, match="<word> is defined already"):
        table.define("word", "x")


# --- hostile input ---

ALPHABET = sorted({w for s in SYNTAXES for w in s.replace("|", " ").split()} | {",", '"', "pg0"})
LINES = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*ALPHABET, "0", "1/2", " "]), max_size=12).map(" ".join),
    st.lists(st.sampled_from(["set", "acl", "-", ",", '"', " ", "\x00", "deny"])).map("".join),
)


@FUZZ
@given(LINES)
def test_any_line_gives_a_result_or_a_command_error(line: str) -> None:
    for ask in (TABLE.parse, TABLE.help, TABLE.expected):
        error = refused(ask, line)
        assert error is None or isinstance(error, CommandError)
        assert error is None or error.column is not None
    TABLE.complete(line, INTERFACES)


@FUZZ
@given(LINES)
def test_what_completion_offers_is_never_refused_itself(line: str) -> None:
    for text, _, start in TABLE.complete(line, INTERFACES):
        longer = line[:start] + text
        error = refused(TABLE.parse, longer)
        assert error is None or (error.column or 0) >= len(longer.rstrip())


@pytest.mark.parametrize(
    "line",
    [
        "set acl-plugin acl permit" + ", permit" * 5_000,
        "set acl-plugin acl permit" + "," * 10_000,
        "set acl-plugin acl permit" + " s 1" * 10_000,
        "set acl-plugin acl " + "permit dport 80, " * 3_000 + "deny bogus",
        "send pg0" + " a" * 10_000,
        "x" * MAX_LINE_CHARACTERS,
        '"' * MAX_LINE_CHARACTERS,
    ],
)
def test_a_monster_takes_bounded_time(line: str) -> None:
    began = time.process_time()
    for ask in (TABLE.parse, TABLE.help, TABLE.complete):
        error = refused(ask, line)
        assert error is None or len(str(error)) < 500
    assert time.process_time() - began < 5.0


def test_no_way_to_read_a_line_is_tried_twice() -> None:
    branches = "|".join(f"x <number:n{k}>|<word:w{k}> <number:m{k}>" for k in range(4))
    table = small_table(f"go {{{branches}}} end")
    assert refusal("go" + " x 1" * 2_000, table).column == 2 + 4 * 2_000


def test_a_line_too_long_is_refused() -> None:
    error = refusal("x" * (MAX_LINE_CHARACTERS + 1))
    assert "65,537 characters; at most 65,536" in str(error)
    assert texts("x" * (MAX_LINE_CHARACTERS + 1)) == []


def test_eighty_commands_answer_within_a_keystroke() -> None:
    table = bench_table()
    for number in range(80 - len(SYNTAXES)):
        table.add(Command(f"show thing{number} [detail] {{a <word:x{number}>}}", print, "."))
    began = time.process_time()
    for line in ("", "s", "show ", "show th", "set acl-plugin acl permit, deny "):
        table.complete(line, INTERFACES)
        table.help(line, INTERFACES)
    assert (time.process_time() - began) / 10 < 0.05


# --- walks through the grammar ---

SAMPLES = {
    "interface": "pg1",
    "acl-index": "12",
    "seconds": "7.5",
    "prefix": "10.0.0.0/8",
    "proto": "17",
    "port": "53",
    "number": "3",
    "word": "zz9",
    "rest": "a, > b",
}


@st.composite
def walks(draw: st.DrawFn) -> tuple[str, list[str]]:
    """The syntax of a command and the tokens of a line that it allows."""
    number = draw(st.integers(0, len(SYNTAXES) - 1))
    return SYNTAXES[number], list(walk(TABLE._shapes[number].tree, draw))


def walk(node: Node, draw: st.DrawFn) -> Iterable[str]:
    if isinstance(node, Literal):
        yield node.text
    elif isinstance(node, Argument):
        yield SAMPLES[node.type.name]
    elif isinstance(node, Choice):
        yield from walk(draw(st.sampled_from(node.alternatives)), draw)
    elif isinstance(node, Repeat):
        for _ in range(draw(st.integers(0, 3))):
            yield from walk(node.body, draw)
    else:
        for item in node.items:
            yield from walk(item, draw)


@FUZZ
@given(walks())
def test_every_line_of_the_grammar_is_understood(walked: tuple[str, list[str]]) -> None:
    syntax, tokens = walked
    parsed = parse(" ".join(tokens))
    assert parsed.command.syntax == syntax
    words = [item.name for item in parsed.path if item.kind == "word"]
    assert words == [token for token in tokens if token not in SAMPLES.values()]
    assert parse(" ".join(tokens).replace(" ,", ",")).arguments == parsed.arguments


@FUZZ
@given(walks(), st.data())
def test_every_unique_abbreviation_is_understood_alike(
    walked: tuple[str, list[str]], data: st.DataObject
) -> None:
    tokens = walked[1]
    short: list[str] = []
    for index, token in enumerate(tokens):
        before = "".join(f"{token} " for token in tokens[:index])
        words = [e.text for e in TABLE.expected(before, INTERFACES) if not e.text.startswith("<")]
        lengths = [
            length
            for length in range(1, len(token) + 1)
            if [word for word in words if word.startswith(token[:length])] == [token]
        ]
        short.append(token[: data.draw(st.sampled_from(lengths))] if lengths else token)
    parsed, full = parse(" ".join(short)), parse(" ".join(tokens))
    assert parsed.command is full.command
    assert parsed.arguments == full.arguments
    assert parsed.words == full.words


@FUZZ
@given(walks())
def test_completion_knows_every_word_of_the_grammar(walked: tuple[str, list[str]]) -> None:
    tokens = walked[1]
    for index, token in enumerate(tokens):
        before = "".join(f"{token} " for token in tokens[:index])
        if token not in SAMPLES.values():
            assert token in texts(before)
            assert token == "," or token in texts(before + token[:1])
