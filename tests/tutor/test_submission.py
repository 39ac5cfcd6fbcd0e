"""What is handed in, and graded: what was done holds, what was not does not, nothing is harmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aclbench.tutor.course import LessonRun
from aclbench.tutor.grading import Grade, grade_file, lesson_finder
from aclbench.tutor.lesson import Lesson
from aclbench.tutor.progress import Progress
from aclbench.tutor.submission import (
    MAX_BYTES,
    SubmissionError,
    file_name,
    read_submission,
    submission_of,
    write_submission,
)
from aclbench.tutor.template import TEMPLATE
from aclbench.workbench.budget import CPU_SECONDS, Budget, TooSlowError

from .learner import work_through
from .lessons import SECOND, lesson

Change = Callable[[dict[str, Any]], None]


def handed_in(folder: Path, run: LessonRun, change: Change | None = None) -> Path:
    """The file of a submission, perhaps tampered with."""
    path = folder / "submission.json"
    write_submission(submission_of(run, "Ada Lovelace"), path, force=True)
    if change is not None:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))
    return path


def graded(
    folder: Path, change: Change | None = None, guess: int = 1, cpu_s: float = CPU_SECONDS
) -> Grade:
    """The grade of the template, all done, perhaps tampered with."""
    made = lesson(folder)
    run = work_through(made, guess=guess)
    path = handed_in(folder, run, change)
    run.close()
    return grade_file(path, lesson_finder([made]), budget=Budget(20_000, cpu_s))


def test_what_was_done_is_proven(tmp_path: Path) -> None:
    grade = graded(tmp_path)
    assert (grade.name, grade.lesson, grade.steps) == ("Ada Lovelace", "01-good", 4)
    assert (grade.done, grade.first_right, grade.predictions) == ((1, 2, 3, 4), 1, 1)
    assert (grade.changed, grade.notes, grade.problem) == (False, (), "")


def test_a_machine_that_is_too_slow_gives_no_grade(tmp_path: Path) -> None:
    grade = graded(tmp_path, cpu_s=1e-9)
    assert grade.problem.startswith("this machine was too slow")
    assert grade.done == ()


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_machine_that_becomes_too_slow_gives_no_grade(tmp_path: Path, part: float) -> None:
    """No step of what it came to, either."""

    class Slow(Budget):
        most = 10**9

        def check(self) -> None:
            if self.spent > self.most:
                raise TooSlowError("this machine was too slow")

    prediction = TEMPLATE[TEMPLATE.index("# A prediction") : TEMPLATE.index("# An experiment")]
    line = "send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"
    experiment = (
        '[[steps]]\nkind = "experiment"\ntext = "Send it."\n'
        f'run = ["{line}"]\nlook = {{ text = "It passed." }}\n\n'
    )
    made = lesson(tmp_path, (prediction, experiment))  # no guess is made once more, to be too slow
    path, budget = handed_in(tmp_path, work_through(made)), Slow()
    assert grade_file(path, lesson_finder([made]), budget).done == (1, 2, 3, 4)
    Slow.most = int(budget.spent * part)
    grade = grade_file(path, lesson_finder([made]), Slow())
    assert (grade.problem, grade.done) == ("this machine was too slow", ())


def test_the_first_guess_counts(tmp_path: Path) -> None:
    made = lesson(tmp_path)
    run = LessonRun.begin(made)
    run.advance()
    for guess in (2, 1):
        run.predict(guess)
    grade = grade_file(handed_in(tmp_path, run), lesson_finder([made]))
    assert (grade.done, grade.first_right) == ((1, 2), 0)


def test_it_survives_leaving_and_coming_back(tmp_path: Path) -> None:
    """Of each step the inputs are kept, also when another one goes on from there."""
    made = lesson(tmp_path)
    run = work_through(made)
    run.redo()
    run.bench.cli("run 3s")
    run.bench.cli(SECOND)
    run.look()
    Progress(tmp_path / "lessons.json").save(run)
    again = Progress(tmp_path / "lessons.json").resume(made)
    assert again.works == run.works
    grade = grade_file(handed_in(tmp_path, again), lesson_finder([made]))
    assert grade.done == (1, 2, 3, 4)


def test_a_goal_reached_by_going_back_in_time_counts(tmp_path: Path) -> None:
    made = lesson(tmp_path)
    run = LessonRun.begin(made)
    run.go_to(4)
    for line in ("goto start", SECOND, "send pg0 udp 10.0.0.2:5355 > 192.168.0.2:53"):
        run.bench.cli(line)
    assert run.look().met
    grade = grade_file(handed_in(tmp_path, run), lesson_finder([made]))
    assert (grade.done, grade.notes) == ((1, 4), ())


def test_a_changed_lesson_is_named(tmp_path: Path) -> None:
    run = work_through(lesson(tmp_path))
    path = handed_in(tmp_path, run)
    now = lesson(tmp_path, ("minutes = 5", "minutes = 6"))
    grade = grade_file(path, lesson_finder([now]))
    assert grade.changed
    assert "done on another version of 01-good: its file was" in grade.notes[0]
    assert grade.done == (1, 2, 3, 4)


def journal(data: dict[str, Any], step: str, *inputs: list[Any]) -> None:
    data["journal"][step] = [0, list(inputs)]


OPEN = ["cli", "set acl-plugin session timeout udp idle 2000000"]
FAR = 10**9 * 86400 * 366 * 100


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda d: journal(d, "4"), "step 4: not so when done again: no session was opened"),
        (lambda d: d["journal"].pop("4"), "step 4: nothing of it was handed in"),
        (lambda d: journal(d, "4", ["cli", "sing"]), "step 4: not so when done again"),
        (lambda d: journal(d, "4", ["cli", "exec /etc/passwd"]), "exec is not for"),
        (lambda d: journal(d, "4", ["cli", "save /tmp/never.run"]), "save is not for"),
        (lambda d: journal(d, "4", ["cli", "load /etc/passwd"]), "load is not for"),
        (
            lambda d: journal(
                d, "4", ["cli", "packet-generator new { name a pcap /etc/passwd source pg0 }"]
            ),
            "packet-generator new is not for",
        ),
        (lambda d: journal(d, "4", ["run", [0, 0, 0], 10**40]), "a time that no run comes to"),
        (lambda d: journal(d, "4", ["run", [10**40, 0, 0], 10**9]), "step 4: not so"),
        (lambda d: journal(d, "4", ["run", [0, 10**15, 0], 10**9]), "step 4: not so"),
        (lambda d: journal(d, "4", ["steps", 10**30, 10**30, [9, 9, 9], 1]), "step 4: not so"),
        (lambda d: journal(d, "4", ["steps", None, 1, [0, 10**15, 0], 1]), "step 4: not so"),
        (lambda d: journal(d, "4", ["inject", "pg0", -5, ["AAAA"]]), "packets out of order"),
        (lambda d: journal(d, "4", ["inject", "pg7", 1, ["AAAA"]]), "no interface pg7"),
        (lambda d: journal(d, "2", ["cli", "sing"]), "step 2: cannot be done again"),
    ],
)
def test_what_cannot_be_done_again_does_not_count(
    tmp_path: Path, change: Change, note: str
) -> None:
    grade = graded(tmp_path, change)
    assert grade.problem == ""
    assert len(grade.done) == 3
    assert note in grade.notes[0]
    assert len(grade.notes) == 1
    assert grade.notes[0].isprintable()


def test_what_has_no_end_is_ended(tmp_path: Path) -> None:
    def endless(data: dict[str, Any]) -> None:
        inputs = data["journal"]["4"][1]
        data["journal"]["4"] = [0, [OPEN, *inputs, ["run", [3, 10**12, 0], FAR]]]

    grade = graded(tmp_path, endless)
    assert grade.problem.startswith("this makes more than 20,000 units of work")
    assert "of them by runs" in grade.problem
    assert (grade.name, grade.done) == ("Ada Lovelace", ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.pop("aclbench-submission"), "not a submission; `aclbench learn submit`"),
        (lambda d: d.update({"aclbench-submission": 9}), "of another version than 1"),
        (lambda d: d.update(name=7), "name: found 7; right would be text"),
        (lambda d: d.update(name="x" * 101), "name: found "),
        (lambda d: d.update(name="\x1b[2J"), "name: found "),
        (
            lambda d: d.update(lesson="../../etc/passwd"),
            "lesson: found ../../etc/passwd",
        ),
        (lambda d: d.update(lesson="99-other"), "there is no lesson 99-other here; --lesson"),
        (lambda d: d.update(digest="0"), "digest: found 0; right would be a SHA-256"),
        (lambda d: d.update(done=[1, "2"]), "done 2: found 2; right would be the number of a step"),
        (lambda d: d.update(done=[10**30]), "done 1: found 1000"),
        (lambda d: d.update(done=[True]), "done 1: found true"),
        (lambda d: d.update(predictions={}), "predictions: found {}"),
        (
            lambda d: d.update(predictions=d["predictions"] * 1001),
            "predictions: found 1,001",
        ),
        (
            lambda d: d.update(predictions=[{"step": "x"}]),
            "predictions 1, step: found x",
        ),
        (lambda d: d.update(journal=[]), "journal: found []; right would be a table"),
        (lambda d: d["journal"].update(x=[]), "journal: found x"),
        (lambda d: d["journal"].update({"4": [5, []]}), "journal, 4: a beginning behind its end"),
        (lambda d: d["journal"].update({"4": [0, [["sing"]]]}), "journal, 4 2 1 1: found sing"),
        (
            lambda d: d["journal"].update({"4": [0, [["inject", "pg0", 1, ["?"]]]]}),
            "journal, 4 2 1 4 1: ",
        ),
        (
            lambda d: d["journal"].update({"4": [0, [["cli", ""]] * 100_001]}),
            "journal: found more of them; right would be at most 100,000",
        ),
    ],
)
def test_what_is_no_submission_is_one_line(tmp_path: Path, change: Change, problem: str) -> None:
    grade = graded(tmp_path, change)
    assert problem in grade.problem
    assert grade.problem.isprintable()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "not a submission"),
        (b"[1, 2]", "not a submission"),
        (b'{"aclbench-submission": ' + b"9" * 5000 + b"}", "not a submission"),
        (b" " * (MAX_BYTES + 1), "more than 8 MB"),
    ],
    ids=["empty", "not text", "deep", "a list", "a long number", "too large"],
)
def test_damaged_files(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert problem in grade_file(path, lesson_finder([])).problem


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(SubmissionError, match=r"no such file|a folder|not a file|not the name"):
            read_submission(path)


def test_a_submission_wants_a_name_and_something_done(tmp_path: Path) -> None:
    made: Lesson = lesson(tmp_path)
    run = LessonRun.begin(made)
    with pytest.raises(SubmissionError, match="nothing to hand in"):
        submission_of(run, "Ada")
    run.advance()
    run.predict(None)
    for name in ("", "   ", "x" * 101, "a\x07b"):
        with pytest.raises(SubmissionError, match="a name is 1 to 100"):
            submission_of(run, name)
    submission = submission_of(run, "  Ada \n Lovelace/.. ")
    assert submission.name == "Ada Lovelace/.."
    assert file_name(submission) == "01-good-ada-lovelace.json"
    path = tmp_path / "x.json"
    write_submission(submission, path)
    assert read_submission(path) == submission
    with pytest.raises(SubmissionError, match="is there already; --force"):
        write_submission(submission, path)
