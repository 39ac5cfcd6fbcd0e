"""`exec FILE` runs a file's lines, and stops where one is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import vpp_transcript

from aclbench import CommandError, Workbench
from aclbench.workbench.commands.bench import execute
from aclbench.workbench.commands.bench.execute import MAX_JOINED_LINES


def test_a_script_is_what_its_lines_are(tmp_path: Path) -> None:
    """The same output, the same state, the same journal as the lines typed."""
    lines = list(vpp_transcript.commands())
    script = tmp_path / "set-up.cli"
    script.write_text("\n".join(["# a comment", "", *lines]) + "\n")
    bench, typed = Workbench(), Workbench()
    printed = [typed.cli(line) for line in lines]
    assert bench.cli(f"exec {script}") == "\n".join(text for text in printed if text)
    assert bench.snapshot() == typed.snapshot()
    assert bench.past.branch.ops == typed.past.branch.ops


def test_threads_run_a_script_too(tmp_path: Path) -> None:
    """Each line takes its own turn behind the barrier."""
    script = tmp_path / "s.cli"
    script.write_text("create packet-generator interface pg0\nset int state pg0 up\n")
    bench = Workbench(workers=2, driver="threaded")
    bench.cli(f"exec {script}")
    assert bench.snapshot().interfaces[1].admin_up


def test_error_names_file_and_line(tmp_path: Path) -> None:
    """What stands before it is done, what stands behind it is not."""
    inner, outer = tmp_path / "inner.cli", tmp_path / "outer.cli"
    inner.write_text("create packet-generator interface pg0\nbogus\n")
    outer.write_text(f"# first\nexec {inner}\ncreate packet-generator interface pg1\n")
    bench = Workbench()
    with pytest.raises(CommandError) as refusal:
        bench.cli(f"exec {outer}")
    assert str(refusal.value).startswith(f"{outer}:2: {inner}:2: unknown word 'bogus'")
    assert [i.name for i in bench.snapshot().interfaces] == ["local0", "pg0"]


def test_recursion_ends(tmp_path: Path) -> None:
    """A file that runs itself is refused, and the next script runs again."""
    script = tmp_path / "self.cli"
    script.write_text(f"exec {script}\n")
    bench = Workbench()
    with pytest.raises(CommandError, match="never ends"):
        bench.cli(f"exec {script}")
    script.write_text("create packet-generator interface pg0\n")
    bench.cli(f"exec {script}")


def test_braces_go_over_lines(tmp_path: Path) -> None:
    """As scripts for VPP have them; the error names the line that opened them."""
    script = tmp_path / "s.cli"
    script.write_text("packet-generator new {\n  name s\n  pcap no.pcap\n  source pg0\n}\n")
    bench = Workbench()
    with pytest.raises(CommandError, match=r"s\.cli:1: .*pg0"):
        bench.cli(f"exec {script}")
    script.write_text("packet-generator new {\n  name s\n")
    with pytest.raises(CommandError, match="not closed"):
        bench.cli(f"exec {script}")


def test_a_brace_that_nobody_closes_ends_the_script(tmp_path: Path) -> None:
    """Not only at the end of the file: what is joined until then costs the square of it."""
    script = tmp_path / "s.cli"
    script.write_text("show {\n" + "version\n" * MAX_JOINED_LINES + "}\n")
    with pytest.raises(CommandError, match=r"s\.cli:1: what `{` opens is not closed"):
        Workbench().cli(f"exec {script}")


def test_too_large_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end."""
    monkeypatch.setattr(execute, "MAX_BYTES", 20)
    script = tmp_path / "s.cli"
    script.write_text("show version\n" * 2)
    with pytest.raises(CommandError, match=r"s\.cli: more than .* not a file of command lines"):
        Workbench().cli(f"exec {script}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_what_is_no_script(tmp_path: Path, content: bytes | None) -> None:
    """A missing file, a folder, a file that is not text: said, and nothing is changed."""
    path = tmp_path
    if content is not None:
        path = tmp_path / "s.cli"
        path.write_bytes(content)
    for each in (path, tmp_path / "missing.cli"):
        with pytest.raises(CommandError, match="file of command lines"):
            Workbench().cli(f"exec {each}")


def test_a_pipe_is_run_and_can_be_given_up(tmp_path: Path) -> None:
    """Nobody writes into it yet: the bench stays whole, and the screen usable."""
    pipe, bench = tmp_path / "pipe", Workbench()
    os.mkfifo(pipe)
    task = bench.begin(f"exec {pipe}")
    assert not task.work(0.0)
    task.stop()
    task = bench.begin(f"exec {pipe}")
    assert not task.work(0.0)
    with pipe.open("w") as writer:
        writer.write("create packet-generator interface pg0\n")
    task.finish()
    assert bench.snapshot().interfaces[-1].name == "pg0"
    with pytest.raises(CommandError, match="a device; a file or a pipe is right"):
        bench.cli("exec /dev/zero")
