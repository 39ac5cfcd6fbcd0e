"""`--budget` and `--cpu-seconds`: whatever opens, loads, checks or grades a file keeps to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tutor.learner import work_through
from tutor.lessons import lesson

from aclbench import Workbench
from aclbench.cli.commands import cli
from aclbench.cli.inputs import BenchOptions
from aclbench.cli.records import Records, run_named
from aclbench.tutor.submission import submission_of, write_submission
from aclbench.workbench.budget import CPU_SECONDS, OPENING_WORK, BudgetError, Limits
from aclbench.workbench.history.records import beginning_record
from aclbench.workbench.tasks import finish

SCENARIO = """
cli = '''
set acl-plugin session timeout tcp transient 1
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
send pg0 udp 10.0.0.2:5 > 192.168.0.2:53
run 500s
'''
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24"]
"""
OVER = "more than 20 units of work"
SLOW = "this machine was too slow"
LIMITS = [(("--budget", "20"), OVER), (("--cpu-seconds", "0.000001"), SLOW)]


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def said(done: Result) -> str:
    return f"{done.output}{done.exception or ''}"


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """The name of a scenario that makes more than 20 units of work."""
    path = tmp_path / "busy.toml"
    path.write_text(SCENARIO)
    return str(path)


@pytest.mark.parametrize(("limit", "says"), LIMITS)
def test_scenarios_and_runs(
    limit: tuple[str, str], says: str, scenario: str, tmp_path: Path
) -> None:
    """Opened, loaded at a bench that is empty, and a run loaded."""
    bench = Workbench.load(scenario)
    bench.cli("run 500s")
    bench.save(tmp_path / "busy.run")
    for arguments in (
        ("replay", scenario),
        ("explain", scenario, "1"),
        ("repl", scenario, "-c", "show version"),
        ("repl", "-c", f"load {scenario}"),
        ("repl", str(tmp_path / "busy.run"), "-c", "show version"),
    ):
        assert says in said(command(*arguments, *limit)), arguments


@pytest.mark.parametrize(("limit", "says"), LIMITS)
def test_lessons_and_submissions(limit: tuple[str, str], says: str, tmp_path: Path) -> None:
    own = lesson(tmp_path, name="77-own.toml")
    handed_in = tmp_path / "x.json"
    write_submission(submission_of(work_through(own), "Ada"), handed_in)
    assert command("learn", "check", str(own.path)).exit_code == 0
    assert command("learn", "grade", str(handed_in), "--lesson", str(own.path)).exit_code == 0
    checked = command("learn", "check", str(own.path), *limit)
    graded = command("learn", "grade", str(handed_in), "--lesson", str(own.path), *limit)
    assert (checked.exit_code, says in checked.output) == (1, True)
    assert (graded.exit_code, says in graded.output) == (1, True)
    assert "not graded" in graded.output


def test_what_is_loaded_where_a_run_goes_on(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is one's own, however long it was; what somebody loads there may be anybody's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    bench = Workbench()
    recorder = finish(beginning_record(bench.past))
    for number in range(50):
        bench.cli(f"create packet-generator interface pg{number}")
    recorder.close(keep=True)
    with Records("repl") as records:
        again = finish(records.loading(run_named("1"), Limits(20))())
        assert len(again.snapshot().interfaces) == 51
        with pytest.raises(BudgetError, match=OVER):
            again.cli(f"load {scenario}")


def test_without_them() -> None:
    asked = BenchOptions((), (), (), (), (), None, None, None)
    assert asked.limits == Limits(OPENING_WORK, CPU_SECONDS)


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1"])
@pytest.mark.parametrize(
    "words", [("replay", "http", "--cpu-seconds"), ("explore", "lost-flag", "--for")]
)
def test_no_length_of_time_is_refused(words: tuple[str, ...], seconds: str) -> None:
    done = CliRunner().invoke(cli, [*words, seconds])
    assert done.exit_code == 2
    assert "Invalid value for" in done.output
