"""Commands in odd surroundings: closed streams, readers that go, other encodings, no home."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli.command import run
from pseudoterminal import Terminal

from aclbench import Workbench
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture

ACLBENCH = f"{sys.executable} -m aclbench"


def shell(
    line: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A line for the shell, in which `aclbench` is ours; its state is in the folder."""
    ours = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    return subprocess.run(
        ["sh", "-c", f'aclbench() {{ {ACLBENCH} "$@"; }}\n{line}'],
        cwd=folder,
        env=os.environ | ours | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("aclbench repl -c 'show version' >&-", 0, b""),
        # What is long has the same streams closed as one that is not.
        pytest.param("aclbench repl -c 'show version' <&- 2>&-", 0, b"", marks=pytest.mark.long),
        ("aclbench repl <&-", 1, b"there is no standard input to read lines from; use -c or -f"),
        ("aclbench tui >&-", 1, b"the live screen needs a terminal"),
        ("aclbench learn 1 <&-", 1, b"a lesson needs somebody at a terminal"),
        ("aclbench replay http 2>&-", 0, b""),
        ("aclbench synth - >&-", 1, b"standard output is closed: name a FILE"),
        ("aclbench synth /dev/fd/1 >&-", 1, b"standard output is closed: name a FILE"),
        pytest.param(
            *("aclbench learn export 1 -o - >&-", 1, b"standard output is closed: name a FILE"),
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_closed_stream(line: str, code: int, says: bytes, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    assert (done.returncode, says in done.stderr) == (code, True)
    assert b"Traceback" not in done.stderr


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """A capture that is opened first would get the number of standard output."""
    done = shell("aclbench replay http --write-passed passed.pcap >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert shell("aclbench replay passed.pcap", tmp_path).returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        "replay --trace many-flows",
        # Each of these writes as one of the others does.
        pytest.param("replay --threads --trace many-flows", marks=pytest.mark.long),
        pytest.param("learn", marks=pytest.mark.long),
        "learn export 1 -o -",
        "synth - --packets 5000",
        "--help",
    ],
)
def test_a_reader_that_goes_ends_it_in_silence(command: str, tmp_path: Path) -> None:
    line = f"{{ aclbench {command}; echo $? >code; }} | true"
    assert shell(line, tmp_path).stderr == b""
    assert (tmp_path / "code").read_text() == "141\n"


def test_ascii_alone(tmp_path: Path) -> None:
    """Texts come as escapes and by twins, JSON by its own escapes."""
    (tmp_path / "grün.pcap").write_bytes(b"")
    ascii_only = {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}
    done = shell("aclbench replay grün.pcap; aclbench learn export 1", tmp_path, ascii_only)
    assert done.stderr.isascii()
    assert b"gr\\xc3\\xbcn.pcap" in done.stderr
    assert done.stdout.isascii()
    assert b"- _ " in done.stdout
    assert b"\\u" not in done.stdout


def works_at_home(environment: dict[str, str], folder: Path) -> None:
    for arguments in (("learn",), ("repl", "-c", "show version")):
        done = run(*arguments, environment=environment, folder=folder)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("home", ["/nowhere", "/dev/null", ""])
def test_no_home(home: str, tmp_path: Path) -> None:
    homes = {"HOME": home, "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "TERM": "dumb"}
    works_at_home(os.environ | homes, tmp_path)


@pytest.mark.parametrize("out", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_by_any_name(out: str, tmp_path: Path) -> None:
    """Nothing is said into what is written there; a report has no capture in it."""
    done = run("learn", "export", "1", "-o", out, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, run("learn", "export", "1").stdout)
    assert done.stderr.endswith(" written\n")
    piped = shell(f"aclbench synth {out} --packets 10 | aclbench replay -", tmp_path)
    assert (piped.returncode, b"10 packets in" in piped.stdout) == (0, True)
    done = run("replay", "http", "--write-passed", out, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard output has the report" in done.stderr
    assert not [path.name for path in tmp_path.iterdir() if path.is_file()]


def test_home_unset(tmp_path: Path) -> None:
    works_at_home({name: value for name, value in os.environ.items() if name != "HOME"}, tmp_path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.parametrize("face", ["repl", "tui"])
def test_folders_that_a_killed_program_left_are_removed(
    face: str, tmp_path: Path, temporary: Path
) -> None:
    """At the next start, whatever is shown."""
    left = temporary / "aclbench-left"
    left.mkdir()
    (left / ".lock").touch()
    (left / "some.pcap").touch()
    with closing(Terminal(tmp_path / "state", face, "aging")) as terminal:
        terminal.see("no flag up" if face == "repl" else "playing")
        assert not left.exists()


def test_what_a_run_brought_along_goes_at_the_end(tmp_path: Path, temporary: Path) -> None:
    capture = tmp_path / "mine.pcap"
    capture.write_bytes(bundled_files("pcaps")[0].read_bytes())
    scenario = scenario_for_capture([capture], InterfaceSpec("pg0"), "", 1, "interface")
    Workbench.from_scenario(scenario).save(tmp_path / "mine.run", with_captures=True)
    capture.unlink()
    assert shell("aclbench repl mine.run -c nonsense", tmp_path).returncode == 1
    assert list(temporary.iterdir()) == []


def test_the_first_packets_of_a_stream_go_at_the_end(tmp_path: Path, temporary: Path) -> None:
    """A copy of them is kept as long as the program goes on."""
    made = "create packet-generator interface pg0"
    pcap = bundled_files("pcaps")[0]
    stream = f"packet-generator new {{ name s0 limit 1 pcap {pcap} source pg0 }}"
    given = " ".join(f"-c '{line}'" for line in (made, stream, "packet-generator enable-stream"))
    assert shell(f"aclbench repl {given}", tmp_path).returncode == 0
    assert list(temporary.iterdir()) == []


#: The command, with a fault of the program in one of its commands.
FAULT = (
    "from aclbench.cli import main\n"
    "from aclbench.tutor import shelf\n"
    "def failing(text): raise ZeroDivisionError('two\\nlines \\x1b[31m')\n"
    "shelf.find_lesson = failing\n"
    "main()\n"
)


@pytest.mark.parametrize(("debug", "traceback"), [("", False), ("1", True)])
def test_a_fault_is_one_line_and_its_details_are_kept(
    debug: str, traceback: bool, tmp_path: Path
) -> None:
    asked = ("learn", "export", "1")
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "ACLBENCH_DEBUG": debug}
    done = run(*asked, environment=os.environ | state, program=FAULT)
    kept = tmp_path / "state" / "aclbench" / "last-fault.txt"
    said = done.stderr.splitlines()
    assert done.returncode == 70
    assert said[-1] == (
        "aclbench: a fault of the program: ZeroDivisionError: two lines \\x1b[31m; "
        f"please report it with {kept}"
    )
    assert (len(said) > 1, "Traceback (most recent call last):" in said) == (traceback, traceback)
    assert "['learn', 'export', '1']" in kept.read_text()
    assert "in failing" in kept.read_text()
    (tmp_path / "file").write_text("")
    state["XDG_STATE_HOME"] = str(tmp_path / "file")
    done = run(*asked, environment=os.environ | state, program=FAULT)
    assert done.stderr.endswith("; ACLBENCH_DEBUG=1 shows the details: report them\n")


LONG = "x" * 300
STREAM = f"packet-generator new {{ name s0 limit 1 pcap {LONG}.pcap source pg0 }}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", LONG),
        ("replay", f"{LONG}.toml"),
        ("replay", "--rx", f"pg0={LONG}.pcap"),
        ("replay", "http", "--exec", LONG),
        ("replay", "http", "--write-passed", LONG),
        ("replay", "http", "--write-dropped", LONG, "--force"),
        ("explain", LONG, "1"),
        ("repl", f"{LONG}.run", "-c", "show version"),
        ("repl", "-f", LONG),
        ("repl", "-c", f"exec {LONG}"),
        ("repl", "-c", f"load {LONG}.toml"),
        ("repl", "-c", f"save {LONG}.run"),
        ("repl", "-c", f"save {LONG}.cli"),
        ("repl", "-c", "create packet-generator interface pg0", "-c", STREAM),
        ("synth", LONG),
        ("synth", LONG, "--force"),
        ("learn", "check", LONG),
        ("learn", "check", f"{LONG}.toml"),
        ("learn", "new", f"{LONG}.toml"),
        ("learn", "record", f"{LONG}.run"),
        ("learn", "export", LONG),
        ("learn", "export", "1", "-o", LONG),
        ("learn", "grade", LONG),
        ("learn", "grade", "x.json", "--lesson", LONG),
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG")[:60],
)
def test_a_name_too_long(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """It is said of that file."""
    done = run(*arguments)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "File name too long" in said
    assert LONG[:200] in said
    assert "output" not in said


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = "mkdir gone; cd gone; rmdir ../gone"
    assert shell(f"{gone}; aclbench replay http", tmp_path).returncode == 0
    done = shell(f"{gone}; aclbench repl -c 'save x.run'", tmp_path)
    assert done.returncode == 1
    assert b"x.run: cannot be written: No such file or directory" in done.stderr
    stream = "packet-generator new { name s0 limit 1 pcap x.pcap source pg0 }"
    made = f"-c 'create packet-generator interface pg0' -c '{stream}'"
    done = shell(f"{gone}; aclbench repl {made}", tmp_path)
    assert b"x.pcap: there is no such file" in done.stderr
