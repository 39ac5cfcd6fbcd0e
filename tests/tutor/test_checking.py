"""Checking a lesson: each kind of fault is found, and a hostile lesson harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench.tutor.benches import lesson_bench
from aclbench.tutor.checking import check, check_file
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.recording import record
from aclbench.tutor.sources import missing_source
from aclbench.workbench.budget import Budget

from .lessons import SECOND, lesson, written
from .test_vocabulary import make_bench

SOLUTION = f'solution = ["{SECOND}"]'
OTHER = 'others = [["send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80 S"]]'
HINT = f'run = ["{SECOND}"] }},\n]'
LAST_STEP = """
[[steps]]
kind = "predict"
question = "Is there TCP?"
run = ["run 1s"]
options = [
  { label = "yes", when = "sessions.live > 2" },
  { label = "no", when = "worker(0).list(udp_idle).length == 2" },
]
why = "So it is."
"""


def test_the_template_is_in_order(tmp_path: Path) -> None:
    assert check(lesson(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "step", "says"),
    [
        ("minutes = 5", "minutes = 0", "format", 0, "minutes"),
        ("Sessions.add", "Sessions.ad", "source", 0, "no ad_session"),
        ("engine.sessions", "engine.sesions", "source", 0, "no module aclbench.engine.sesions"),
        ("pg0 input acl 0", "pg0 input acl 7", "bench", 0, "there is no ACL 7"),
        ('kind = "read"', 'kind = "read"\nset_up = ["sing"]', "bench", 0, "sing"),
        ('kind = "task"', 'kind = "task"\nset_up = ["sing"]', "set_up", 4, "sing"),
        ('live == 1" },', 'live == 9" },', "prediction", 2, "of 3 came true: none"),
        ("live == 0", "live < 9", "prediction", 2, "came true: 'none' and 'one'"),
        ("{sessions.live}. One", "{worker(9).added}. One", "prediction", 2, "worker 9 does not"),
        ("{latest(packet).fate}", "{1/0}", "experiment", 3, "nothing is divided by 0"),
        (
            'run = ["send pg1 udp 192.168.0.2:53 >',
            'run = ["send pg9 udp 1.1.1.1:53 >',
            "experiment",
            3,
            "no interface pg9",
        ),
        ("happened(added)", "happened(packet) or True", "near miss", 4, "'no session was opened'"),
        ('live == 2", missing', 'live == 1", missing', "solution", 4, "does not reach the goal"),
        (SOLUTION, 'solution = ["run 1s"]', "solution", 4, "no session was opened"),
        (SOLUTION, 'solution = ["sing"]', "solution", 4, "the solution: `sing`"),
        (OTHER, 'others = [["run 1s"]]', "other solution", 4, "other solution 1 does not reach"),
        (
            '10.0.0.2:5353"], says',
            '10.0.0.2:5353", "' + SECOND + '"], says',
            "near miss",
            4,
            "near miss 2 reaches the goal",
        ),
        ('says = "no session was', 'says = "nothing was', "near miss", 4, "is not in the message"),
        (HINT, 'run = ["sing"] },\n]', "hint", 4, "hint 3: `sing`"),
        ("{sessions.live} sessions, not", "{1/0} sessions, not", "text", 4, "divided by 0"),
    ],
)
def test_finds_each_fault(
    tmp_path: Path, old: str, new: str, kind: str, step: int, says: str
) -> None:
    problems = check_file(written(tmp_path, (old, new)))
    assert [p for p in problems if p.kind == kind and p.step == step and says in p.text], problems


def test_finds_a_goal_that_is_met_already(tmp_path: Path) -> None:
    changes = (("happened(added)", "True"), ("sessions.live == 2", "sessions.live >= 1"))
    kinds = [problem.kind for problem in check(lesson(tmp_path, *changes))]
    assert "goal already met" in kinds


def test_finds_another_solution_behind_which_the_lesson_does_not_go_on(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + LAST_STEP)
    (problem,) = check_file(path)
    assert (problem.kind, problem.step) == ("other solution", 5)
    assert "behind other solution 1 of step 4: no single option comes true" in problem.text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("exec /etc/passwd", "exec is not for a lesson's lines"),
        ("exe /etc/passwd", "exec is not for"),
        ("save /tmp/never.run", "save is not for"),
        ("load /etc/passwd", "load is not for"),
        ("packet-generator new { name a pcap /etc/passwd source pg0 }", "packet-generator new is"),
        ("quit", "quit is not for"),
        ("reset", "reset is not for"),
    ],
)
def test_a_lessons_lines_reach_no_file(tmp_path: Path, line: str, says: str) -> None:
    problems = check_file(written(tmp_path, (SOLUTION, f'solution = ["{line}"]')))
    assert says in problems[0].text
    in_bench = check_file(written(tmp_path, ("set acl-plugin acl deny\n", f"{line}\n")))
    assert says in in_bench[0].text


@pytest.mark.parametrize(
    "lines", ['["run 99h", "run 99h"]', '["run 1h", "events", "events"]', '["run until recycled"]']
)
def test_a_lesson_without_end_is_ended(tmp_path: Path, lines: str) -> None:
    forever = ("[bench]", "[bench]"), (SOLUTION, f"solution = {lines}")
    long_lived = ("set acl-plugin acl deny\n", "set acl-plugin acl deny\n" + TIMEOUT)
    problems = check_file(written(tmp_path, *forever, long_lived), budget=Budget(3000))
    assert [p.kind for p in problems] == ["too much"]
    assert "more than 3,000 units of work" in problems[0].text


def test_a_machine_that_is_too_slow_is_no_problem_of_the_lesson(tmp_path: Path) -> None:
    problems = check_file(written(tmp_path), budget=Budget(cpu_s=1e-9))
    assert {problem.kind for problem in problems} == {"too slow"}
    assert "this machine was too slow" in problems[0].text


TIMEOUT = "set acl-plugin session timeout udp idle 2000000\n"


def test_sources_are_found_by_reading() -> None:
    assert missing_source("aclbench.engine.sessions:Sessions.track_session") == ""
    sources = "aclbench.engine.sessions:Sessions"
    assert "did you mean track_session" in missing_source(f"{sources}.track_sesion")
    assert "no module" in missing_source("os:system")


def test_a_draft_does_again_what_was_done(tmp_path: Path) -> None:
    bench = make_bench()
    for line in (
        "send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80 S",
        "run 1500ms",
        "send pg1 tcp 192.168.0.2:80 > 10.0.0.2:40000 SA count 2 interval 7ns",
        "send pg0 icmp 10.0.0.2 > 192.168.0.2 type 8 code 0",
    ):
        bench.cli(line)
    draft = record(bench)
    path = tmp_path / "01-draft.toml"
    path.write_text(draft)
    assert check_file(path) == []
    assert '"run 1500ms"' in draft
    assert '"run 7ns"' in draft
    assert draft.count("send pg1 tcp 192.168.0.2:80 > 10.0.0.2:40000 SA") == 2


def test_expressions_are_paid_for_as_events_are(tmp_path: Path) -> None:
    many = 'solution = ["send pg0 udp 10.0.0.2:5354 > 192.168.0.2:53 count 300"]'
    loops = "all(a.number or b.number for a in events(packet) for b in events(packet))"
    slow = ("happened(added)", f"happened(added) and {loops}")
    problems = check_file(written(tmp_path, (SOLUTION, many), slow), budget=Budget(50_000))
    assert [p.kind for p in problems] == ["too much"]


WHEEL = ("workers = 1", 'workers = 1\ndesign = "wheel"')
NEVER_REQUEUED = """
[[steps]]
kind = "predict"
question = "Is a session looked at before its timer runs out?"
run = ["run 550s"]
options = [
  { label = "no", when = "sessions.requeued == 0" },
  { label = "all the time", when = "sessions.requeued > 100" },
]
why = "So it is."
"""


def test_a_lesson_may_have_another_design(tmp_path: Path) -> None:
    """What it says is true of a wheel, and not of the lists that are looked at each 120 s."""
    path = written(tmp_path, WHEEL)
    path.write_text(path.read_text() + NEVER_REQUEUED)
    assert check_file(path) == []
    path.write_text(path.read_text().replace('design = "wheel"', ""))
    problems = check_file(path)
    assert problems
    assert all("of 2 came true: none" in problem.text for problem in problems)


def test_a_draft_has_the_design_that_it_was_done_with(tmp_path: Path) -> None:
    bench = lesson_bench(lesson(tmp_path, WHEEL))
    bench.cli("run 1s")
    draft = record(bench)
    assert 'design = "wheel"' in draft
    path = tmp_path / "02-draft.toml"
    path.write_text(draft)
    assert lesson_bench(read_lesson(path)).rig.machine.design.name == "wheel"
