"""The prompt, key by key, without a terminal."""

from __future__ import annotations

import asyncio
import io
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from aclbench import Workbench
from aclbench.repl.completion import CommandCompleter
from aclbench.repl.printing import Printer
from aclbench.repl.prompt import Prompt, history_file, kept_history
from aclbench.repl.session import Session
from aclbench.repl.toolbar import toolbar_text

UP = "\x1b[A"
TAB = "\t"
CTRL_C = "\x03"
CTRL_D = "\x04"


def bench() -> Workbench:
    """With two interfaces and an ACL."""
    made = Workbench(workers=2)
    made.cli("create packet-generator interface pg0")
    made.cli("create packet-generator interface pg1")
    made.cli("set acl-plugin acl permit src 0.0.0.0/0 dst 0.0.0.0/0 tag all")
    return made


@contextmanager
def prompting(**options: bool) -> Iterator[tuple[Prompt, PipeInput, io.StringIO]]:
    """A prompt, its keys, and what commands print."""
    out = io.StringIO()
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session = Session(bench(), Printer(out))
        yield Prompt(session, history=InMemoryHistory(), **options), keys, out


def completions(line: str, made: Workbench | None = None) -> list[str]:
    """What Tab offers at the end of a line."""
    here = made or bench()
    found = CommandCompleter(lambda: here).get_completions(Document(line), CompleteEvent())
    return [each.text for each in found]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sho", ["show "]),
        ("show acl-plugin ", ["acl", "interface", "lookup", "memory", "sessions"]),
        ("set acl-plugin interface p", ["pg0", "pg1"]),
        ("show acl-plugin acl index ", ["0 "]),
        ("help show acl-plugin i", ["help show acl-plugin interface "]),
        ("nonsense ", []),
    ],
)
def test_what_tab_offers(line: str, offered: list[str]) -> None:
    """Words, interfaces, ACLs, and what can follow `help`."""
    found = completions(line)
    if line.startswith("help"):
        found = ["help " + text for text in found]
    assert found == offered


def test_tab_offers_files_folder_by_folder(tmp_path: Path) -> None:
    """A folder ends in a slash and can be gone on in; names with spaces are quoted."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a b.run").touch()
    (tmp_path / ".hidden").touch()
    assert completions(f"load {tmp_path}/") == [f"{tmp_path}/runs/"]
    assert completions(f"load {tmp_path}/runs/") == [f'"{tmp_path}/runs/a b.run" ']
    assert completions(f"load {tmp_path}/none/") == []


def test_what_tab_shows_of_any_name_is_seen(tmp_path: Path) -> None:
    """The list of names has no control in it; what is put in the line is the name."""
    name = "\x1b]0;title\x07\u202e.run"
    (tmp_path / name).touch()
    here = bench()
    [found] = CommandCompleter(lambda: here).get_completions(
        Document(f"load {tmp_path}/"), CompleteEvent()
    )
    assert found.display_text.endswith(r"\x1b]0;title\x07\u202e.run")
    assert name in found.text


def test_what_is_said_of_a_completion_is_seen() -> None:
    """An ACL's tag."""
    here = bench()
    here.cli("set acl-plugin acl permit src 0.0.0.0/0 dst 0.0.0.0/0 tag a\x9b2J\u202e")
    line = Document("show acl-plugin acl index ")
    found = list(CommandCompleter(lambda: here).get_completions(line, CompleteEvent()))
    assert r"a\x9b2J\u202e" in found[1].display_meta_text


def test_where_a_lesson_is_is_seen_in_the_toolbar() -> None:
    """It is named by its file."""
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session = Session(bench(), Printer(io.StringIO()))
        prompt = Prompt(session, history=InMemoryHistory(), where=lambda: "lesson \x9b2J\n")
        assert prompt._toolbar().startswith(r" lesson \x9b2J\x0a |")


def test_the_loop_runs_lines_until_it_is_left() -> None:
    """Errors are said and do not end it; what follows `quit` is not run."""
    with prompting() as (prompt, keys, out):
        keys.send_text("create packet-generator interface pg7\rshow foo\rquit\rshow acl-plugin\r")
        prompt.loop()
        assert "error: unknown word 'foo'" in out.getvalue()
        names = [i.name for i in prompt._session.bench.snapshot().interfaces]
        assert names[-1] == "pg7"


def test_keys_complete_recall_and_clear() -> None:
    """Tab, Up with an edit, and Ctrl-C, which clears the line and not the session."""
    with prompting() as (prompt, keys, out):
        keys.send_text(f"show acl-plugin ac{TAB}\r")
        prompt_line = prompt.read()
        assert prompt_line == "show acl-plugin acl "
        keys.send_text(f"{UP}index 0\r")
        assert prompt.read() == "show acl-plugin acl index 0"
        keys.send_text(f"garbage{CTRL_C}")
        with pytest.raises(KeyboardInterrupt):
            prompt.read()
        keys.send_text(CTRL_D)
        with pytest.raises(EOFError):
            prompt.read()
    assert out.getvalue() == ""


def test_a_question_mark_lists_what_can_come_and_leaves_the_line() -> None:
    """In quotes it is a letter like any other."""
    with prompting() as (prompt, keys, out):
        keys.send_text("show acl-plugin ?sessions\r")
        assert prompt.read() == "show acl-plugin sessions"
        assert "list which ACLs each interface has" in out.getvalue()
        keys.send_text('set acl-plugin acl deny src ?x "why?"\r')
        assert prompt.read() == 'set acl-plugin acl deny src x "why?"'
        assert "<src>  a prefix" in out.getvalue()


@pytest.mark.parametrize("suggestions", [True, False])
def test_suggestions_can_be_turned_off(suggestions: bool) -> None:
    """They come from the history."""
    with prompting(suggestions=suggestions) as (prompt, _, _out):
        assert (prompt.reader.auto_suggest is not None) == suggestions


def test_the_history_is_kept_under_xdg_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And cut back once it is very long; where it cannot be kept, it is not missed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept_history().append_string("show acl-plugin acl")
    assert history_file() == tmp_path / "aclbench" / "repl-history"
    assert list(kept_history().load_history_strings()) == ["show acl-plugin acl"]
    lines = "".join(f"\n# 2026-01-01\n+line {n}\n" for n in range(10_001))
    history_file().write_text(lines)
    remembered = list(kept_history().load_history_strings())
    assert (len(remembered), remembered[0]) == (5_000, "line 10000")
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    kept_history().append_string("x")


def test_a_history_that_cannot_be_gone_on_with_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that is full. Lines are there to be recalled all the same."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    out = io.StringIO()
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        prompt = Prompt(Session(bench(), Printer(out)))
        shutil.rmtree(tmp_path / "aclbench")
        keys.send_text("show clock\rshow version\rquit\r")
        prompt.loop()
    said = " ".join(out.getvalue().split())
    kept_here = "note: typed lines are kept for this session alone: No such file or directory"
    assert said.count(kept_here) == 1
    assert prompt.reader.history.get_strings() == ["show clock", "show version", "quit"]
    assert "aclbench v" in said


def test_a_history_that_may_only_be_read_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept_history().append_string("x")
    opening = Path.open

    def refusing(path: Path, mode: str = "r", **options: Any) -> Any:
        if "a" in mode:
            raise PermissionError
        return opening(path, mode, **options)

    monkeypatch.setattr(Path, "open", refusing)
    assert isinstance(kept_history(), InMemoryHistory)


def test_the_toolbar_has_time_classes_and_flags() -> None:
    """It fits; what is left out is counted."""
    made = Workbench.load(Path(__file__).parent.parent.parent / "scenarios" / "aging.toml")
    made.play(600)
    text = toolbar_text(made, 200)
    live = made.snapshot().sessions.by_list
    assert f"udp_idle {live[0]} tcp_idle {live[1]} tcp_transient {live[2]}" in text
    for width in (10, 40, 80):
        assert len(toolbar_text(made, width)) <= width
    made.rig.machine.am.workers[1].interrupt_is_needed = 1
    assert "vpp_wk_0 " in toolbar_text(made, 200)
    assert "needed" in toolbar_text(made, 200)


def test_ctrl_c_ends_a_run_between_two_packets() -> None:
    """The bench can go on from there, and ends where it would have ended."""
    folder = Path(__file__).parent.parent.parent / "scenarios"
    whole, made = Workbench.load(folder / "aging.toml"), Workbench.load(folder / "aging.toml")
    whole.play()
    pressed: list[int] = []

    def press(event: object) -> None:
        if not pressed:
            pressed.append(1)
            signal.raise_signal(signal.SIGINT)

    made.listeners.add(press)
    with pytest.raises(KeyboardInterrupt):
        made.play()
    made.check_invariants()
    assert made.snapshot().packets.read < whole.snapshot().packets.read
    made.play()
    assert made.snapshot() == whole.snapshot()


@pytest.mark.parametrize("typed", ["\x1b[9M", "\x1b[<1;2M", f"\x1b[{'9' * 5000};1R"])
def test_reports_that_make_no_sense_are_ignored(typed: str) -> None:
    with prompting() as (prompt, keys, out):
        keys.send_text(f"{typed}show version\rquit\r")
        prompt.loop()
    assert "aclbench" in out.getvalue()


def test_ctrl_c_while_the_prompt_is_made_does_nothing() -> None:
    with prompting() as (prompt, keys, _):
        begin = prompt.reader.prompt

        def interrupted(**settings: Any) -> str:
            signal.raise_signal(signal.SIGINT)
            return begin(**settings)

        prompt.reader.prompt = interrupted  # type: ignore[method-assign]
        keys.send_text("show version\r")
        assert prompt.read() == "show version"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_right_behind_a_line_stops_it() -> None:
    with prompting() as (prompt, keys, _):
        begin = prompt.reader.prompt

        def interrupted(**settings: Any) -> str:
            line = begin(**settings)
            signal.raise_signal(signal.SIGINT)
            return line

        prompt.reader.prompt = interrupted  # type: ignore[method-assign]
        keys.send_text("show version\r")
        with pytest.raises(KeyboardInterrupt):
            prompt.read()


def test_ctrl_c_that_comes_as_a_line_is_left_does_nothing() -> None:
    with prompting() as (prompt, keys, _):
        keys.send_text("quit\r")
        prompt.loop()

    async def interrupt() -> None:
        prompt.reader.app.key_processor.send_sigint()

    asyncio.run(interrupt())
