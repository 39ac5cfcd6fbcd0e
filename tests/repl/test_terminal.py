"""The prompt in a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pseudoterminal import Terminal

from aclbench.workbench.rig.bundled import find_input

#: The end of the toolbar, which is painted with each new prompt.
READY = "no flag up"
UP = "\x1b[A"
RIGHT = "\x1b[C"
BACKSPACE = "\x7f"
CTRL_C = "\x03"
CTRL_D = "\x04"
#: Behind the last page of any slide.
PAGES = " " * 20
#: Between two prompts it takes as long as nothing is typed, and then leaves.
SLOW = """
import select
from aclbench.cli import main
from aclbench.repl.session import Session
from aclbench.tutor.presenting import Presentation
def slow(leaves):
    def wait(*arguments):
        print("busy", flush=True)
        select.select([0], [], [])
        return leaves
    return wait
Session.run, Presentation.next = slow(True), slow(False)
main()
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """With two interfaces, an ACL, and nothing typed before."""
    here = Terminal(tmp_path, "repl", "two-workers")
    yield here
    here.close()


def test_a_person_completes_recalls_edits_asks_and_leaves(terminal: Terminal) -> None:
    """Tab, Up, backspace, `?`, Ctrl-C and Ctrl-D, in the order of a first look round."""
    terminal.see(READY)
    terminal.type("sh acl-plugin inter\t\r")
    terminal.see("acl-plugin interface")
    terminal.see("sw_if_index 1:")
    terminal.see(READY)
    terminal.type(UP)
    terminal.see("acl-plugin interface")
    terminal.type(BACKSPACE * len("interface ") + "nonsense\r")
    terminal.see("error: show acl-plugin: unknown input")
    terminal.see("unknown word 'nonsense'")
    terminal.see(READY)
    terminal.type("show acl-plugin ?")
    terminal.see("show sessions, each worker's data")
    terminal.see(READY)
    terminal.type("sessions\r")
    terminal.see("Sessions total: add 0 - del 0 = 0")
    terminal.see("Conn cleaner thread counters:")
    terminal.see(READY)
    terminal.type("half a line" + CTRL_C)
    terminal.see(READY)
    terminal.type(CTRL_D)
    assert terminal.leave() == 0


def test_the_toolbar_is_there_and_quit_leaves(terminal: Terminal) -> None:
    """Virtual time, and sessions by class."""
    terminal.see("udp_idle 0 tcp_idle 0 tcp_transient 0")
    terminal.type("quit\r")
    assert terminal.leave() == 0


def test_lines_are_remembered_from_one_session_to_the_next(tmp_path: Path) -> None:
    """And suggested, unless told not to."""
    with closing(Terminal(tmp_path, "repl")) as first:
        first.see(READY)
        first.type("show acl-plugin interface\r")
        first.see(READY)
        first.type(CTRL_D)
        assert first.leave() == 0
    with closing(Terminal(tmp_path, "repl")) as second:
        second.see(READY)
        second.type("sho")
        second.see("w acl-plugin interface")
        second.type(f"{RIGHT}\r")
        second.see(READY)
        second.type(CTRL_D)
        assert second.leave() == 0
    with closing(Terminal(tmp_path, "repl", "--no-suggestions")) as third:
        third.see(READY)
        third.type(f"sho{RIGHT}foo\r")
        assert "w acl" not in third.see("unknown word 'shofoo'")
        third.see(READY)
        third.type(CTRL_D)
        assert third.leave() == 0


def test_of_a_capture_it_is_said_what_is_guessed_to_be_inside(tmp_path: Path) -> None:
    """With the option to paste."""
    with closing(Terminal(tmp_path, "repl", "http.pcap")) as terminal:
        terminal.see("note: guessed inside (sure): --inside 10.0.0.0/24")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0


@pytest.mark.parametrize("arguments", [("repl", "aging"), ("learn", "present", "1")])
def test_what_is_typed_while_nothing_is_read_is_not_echoed(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The terminal would obey it; and it has its echo back in the end."""
    with closing(Terminal(tmp_path, *arguments, program=SLOW)) as terminal:
        terminal.see(READY if arguments[0] == "repl" else "q leave")
        terminal.type(PAGES if arguments[0] == "learn" else "x\r")
        terminal.see("busy")
        terminal.type("\u202e\r")
        assert terminal.leave() == 0
        assert "\u202e".encode() not in terminal.painted
        assert terminal.attributes == terminal.attributes_before


@pytest.mark.parametrize("line", ["play", "step"])
def test_ctrl_c_ends_the_wait_for_a_pipe_whose_writer_stalls(line: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = find_input("http.pcap").read_bytes()
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, content[:99])
    with closing(Terminal(tmp_path, "repl", str(fifo), "--inside", "10.0.0.0/24")) as terminal:
        terminal.see(READY)
        terminal.type(f"{line}\r")
        os.write(writer, content[99:100])
        while select.select([writer], [], [], 0)[0]:  # until the command has read it
            terminal.listen()
        terminal.process.send_signal(signal.SIGINT)
        terminal.see("stopped")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0
    os.close(writer)
