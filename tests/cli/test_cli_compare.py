"""The command `aclbench compare`, as it is typed."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from shutil import copy
from signal import SIGHUP, SIGTERM, Signals

import pytest
from cli.command import capture, run


def test_who_would_notice_stands_above_the_figures() -> None:
    done = run(
        *("compare", "long-gaps", "--inside", "10.0.0.0/24"),
        *("--vary", "timeout tcp idle=86400,90000,1000000"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout
    assert (
        "instead of timeout tcp idle=86400:\n"
        "  timeout tcp idle=90000: 1 packet of 1 connection gained\n"
        "    192.168.0.2:5222 > 10.0.0.3:48425 tcp: 1 packet, first packet 121: "
        "denied (acl 1 rule 0: deny) > permitted (existing session)\n"
    ) in text
    assert text.index("1 connection gained") < text.index("sessions added")


def test_more_connections_than_asked_for_are_counted() -> None:
    done = run("compare", "full-table", "--vary", "max-entries=24,8", "--most", "1")
    assert "connections more; --most N shows N" in done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_json_and_csv_have_the_same_figures(jobs: str) -> None:
    words = ("compare", "full-table", "--vary", "max-entries=24,8", "--jobs", jobs)
    found = json.loads(run(*words, "--json").stdout)
    assert [each["combination"] for each in found] == [{"max-entries": "24"}, {"max-entries": "8"}]
    assert found[0]["would_notice"] is None
    notice = found[1]["would_notice"]
    assert len(notice["first"]) == 3
    assert notice["first"][0]["before"]["fate"] != notice["first"][0]["after"]["fate"]
    rows = list(csv.DictReader(io.StringIO(run(*words, "--csv").stdout)))
    assert [row["max-entries"] for row in rows] == ["24", "8"]
    for row, each in zip(rows, found, strict=True):
        figures = each["figures"]
        assert int(row["denied"]) == figures["fates"]["denied"]
        assert int(row["recycled"]) == figures["recycled"]
    assert int(rows[1]["packets_that_differ"]) == notice["packets"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("http", "--vary", "desing=x"),
            "--vary desing=x: 'desing' cannot be varied; did you mean",
        ),
        (("http", "--vary", "design=x"), "design=x: there is no design 'x'"),
        (("http", "--json", "--csv"), "choose one"),
        ((), "Missing argument"),
        (("-", "--inside", "10.0.0.0/24"), "a pipe can be read only once"),
    ],
)
def test_what_cannot_be_compared_is_said(words: tuple[str, ...], message: str) -> None:
    done = run("compare", *words)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert not done.stdout


def test_every_capture_below_a_folder_and_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    copy(capture("http"), tmp_path / "below" / "a.pcap")
    copy(capture("reset"), tmp_path / "b.pcap")
    (tmp_path / "bad.pcap").write_bytes(b"no capture")
    (tmp_path / "notes.txt").write_text("no capture either")
    done = run("compare", str(tmp_path), "--vary", "workers=1,2", "--csv")
    assert done.returncode == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["packets_of"], row["workers"]) for row in rows] == [
        ("b.pcap", "1"),
        ("b.pcap", "2"),
        ("below/a.pcap", "1"),
        ("below/a.pcap", "2"),
    ]
    assert "bad.pcap" in done.stderr
    assert "notes.txt" not in done.stderr


def test_a_capture_that_is_cut_is_compared_up_to_there_and_named(tmp_path: Path) -> None:
    """One of which nothing can be read has no figures, as with replay."""
    (tmp_path / "bad.pcap").write_bytes(b"no capture")
    content = Path(capture("http")).read_bytes()
    (tmp_path / "cut.pcap").write_bytes(content[: len(content) // 2])
    words = ("compare", str(tmp_path), "--inside", "10.0.0.0/24", "--vary", "workers=1,2")
    done = run(*words, "--csv")
    assert done.returncode == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["packets_of"], row["workers"]) for row in rows] == [
        ("cut.pcap", "1"),
        ("cut.pcap", "2"),
    ]
    assert 0 < int(rows[0]["packets"]) < 70
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("aclbench: ") for line in lines)
    assert "bad.pcap" in lines[0]
    assert "cut.pcap" in lines[1]


def test_a_page_is_written_and_not_over_another(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ("compare", "http", "--inside", "10.0.0.0/24", "--html", str(page))
    assert run(*words).returncode == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    again = run(*words)
    assert again.returncode == 1
    assert str(page) in again.stderr


def test_the_smallest_value_is_found() -> None:
    done = run("compare", "http", "--inside", "10.0.0.0/24", "--until-none-lost", "max-entries")
    assert done.stdout.startswith("nobody loses a session from max-entries=")


def test_a_replay_makes_a_page_with_what_was_denied_and_why(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    plain = run("replay", "full-table", "--json")
    done = run("replay", "full-table", "--json", "--report", str(page))
    assert done.returncode == 0
    found, figures = json.loads(done.stdout), json.loads(plain.stdout)
    for name in ("packets", "reasons", "sessions"):
        assert found[name] == figures[name]
    text = page.read_text("utf-8")
    causes = text.split("What did not pass, by cause")[1]
    assert "what would have let it pass" in causes
    assert "first packet" in causes.split("Denied, by connection")[1]
    assert "denied (too many sessions to add new)" in text
    assert text.count("<figure>") == 3


#: The command with a Ctrl-C as soon as something is done.
INTERRUPTED = """
import os, signal
from aclbench.cli import main, spreading

made, sent = spreading.in_processes_here, []

def interrupted(folder, count):
    run = made(folder, count)

    def runs(jobs, results):
        for told in run(jobs, results):
            if results and not sent:
                sent.append(os.kill(os.getpid(), signal.SIGINT))
            yield told

    return runs

spreading.in_processes_here, spreading.BETWEEN_BARS_S = interrupted, 0.0
main()
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_after_ctrl_c_there_is_what_was_done(jobs: str) -> None:
    """The second run would take its cleaner through many millions of rounds."""
    done = run(
        *("compare", "long-gaps", "--inside", "10.0.0.0/24", "--csv", "--jobs", jobs),
        *("--vary", "wait-max=1000,0.001"),
        program=INTERRUPTED,
    )
    assert done.returncode == 130
    assert [row["wait-max"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["1000"]
    assert done.stderr.strip() == "aclbench: interrupted; 1 of 2 were not run to their end"


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP])
def test_who_ends_it_otherwise_ends_its_processes_too(number: Signals, tmp_path: Path) -> None:
    done = run(
        *("compare", "long-gaps", "--inside", "10.0.0.0/24", "--csv", "--jobs", "2"),
        *("--vary", "wait-max=1000,0.001"),
        program=INTERRUPTED.replace("SIGINT", number.name),
        environment={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (128 + number, "")
    assert list(tmp_path.iterdir()) == []


def test_after_ctrl_c_it_is_said_what_is_known_of_the_smallest_value() -> None:
    words = ("compare", "many-flows", "--inside", "10.0.0.0/24")
    done = run(*words, "--until-none-lost", "max-entries", program=INTERRUPTED)
    assert done.returncode == 130
    assert done.stdout.startswith("nobody loses a session from max-entries=")
    assert "; the smallest value is above 0\n" in done.stdout
    assert done.stderr.strip() == "aclbench: interrupted"


def test_a_page_that_cannot_be_written_is_refused_ahead_of_the_runs(tmp_path: Path) -> None:
    for words in (("compare", "full-table", "--html"), ("replay", "full-table", "--report")):
        done = run(*words, str(tmp_path / "none/page.html"))
        assert (done.returncode, done.stdout) == (1, "")
        assert (
            f"page.html: cannot be written: there is no folder {tmp_path / 'none'}" in done.stderr
        )


def test_an_address_of_a_cluster_that_is_none_is_refused() -> None:
    done = run("compare", "full-table", "--cluster", "nonsense")
    assert done.returncode == 2
    assert "--cluster nonsense: tcp://10.0.0.5:8786, or local, is right" in done.stderr
