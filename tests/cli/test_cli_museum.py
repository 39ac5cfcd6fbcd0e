"""`aclbench museum`: the list, an exhibit told and run, and what a shell completes."""

from __future__ import annotations

import json

from cli.command import run

from aclbench.designs.exhibits import NAMES


def test_without_a_name_it_lists_them() -> None:
    done = run("museum")
    assert (done.returncode, done.stderr) == (0, "")
    for name in NAMES:
        assert f"  {name} " in done.stdout
    listed = json.loads(run("museum", "--json").stdout)
    assert [each["name"] for each in listed] == list(NAMES)


def test_an_exhibit_is_told_run_and_shown() -> None:
    done = run("museum", "vpp-932")
    assert (done.returncode, done.stderr) == (0, "")
    assert "b639b593372" in done.stdout
    assert "aclbench# run 5min\nmain: behind packet 3, +300 s" in done.stdout
    seen = done.stdout.split("With the fault (design vpp-932):\n")[1]
    with_fault, without = seen.split("Without the fault (design fifo-2017):\n")
    assert "is denied" in with_fault
    assert "is permitted" in without


def test_fixed_runs_it_without_the_fault() -> None:
    done = run("museum", "vpp-932", "--fixed")
    assert "With the fault" not in done.stdout
    assert "packet 4 at +300 s: permitted" in done.stdout


def test_as_json() -> None:
    found = json.loads(run("museum", "vpp-932", "--json").stdout)
    assert found["runs"]["fault"]["holds"] is False
    assert found["runs"]["fixed"]["holds"] is True
    assert list(json.loads(run("museum", "vpp-932", "--fixed", "--json").stdout)["runs"]) == [
        "fixed"
    ]


def test_what_does_not_go() -> None:
    done = run("museum", "vpp-923")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "vpp-932" in done.stderr
    assert run("museum", "--fixed").returncode == 2
    assert run("tui", "--exhibit", "vpp-932", "aging").returncode == 2


def test_a_shell_completes_their_names() -> None:
    words = {"COMP_WORDS": "aclbench museum vpp-93", "COMP_CWORD": "2"}
    done = run(environment={"_ACLBENCH_COMPLETE": "bash_complete", **words})
    assert "vpp-932" in done.stdout
