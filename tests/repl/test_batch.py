"""Lines that nobody types, run on a bench."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.errors import AclbenchError
from aclbench.repl.batch import BatchError, file_lines, given_lines, run_batch, stream_lines
from aclbench.repl.printing import Printer
from aclbench.repl.session import Session
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario

TRANSCRIPT = Path(__file__).parent.parent / "reference" / "vpp-26.10-transcript.txt"
LAST = "set acl-plugin session timeout tcp idle 86400"


def session(as_json: bool = False) -> tuple[Session, io.StringIO]:
    """On an empty bench, and what it prints."""
    out = io.StringIO()
    return Session(Workbench(), Printer(out), as_json), out


def test_the_transcript_s_lines_print_what_vpp_printed() -> None:
    """Byte for byte, up to line ends."""
    lines, printed = [], []
    for row in TRANSCRIPT.read_text().splitlines()[2:]:
        if row.startswith("vpp# "):
            if lines and lines[-1] == LAST:
                break
            lines.append(row.removeprefix("vpp# "))
        else:
            printed.append(row)
    here, out = session()
    run_batch(here, given_lines(lines))
    assert lines[-1] == LAST
    assert len(printed) > 30
    assert [row.rstrip() for row in out.getvalue().split("\n")[:-1]] == [
        row.rstrip() for row in printed
    ]


def test_the_first_failure_ends_it_and_is_named(tmp_path: Path) -> None:
    """What stands before it is done, what stands behind it is not; comments count as lines."""
    path = tmp_path / "x.cli"
    path.write_text("# made by hand\n\ncreate packet-generator interface pg0\nset foo\ncreate x\n")
    here, out = session()
    with pytest.raises(BatchError) as caught:
        run_batch(here, file_lines(path))
    assert str(caught.value).startswith(f"{path}:4: unknown word 'foo'")
    assert out.getvalue() == ""
    assert [i.name for i in here.bench.snapshot().interfaces] == ["local0", "pg0"]


def test_a_stream_is_run_line_by_line_and_ends_with_quit() -> None:
    """A line is run before the next one is read; what follows `quit` is not."""
    here, out = session()

    def lines() -> io.StringIO:
        return io.StringIO("cr pack int pg3\nsh acl-plugin acl ?\nq\nnonsense\n")

    run_batch(here, stream_lines(lines()))
    assert "<enter>" in out.getvalue()
    assert here.bench.snapshot().interfaces[1].name == "pg3"


def test_what_is_no_text_is_refused_with_its_place(tmp_path: Path) -> None:
    """Never a traceback."""
    path = tmp_path / "x.cli"
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(AclbenchError, match="not text in UTF-8"):
        list(file_lines(path))
    with pytest.raises(AclbenchError, match="Is a directory"):
        list(file_lines(tmp_path))


def test_a_line_without_an_end_is_not_read_to_it() -> None:
    """As a device or a pipe may have one."""

    class Endless(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:
            assert size is not None
            assert size >= 0
            return "x" * size

    with pytest.raises(AclbenchError, match="standard input:1: longer than 1,048,576 characters"):
        list(stream_lines(Endless()))


def test_json_is_one_document_a_command() -> None:
    """Values where a command has some, its text elsewhere, nothing for a comment."""
    here, out = session(as_json=True)
    lines = [
        "# nothing",
        "create packet-generator interface pg0",
        "set acl-plugin acl permit src 10.0.0.0/8 dst 0.0.0.0/0 proto 6 dport 80 tag web",
        "set acl-plugin interface pg0 input acl 0",
        "show acl-plugin acl",
        "show acl-plugin interface sw_if_index 1 acl",
        "show acl-plugin sessions verbose",
        "show acl-plugin ?",
    ]
    run_batch(here, given_lines(lines))
    found = [json.loads(row) for row in out.getvalue().splitlines()]
    assert len(found) == len(lines) - 1
    assert found[:3] == [{"text": ""}, {"text": "ACL index:0"}, {"text": ""}]
    (acl,) = found[3]["acls"]
    assert (acl["tag"], acl["input_of"], acl["output_of"]) == ("web", ["pg0"], [])
    assert acl["rules"][0]["dport"] == [80, 80]
    assert found[4]["interfaces"][0]["input_acls"] == [0]
    assert found[4]["acls"] == found[3]["acls"]
    assert found[5]["total"] == {"added": 0, "deleted": 0, "live": 0}
    assert "sessions" in found[6]["text"]


@pytest.mark.parametrize("line", ["show bridge-domain", "show nonsense", "goto packet 5"])
def test_a_refused_line_is_a_document_too(line: str) -> None:
    """Who reads JSON gets one document for each line that was run, the last one as well."""
    here, out = session(as_json=True)
    with pytest.raises(AclbenchError) as refusal:
        run_batch(here, given_lines(["show version", line]))
    _, said = [json.loads(row) for row in out.getvalue().splitlines()]
    assert list(said) == ["error"]
    assert said["error"] in str(refusal.value)


def test_json_of_sessions_agrees_with_the_bench() -> None:
    """Lists, lengths and totals, as a snapshot has them; a command that shows changes nothing."""
    bench = Workbench.load(Path(__file__).parent.parent.parent / "scenarios" / "aging.toml")
    bench.play(600)
    before = bench.snapshot()
    data = bench.cli_data("show acl-plugin sessions verbose")
    assert data["total"]["live"] == before.sessions.live > 0
    for worker, view in zip(data["workers"], before.workers, strict=True):
        for each in view.lists:
            listed = worker["lists"][each.name]
            assert listed["length"] == len(listed["sessions"]) == each.length
    assert bench.snapshot() == before


@pytest.mark.parametrize("line", ["show acl-plugin interface sw_if_index 9", "show x", "x ?"])
def test_json_refuses_what_the_text_refuses(line: str) -> None:
    """With the same words."""
    bench = Workbench()
    messages = []
    for run in (bench.cli, bench.cli_data):
        with pytest.raises(AclbenchError) as caught:
            run(line)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_a_long_list_is_printed_as_it_is_read() -> None:
    """Piece by piece, and the same in the end as all at once."""
    bench = Workbench.from_scenario(load_scenario(find_input("backlog")))
    bench.play(1200)
    whole = bench.cli("show acl-plugin sessions verbose")
    printed: list[str] = []
    bench.printer = printed.append
    assert bench.cli("show acl-plugin sessions verbose") == ""
    assert len(printed) > 3
    assert "\n".join(printed) == whole
