"""What is set in a file and what is remembered: whatever is in there, the screen comes up."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.binding import Binding

from aclbench.cli.tui import tui
from aclbench.tui.help.screen import SIGNS, HelpScreen, help_rows, in_columns, key_name
from aclbench.tui.settings import (
    RECENT,
    Settings,
    config_file,
    config_template,
    last_inputs,
    places,
    read_settings,
    recent_inputs,
    remember_inputs,
    with_keys,
)

PLACE = [
    Binding("s,right", "step", "Step", id="time.step", tooltip="One step"),
    Binding("e", "turn", "Turn", id="time.turn", tooltip="One turn"),
    Binding("q", "quit", "Quit", id="app.quit", tooltip="Leave"),
]
ELSEWHERE = [Binding("q,escape", "close", "Close", id="help.close", tooltip="Close")]


def read(tmp_path: Path, text: str) -> tuple[Settings, list[str]]:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return read_settings([PLACE, ELSEWHERE], path)


# --- the file of settings ---------------------------------------------------------------------


def test_without_a_file_all_is_as_it_comes(tmp_path: Path) -> None:
    assert read_settings([PLACE], tmp_path / "none.toml") == (Settings(), [])


def test_everything_set(tmp_path: Path) -> None:
    text = '[tui]\ntheme = "light"\ngaps = "play"\n[keys]\n"time.step" = "x, f5, ., ctrl+r"\n'
    settings, notices = read(tmp_path, text)
    assert notices == []
    assert (settings.theme, settings.gaps) == ("textual-light", "play")
    assert settings.keys == {"time.step": "x,f5,full_stop,ctrl+r"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml", "not TOML"),
        ('[tui]\ntheme = "textual-darc"', "did you mean textual-dark"),
        ("[tui]\ntheme = 7", "[tui] theme: found 7; there is "),
        ('[tui]\ngaps = "skip"', "[tui] gaps: found skip; right would be jump or play"),
        ('[tui]\ncolour = "x"', "[tui] colour: an unknown key"),
        ("[keyz]\n", "keyz: an unknown key; did you mean keys?"),
        ("keys = 7", "keys: found 7; right would be a table"),
        ('[keys]\n"time.stop" = "x"', "did you mean time.step?"),
        ('[keys]\n"time.step" = 7', 'keys are text, as in "s,right"'),
        ('[keys]\n"time.step" = "rihgt"', "did you mean right?"),
        ('[keys]\n"time.step" = ""', "is no key"),
        ('[keys]\n"time.step" = "hyper+x"', "is no key"),
        ('[keys]\n"time.step" = "e"', "e is the key of time.turn already"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_used(tmp_path: Path, text: str, words: str) -> None:
    settings, notices = read(tmp_path, text)
    assert len(notices) == 1
    assert words in notices[0]
    assert str(tmp_path / "config.toml") in notices[0]
    assert settings == Settings()


def test_of_clashing_keys_the_one_set_last_gives_way(tmp_path: Path) -> None:
    settings, notices = read(tmp_path, '[keys]\n"time.step" = "x"\n"time.turn" = "x"\n')
    assert settings.keys == {"time.step": "x"}
    assert len(notices) == 1
    # Keys that change places do not clash, nor do keys of two places.
    text = '[keys]\n"time.step" = "e"\n"time.turn" = "s"\n"help.close" = "e"\n'
    settings, notices = read(tmp_path, text)
    assert notices == []
    assert settings.keys == {"time.step": "e", "time.turn": "s", "help.close": "e"}


def test_names_without_quotes_mean_the_same(tmp_path: Path) -> None:
    settings, notices = read(tmp_path, "[keys]\ntime.step = 'x'\n")
    assert (settings.keys, notices) == ({"time.step": "x"}, [])


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    settings, notices = read_settings([PLACE], tmp_path)
    assert settings == Settings()
    assert "a folder; the defaults are used" in notices[0]
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    assert "not text in UTF-8" in read_settings([PLACE], tmp_path / "bad.toml")[1][0]
    rows = "".join(f'wrong-{number} = "a"\n' for number in range(4_000))
    (tmp_path / "large.toml").write_text(f"[keys]\n{rows}")
    assert read_settings([PLACE], tmp_path / "large.toml")[1] == [
        f"{tmp_path}/large.toml: more than 64 kB; the defaults are used"
    ]


@given(
    st.dictionaries(
        st.sampled_from(["time.step", "time.turn", "app.quit"]),
        st.text(alphabet="seqx,+. 日", max_size=6) | st.integers(),
    )
)
def test_keys_that_are_used_never_clash(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "keys.toml"
    rows = [f'"{id}" = {json.dumps(value, ensure_ascii=False)}' for id, value in keys.items()]
    path.write_text("\n".join(["[keys]", *rows]), encoding="utf-8")
    settings, _ = read_settings([PLACE], path)
    used = [key for each in with_keys(PLACE, settings.keys) for key in set(each.key.split(","))]
    assert len(used) == len(set(used))


async def test_textual_takes_the_keymap() -> None:
    class Host(App[None]):
        BINDINGS = PLACE
        steps = 0

        def action_step(self) -> None:
            self.steps += 1

    host = Host()
    async with host.run_test() as pilot:
        host.set_keymap({"time.step": "full_stop,f5"})
        await pilot.press("s", ".", "f5")
        assert host.steps == 2


def test_the_template_has_every_key_and_changes_nothing(tmp_path: Path) -> None:
    text = config_template(binding for place in places() for binding in place)
    assert tomllib.loads(text) == {"tui": {}, "keys": {}}
    assert {len(line) > 100 for line in text.splitlines()} == {False}
    # With every # before a setting taken away it says what is so anyway.
    lines = [ln[2:] if ln.startswith('# "') or " = " in ln else ln for ln in text.splitlines()]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(lines))
    settings, notices = read_settings(path=path)
    assert notices == []
    assert set(settings.keys) == {each.id for place in places() for each in place}
    for place in places():
        for binding in place:
            assert binding.tooltip in text
            assert binding.id is not None
            assert settings.keys[binding.id] == binding.key


def test_the_option_that_writes_it() -> None:
    """It needs no terminal, and never overwrites."""
    first = CliRunner().invoke(tui, ["--write-config"])
    assert first.exit_code == 0
    assert first.output == f"{config_file()} written\n"
    config_file().write_text("[tui]\n")
    second = CliRunner().invoke(tui, ["--write-config"])
    assert "is there already" in second.output
    assert config_file().read_text() == "[tui]\n"


# --- what was opened --------------------------------------------------------------------------


def test_inputs_are_remembered_the_last_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "recent.json"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.pcap").touch()
    assert last_inputs(path=path) == ()
    remember_inputs(["aging"], path=path)
    remember_inputs(["a b.pcap", "backlog"], path=path)
    remember_inputs(["-"], path=path)
    remember_inputs([], path=path)
    assert last_inputs(path=path) == (str(tmp_path / "a b.pcap"), "backlog")
    remember_inputs(["aging"], path=path)
    assert recent_inputs(path=path) == ("aging", f"'{tmp_path / 'a b.pcap'}' backlog")
    for n in range(20):
        remember_inputs([f"name-{n}"], path=path)
    assert recent_inputs(path=path) == tuple(f"name-{n}" for n in range(19, 19 - RECENT, -1))


def test_a_name_that_is_no_utf_8_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    name = os.fsdecode(os.fsencode(tmp_path / "caf") + bytes([0xE9]))
    Path(name).touch()
    remember_inputs([name], path=path)
    remember_inputs(["aging"], path=path)
    assert recent_inputs(path=path)[1] == f"'{name}'"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"recent": 7}', '{"recent": [[7]]}', '{"a": 1}'])
def test_a_damaged_file_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recent.json"
    (tmp_path / "recent.json.damaged-1").write_text("older")
    path.write_text(text)
    says: list[str] = []
    assert recent_inputs(says.append, path) == ()
    assert len(says) == 1
    assert "recent.json.damaged-2" in says[0]
    assert (tmp_path / "recent.json.damaged-2").read_text() == text
    remember_inputs(["aging"], says.append, path)
    assert last_inputs(says.append, path) == ("aging",)
    assert len(says) == 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    says: list[str] = []
    remember_inputs(["aging"], says.append, tmp_path / "file" / "recent.json")
    assert any("is not remembered" in text for text in says)


# --- help -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "name"),
    [("s", "s"), ("ctrl+r", "Ctrl+R"), ("f5", "F5"), ("slash", "/"), ("shift+left", "Shift+Left"),
     ("left_square_bracket", "["), ("delete", "Del")],
)  # fmt: skip
def test_names_of_keys(key: str, name: str) -> None:
    assert key_name(key) == name


def test_help_has_every_key_of_every_section_as_it_is_set() -> None:
    set_now = with_keys(PLACE, {"time.step": "x"})
    parts = help_rows([("Here", set_now), ("Nothing", []), ("Elsewhere", ELSEWHERE)], SIGNS)
    assert [part[0][0] for part in parts] == ["Here", "Elsewhere", "On screen"]
    assert parts[0][1:] == [("x", "One step"), ("e", "One turn"), ("q", "Leave")]
    assert in_columns(parts, 1) == [parts]
    assert [part for column in in_columns(parts, 2) for part in column] == parts


@pytest.mark.parametrize(("width", "columns"), [(80, 1), (119, 1), (120, 2)])
async def test_help_in_columns(width: int, columns: int) -> None:
    host: App[None] = App()
    async with host.run_test(size=(width, 24)) as pilot:
        host.push_screen(HelpScreen([("Here", PLACE), ("Elsewhere", ELSEWHERE)]))
        await pilot.pause()
        shown = [each for each in host.screen.query("Static") if each.display]
        assert len(shown) == columns + 1  # and the title
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(host.screen, HelpScreen)


def test_files_that_cannot_be_read_are_said_to_be_so(tmp_path: Path) -> None:
    """They are not damaged: they stay, and are not written over."""
    path = tmp_path / "recent.json"
    path.symlink_to(path)
    says: list[str] = []
    assert last_inputs(says.append, path) == ()
    remember_inputs(["aging"], says.append, path)
    assert recent_inputs(says.append, path) == ()
    assert says == [
        f"what was opened before is not known: {path}: cannot be read: "
        "Too many levels of symbolic links"
    ] * 3  # fmt: skip
    assert path.is_symlink()
    settings, says = read_settings([PLACE], path)
    assert settings == Settings()
    assert says == [
        f"{path}: cannot be read: Too many levels of symbolic links; the defaults are used"
    ]
