"""The dialogs, as someone at the keyboard fills them in; the lines they make are run on a bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from aclbench.engine.design import FIFO_2017
from aclbench.tui.app import STYLES
from aclbench.tui.dialogs import (
    AskLine,
    Dialog,
    FormError,
    GoToDialog,
    InterfaceDialog,
    Menu,
    MenuRow,
    OpenDialog,
    SendDialog,
    SendForm,
    TimeoutDialog,
    goto_line,
)
from aclbench.tui.dialogs.fields import Choice, PushButton
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.dialogs.sendform import PROTOCOLS, explain_line, prefilled, reply, send_line
from aclbench.workbench.views.snapshot import InterfaceView
from aclbench.workbench.workbench import Workbench
from tui.bench import busy_bench

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
S = 1_000_000_000
CLASSES = tuple((each.words, each.what, each.idle_s * S) for each in FIFO_2017.timeout_classes)


def interface(name: str, *addresses: str, **others: Any) -> InterfaceView:
    values: dict[str, Any] = {
        "sw_if_index": 1,
        "admin_up": True,
        "deleted": False,
        "rx_thread": 1,
        "input_acls": (),
        "output_acls": (),
        "sessions": 0,
    }
    return InterfaceView(name=name, addresses=addresses, **(values | others))


LOCAL0 = interface("local0", sw_if_index=0)
PG0 = interface("pg0", "10.0.0.1/24", "fd00::1/64", input_acls=(0,), output_acls=(1,), sessions=3)
PG1 = interface("pg1", "192.168.0.1/24", "fd01::1/64", admin_up=False)
INTERFACES = (LOCAL0, PG0, PG1)

ROWS = [MenuRow("s", "Send", "craft a packet"), MenuRow("g", "Go to", "a place of the run")]
ROWS += [MenuRow(str(n), f"Row {n}", "one of many") for n in range(10)] * 2


class Host(App[None]):
    """An app with nothing but a dialog on it, and what the dialog returned."""

    CSS_PATH = STYLES

    def __init__(self, dialog: Dialog[Any]) -> None:
        super().__init__()
        self.dialog = dialog
        self.returned: list[Any] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.returned.append)


def said(pilot: Pilot[None]) -> str:
    """The line at the bottom and the error, whichever are shown."""
    shown = [pilot.app.screen.query_one(f"#dialog-{id}", Static) for id in ("line", "error")]
    return "\n".join(str(panel.render()) for panel in shown if panel.display)


def mark_row(pilot: Pilot[None]) -> int:
    """The row of the one field that has the `>`."""
    marks = pilot.app.screen.query("Field > .mark")
    rows = [mark.region.y for mark in marks if mark.visible]
    assert len(rows) == 1
    return rows[0]


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


# --- what all have in common ------------------------------------------------------------------

ALL: dict[str, Callable[[], Dialog[Any]]] = {
    "menu": lambda: Menu("What to do", ROWS),
    "ask": lambda: AskLine("Branch", "Begins a branch here.", "try", lambda text: None),
    "send": lambda: SendDialog(INTERFACES),
    "timeouts": lambda: TimeoutDialog(CLASSES),
    "interface": lambda: InterfaceDialog(INTERFACES),
    "open": lambda: OpenDialog(
        [("aging", "Aging", "Three connections age. " * 9), ("backlog", "A backlog", "Much.")],
        ["/tmp/one.pcap"],
    ),
    "goto": lambda: GoToDialog("The run goes from the start to +12.5 s."),
}
EACH = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())


@SIZES
@EACH
async def test_a_dialog_fits_and_closes(
    make: Callable[[], Dialog[Any]], size: tuple[int, int]
) -> None:
    host = Host(make())
    async with host.run_test(size=size) as pilot:
        await pilot.pause()
        frame = host.screen.query_one("#dialog")
        assert frame.region.right <= size[0]
        assert frame.region.bottom <= size[1]
        assert frame.max_scroll_y == 0
        shown = [w.region for w in frame.query("*") if w.display and w.size and w.parent is frame]
        assert all(frame.region.contains_region(region) for region in shown)
        assert host.screen.focused is not None
        await press(pilot, "escape")
        assert host.returned == [None]


@EACH
def test_looks_at_80x24(make: Callable[[], Dialog[Any]], snap_compare: Any) -> None:
    async def still(pilot: Pilot[None]) -> None:
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()

    assert snap_compare(Host(make()), terminal_size=(80, 24), run_before=still)


@EACH
async def test_every_control_is_reached_by_tab(make: Callable[[], Dialog[Any]]) -> None:
    host = Host(make())
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = []
        for _ in host.screen.focus_chain:
            seen.append(host.screen.focused)
            # A hint that needed a second line would make the dialog jump about.
            assert host.screen.query_one("#dialog-hint").size.height <= 1
            await pilot.press("tab")
        assert set(seen) == set(host.screen.focus_chain)
        await press(pilot, "shift+tab")
        assert host.screen.focused is seen[-1]


# --- menu and one line ------------------------------------------------------------------------


async def test_titles_and_rows_are_seen() -> None:
    """They may be names of files and tags: no control of them reaches the terminal."""
    host = Host(Menu("\x1b]0;title\x07", ROWS))
    async with host.run_test():
        assert host.screen.query_one("#dialog").border_title == r"\x1b]0;title\x07"
    picks = PickList(["\x9b2J", "one"])
    assert picks.rows == (r"\x9b2J", "one")
    picks.show(["\u202e"])
    assert picks.rows == (r"\u202e",)
    assert r"pg\x9b2J" in Choice("interface", ["pg0", "pg\x9b2J"], "pg\x9b2J").render().plain


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [(("enter",), "s"), (("down", "enter"), "g"), (("g",), "g"), (("end", "enter"), "9")],
)
async def test_a_menu_is_chosen_from(keys: tuple[str, ...], chosen: str) -> None:
    host = Host(Menu("What to do", ROWS))
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, *keys)
        assert host.returned == [chosen]


async def test_a_menu_says_what_a_row_does_and_scrolls() -> None:
    host = Host(Menu("What to do", ROWS))
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "down")
        assert "a place of the run" in said(pilot)
        await press(pilot, "end")
        rows = host.screen.query_one(PickList)
        assert rows.scroll_offset.y > 0
        last = rows.render_line(len(ROWS) - 1 - rows.scroll_offset.y)
        assert last.text.startswith("> 9")


async def test_a_menu_is_clicked() -> None:
    host = Host(Menu("What to do", ROWS))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.click(PickList, offset=(5, 1))
        await pilot.pause()
        assert host.returned == ["g"]


async def test_an_empty_menu_chooses_nothing() -> None:
    host = Host(Menu("What to do", ()))
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "down", "end", "pagedown")
        assert "there is nothing to choose" in said(pilot)
        assert not host.returned


async def test_one_line_is_checked_and_kept_when_it_is_wrong() -> None:
    def check(text: str) -> str | None:
        return None if text.isalnum() else f"'{text}' is no name; try is"

    host = Host(AskLine("Branch", "Begins one.", "", check, lambda text: f"branch {text}"))
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "a", "minus", "enter")
        assert said(pilot) == "error: 'a-' is no name; try is"
        assert host.screen.query_one(Input).value == "a-"
        await press(pilot, "backspace", "b")
        assert said(pilot) == "branch ab"
        await press(pilot, "enter")
        assert host.returned == ["ab"]


# --- send -------------------------------------------------------------------------------------


async def test_a_packet_is_sent_as_it_is_prefilled() -> None:
    host = Host(SendDialog(INTERFACES))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert said(pilot) == ":send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80 S"
        await press(pilot, "enter")
        assert host.returned == ["send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80 S"]


async def test_only_what_a_protocol_has_is_shown() -> None:
    dialog = SendDialog(INTERFACES)
    host = Host(dialog)
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

        def shown() -> set[str]:
            return {w.id for w in dialog.focus_chain if w.id} - {"interface", "protocol"}

        every = {"src", "dst", "vlan", "fragment", "count", "interval"}
        assert shown() == every | {"sport", "dport", "flags"}
        choice = dialog.query_one("#protocol", Choice)
        for protocol, more in {
            "udp": {"sport", "dport"},
            "icmp": {"type", "code"},
            "proto": {"number"},
            "icmp6": {"type", "code"},
        }.items():
            choice.value = protocol
            await pilot.pause()
            assert shown() == every | more
        assert said(pilot) == ":send pg0 icmp6 fd00::2 > fd01::2 type 128 code 0"
        dialog.query_one("#fragment", Input).value = "1480"
        await pilot.pause()
        assert shown() == every
        assert said(pilot) == ":send pg0 icmp6 fd00::2 > fd01::2 frag 1480"


async def test_flags_and_choices_by_key_and_mouse() -> None:
    dialog = SendDialog(INTERFACES)
    host = Host(dialog)
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "right")
        assert dialog.form.interface == "pg1"
        assert dialog.form.src == "192.168.0.2"
        await press(pilot, "p", "down", "u")
        assert dialog.form.protocol == "udp"
        assert dialog.form.dport == "53"
        await pilot.click("#protocol", offset=(1, 0))
        await pilot.pause()
        assert dialog.form.protocol == "tcp"
        dialog.query_one("#flags").focus()
        await press(pilot, "s", "a", "f", "f", "right", "space")
        assert dialog.form.flags == "SA"
        await pilot.click("#flags", offset=(2, 0))
        await pilot.pause()
        assert dialog.form.flags == "FSA"


async def test_what_is_wrong_is_said_and_nothing_is_lost() -> None:
    dialog = SendDialog(INTERFACES)
    host = Host(dialog)
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        port = dialog.query_one("#dport", Input)
        port.value = "70000"
        await pilot.pause()
        assert "not yet: port: '70000' is not a port" in said(pilot)
        await press(pilot, "enter")
        assert said(pilot).startswith("error: port:")
        assert dialog.focused is port
        assert not host.returned
        port.value = "443"
        await press(pilot, "enter")
        assert host.returned == ["send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:443 S"]


async def test_the_reply_and_the_explanation() -> None:
    """The handshake goes by one key a packet; the form that is handed on is the last one's."""
    first = SendDialog(INTERFACES)
    host = Host(first)
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        second = SendDialog(INTERFACES, first.form)
        host.push_screen(second, host.returned.append)
        await press(pilot, "f3")
        assert said(pilot) == ":send pg1 tcp 192.168.0.2:80 > 10.0.0.2:40000 SA"
        await press(pilot, "f2")
        assert host.returned[-1] == "explain pg1 tcp 192.168.0.2:80 > 10.0.0.2:40000 SA"
        assert reply(second.form, [PG0, PG1]).flags == "A"
        assert reply(second.form, [PG0, PG1]).interface == "pg0"


async def test_explain_refuses_what_it_does_not_know() -> None:
    host = Host(SendDialog(INTERFACES, SendForm("pg0", src="10.0.0.2", dst="10.9.9.9", flags="")))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert said(pilot).endswith(" none")
        await press(pilot, "f2")
        assert "explain wants at least one TCP flag" in said(pilot)
        assert not host.returned


async def test_a_bench_without_interfaces_says_how_to_make_one() -> None:
    for dialog in (SendDialog((LOCAL0,)), InterfaceDialog((LOCAL0,))):
        host = Host(dialog)
        async with host.run_test(size=(80, 24)) as pilot:
            await press(pilot, "enter")
            assert "create packet-generator interface pg0" in said(pilot)
            assert not host.returned


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return busy_bench()


FORMS = [prefilled(SendForm("pg0", protocol, number="47"), [PG0, PG1]) for protocol in PROTOCOLS]
VARIANTS: list[dict[str, str]] = [
    {},
    {"vlan": "7"},
    {"fragment": "0+"},
    {"fragment": "1480"},
    {"count": "3", "interval": "10ms"},
    {"count": "12"},
    {"flags": "FSRPAUEC"},
    {"flags": ""},
    {"src": "fd00::9", "dst": "fd01::9"},
]


@pytest.mark.parametrize("form", FORMS, ids=PROTOCOLS)
@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_every_line_that_is_made_is_one_that_the_bench_understands(
    bench: Workbench, form: SendForm, changes: dict[str, str]
) -> None:
    form = replace(form, **changes)
    for make in (send_line, explain_line):
        try:
            line = make(form)
        except FormError:
            # A later fragment, no flags, or a family that is not the protocol's.
            assert changes.keys() & {"fragment", "flags", "src"}
        else:
            bench.cli(line)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"src": ""}, "src", "nothing is not an address"),
        ({"dst": "10.0.0"}, "dst", "'10.0.0' is not an address"),
        ({"dst": "fe80::1%eth0"}, "dst", "is not an address"),
        ({"dst": "fd00::1"}, "src", "of two families"),
        ({"sport": "x"}, "sport", "'x' is not a port"),
        ({"vlan": "5000"}, "vlan", "vlan: 5000 is out of range"),
        ({"fragment": "7"}, "fragment", "multiple of 8"),
        ({"count": "0"}, "count", "count: 0 is out of range"),
        ({"interval": "soon"}, "interval", "is not a length of time"),
        ({"protocol": "proto", "number": "6"}, "number", "protocol 6 is tcp"),
        ({"protocol": "icmp", "type": "256"}, "type", "type: 256 is out of range"),
        ({"protocol": "icmp6"}, "src", "icmp is for IPv4, icmp6 for IPv6"),
        ({"interface": ""}, "interface", "no interface"),
        ({"count": "10000", "interval": "9999999h"}, "interval", "hundred years"),
    ],
)
def test_what_is_wrong_with_a_form(changes: dict[str, str], field: str, words: str) -> None:
    form = replace(prefilled(SendForm("pg0"), [PG0, PG1]), **changes)
    with pytest.raises(FormError, match=words) as caught:
        send_line(form)
    assert caught.value.field == field


# --- timeouts ---------------------------------------------------------------------------------


async def test_only_timeouts_that_were_changed_are_set(bench: Workbench) -> None:
    host = Host(TimeoutDialog(CLASSES))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "nothing is changed" in said(pilot)
        await press(pilot, "down", "down", *"90")
        assert said(pilot) == ":set acl-plugin session timeout tcp transient 90"
        await press(pilot, "up", *"0")
        assert "tcp idle: 0 s; from 1 to" in said(pilot)
        await press(pilot, "enter")
        assert said(pilot).startswith("error: ")
        await press(pilot, "backspace", "7", "enter")
        assert host.returned == [
            [
                "set acl-plugin session timeout tcp idle 7",
                "set acl-plugin session timeout tcp transient 90",
            ]
        ]
        for line in host.returned[0]:
            bench.lines.table.parse(line, bench)


@pytest.mark.parametrize("text", ["", "1.5", "-1", "x", "²", "9" * 30])
async def test_timeouts_are_whole_seconds(text: str) -> None:
    host = Host(TimeoutDialog(CLASSES))
    async with host.run_test(size=(80, 24)) as pilot:
        host.screen.query_one("#timeout-0", Input).value = text
        await press(pilot, "enter")
        assert said(pilot).startswith("error: udp idle: ")
        assert not host.returned


# --- interfaces -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (("down",), ["set acl-plugin interface pg0 input acl 0 del"]),
        (("down", "down"), ["set acl-plugin interface pg0 output acl 1 del"]),
        (
            ("down",) * 3,
            [
                "set acl-plugin interface pg0 input acl 0 del",
                "set acl-plugin interface pg0 output acl 1 del",
            ],
        ),
        (("down",) * 4, ["set interface state pg0 down"]),
        (("down",) * 5, ["delete packet-generator interface pg0"]),
        (("right",), ["set interface state pg1 up"]),
        (("right", "down", "end"), ["delete packet-generator interface pg1"]),
    ],
)
async def test_what_is_done_to_an_interface(
    keys: tuple[str, ...], lines: list[str], bench: Workbench
) -> None:
    host = Host(InterfaceDialog(INTERFACES))
    async with host.run_test(size=(80, 24)) as pilot:
        # The first Down goes from the interface into the list, whose first row is the current one.
        await press(pilot, *keys)
        assert said(pilot) == "\n".join(f":{line}" for line in lines)
        await press(pilot, "enter")
        assert host.returned == [lines]
        for line in lines:
            bench.lines.table.parse(line, bench)


# --- open -------------------------------------------------------------------------------------


async def test_a_scenario_is_opened_and_described() -> None:
    scenarios = [("aging", "Aging", "Three\nage."), ("backlog", "A backlog", "Much to do.")]
    host = Host(OpenDialog(scenarios, ["'a b.pcap'"]))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        about = host.screen.query_one("#about-row", Static)
        assert str(about.render()) == ""
        assert said(pilot) == "aclbench tui 'a b.pcap'"
        await press(pilot, "down")
        assert str(about.render()) == "Three age."
        await press(pilot, "down")
        assert str(about.render()) == "Much to do."
        assert said(pilot) == "aclbench tui backlog"
        await press(pilot, "enter")
        assert host.returned == ["backlog"]


async def test_letters_go_through_the_rows_that_begin_with_them() -> None:
    scenarios = [("aging", "", ""), ("backlog", "", ""), ("full-table", "", "")]
    host = Host(OpenDialog(scenarios, [], ["asymmetric.pcap", "Beacon.pcap"]))
    async with host.run_test(size=(80, 24)) as pilot:
        found = []
        for key in "baab":
            await press(pilot, key)
            found.append(said(pilot).removeprefix("aclbench tui "))
        assert found == ["backlog", "asymmetric.pcap", "aging", "backlog"]
        await press(pilot, "b")
        assert said(pilot) == "aclbench tui Beacon.pcap"
        await press(pilot, "z")  # none does
        assert said(pilot) == "aclbench tui Beacon.pcap"
        assert host.screen.query_one("#path", Input).value == ""


async def test_tab_completes_a_path_and_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "one.pcap").touch()
    monkeypatch.chdir(tmp_path)
    host = Host(OpenDialog([("aging", "Aging", "Three age.")]))
    async with host.run_test(size=(80, 24)) as pilot:
        line = host.screen.query_one("#path", Input)
        line.focus()
        await press(pilot, "t", "a")
        for whole in ("taken/", "taken/one.pcap"):
            for _ in range(200):
                if line._suggestion == whole:
                    break
                await pilot.pause()
            await press(pilot, "tab")
            assert line.value == whole
            assert line.cursor_position == len(whole)
            assert line.has_focus
        assert said(pilot) == "aclbench tui taken/one.pcap"
        for _ in range(20):
            await pilot.pause()
        await press(pilot, "tab")
        assert line.value == "taken/one.pcap"
        assert not line.has_focus


async def test_a_path_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a b.pcap"
    path.touch()
    host = Host(OpenDialog([("aging", "Aging", "Three age.")]))
    async with host.run_test(size=(80, 24)) as pilot:
        line = host.screen.query_one("#path", Input)
        line.focus()
        await press(pilot, "n", "o", "enter")
        assert "error: no: no such file" in said(pilot)
        assert line.value == "no"
        line.value = str(path)
        await pilot.pause()
        # What one was in last is what counts, and what was typed stays.
        await press(pilot, "up")
        assert said(pilot) == "aclbench tui aging"
        await press(pilot, "down")
        assert line.has_focus
        await press(pilot, "enter")
        assert host.returned == [f"'{path}'"]


@pytest.mark.parametrize(("text", "words"), [('"aging', "a quote is opened"), ("-", "reads its")])
async def test_paths_that_are_none(text: str, words: str) -> None:
    host = Host(OpenDialog([]))
    async with host.run_test(size=(80, 24)) as pilot:
        host.screen.query_one("#path", Input).focus()
        await pilot.pause()
        host.screen.query_one("#path", Input).value = text
        await press(pilot, "enter")
        assert words in said(pilot)


# --- go to ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("+12.5", "goto time +12.5"),
        ("12.5", "goto time 12.5"),
        ("+500 ms", "goto time +500ms"),
        ("time 3", "goto time 3"),
        ("goto time 3s", "goto time 3s"),
        ("#17", "goto packet 17"),
        ("packet 17", "goto packet 17"),
        (" Event 400 ", "goto event 400"),
        ("start", "goto start"),
        ("END", "goto end"),
        ("goto end", "goto end"),
        ("50%", "50%"),
        ("99.5 %", "99.5%"),
        ("12:00:05", "goto time 12:00:05"),
        ("12:00:05.25 utc", "goto time 12:00:05.25 UTC"),
        ("2026-11-27  12:00:05 +01:00", "goto time 2026-11-27 12:00:05 +01:00"),
        ("2026-01-01t12:00:00.5z", "goto time 2026-01-01T12:00:00.5Z"),
    ],
)
def test_places(text: str, line: str, bench: Workbench) -> None:
    assert goto_line(text) == line
    if not line.endswith("%"):
        assert bench.lines.table.parse(line, bench) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing is typed"),
        ("17", r"could be a time, \+17, or a packet, #17"),
        ("101%", "from 0% to 100%"),
        ("#99999999999", "numbers go up to"),
        ("+12.5x", "is no unit"),
        ("back", "'back' is not a place|back is not a place"),
        ("2026-01-01", "not a time of day"),
        ("+" + "9" * 30, "is not a length of time|hundred years"),
    ],
)
def test_no_places(text: str, words: str) -> None:
    with pytest.raises(FormError, match=words):
        goto_line(text)


async def test_going_to_a_place() -> None:
    host = Host(GoToDialog("The run goes from the start to +12.5 s."))
    async with host.run_test(size=(80, 24)) as pilot:
        await press(pilot, "1", "7", "enter")
        assert "could be a time" in said(pilot)
        await press(pilot, "home", "number_sign")
        assert said(pilot) == ":goto packet 17"
        await press(pilot, "enter")
        assert host.returned == ["goto packet 17"]


# --- focus without colours --------------------------------------------------------------------


async def test_the_focus_shows_by_a_glyph() -> None:
    host = Host(TimeoutDialog(CLASSES))
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.pause()
        first = mark_row(pilot)
        await press(pilot, "down")
        assert mark_row(pilot) == first + 1
        await press(pilot, "down", "down")
        # On a button it is the button's.
        assert not [mark for mark in pilot.app.screen.query("Field > .mark") if mark.visible]
        buttons = [str(button.render()) for button in pilot.app.screen.query(PushButton)]
        assert [text[:2] for text in buttons].count(">[") == 1


# --- typed fast -------------------------------------------------------------------------------


async def test_a_dialog_is_closed_once_and_only_while_it_is_on_top() -> None:
    lower, upper = Menu("lower", ROWS), Menu("upper", ROWS)
    async with Host(lower).run_test() as pilot:
        host = pilot.app
        assert isinstance(host, Host)
        host.push_screen(upper, host.returned.append)
        await pilot.pause()
        lower.dismiss("s")
        assert host.returned == []
        upper.dismiss("g")
        upper.dismiss("s")
        await pilot.pause()
        lower.dismiss("s")
        await pilot.pause()
        assert host.returned == ["g", "s"]
