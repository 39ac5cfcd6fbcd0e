"""A lesson at the prompt: its words, its goal, what is kept; each lesson from first to last."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from pseudoterminal import Terminal
from tutor.lessons import SECOND, lesson

from aclbench.errors import AclbenchError
from aclbench.repl.completion import CommandCompleter
from aclbench.repl.lesson import LessonSession
from aclbench.repl.presenting import Presenter
from aclbench.repl.printing import Printer
from aclbench.tutor.course import LessonRun
from aclbench.tutor.grading import grade_file, lesson_finder
from aclbench.tutor.lesson import Experiment, Lesson, Predict, Task
from aclbench.tutor.presenting import Presentation
from aclbench.tutor.progress import Progress
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.submission import submission_of, write_submission
from aclbench.workbench.commands.bench.helping import what_next
from aclbench.workbench.commands.table import make_command_table
from aclbench.workbench.rig.bundled import bundled_files

FILES = bundled_files("lessons")
#: Lessons that `make test` has typed, from first to last, among them each kind of step and bench;
#: what the others have run at each step is run in `tutor/test_lessons.py`.
TYPED = ("01", "02", "08", "11", "12", "14", "16")
WIDTH = 80


class Learner:
    """Somebody who types, and what he is shown."""

    def __init__(self, of: Lesson, folder: Path) -> None:
        self.progress = Progress(folder / "lessons.json")
        self.out = io.StringIO()
        self.run = self.progress.resume(of)
        self.session = LessonSession(self.run, self.progress, Printer(self.out))

    def types(self, *lines: str) -> str:
        """Type lines; returns what the last one had printed, a refusal too."""
        for line in lines:
            self.out.seek(0)
            self.out.truncate()
            try:
                self.session.run(line)
            except AclbenchError as error:
                self.out.write(f"error: {error}")
        return self.out.getvalue()


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Learner]:
    """At the first step of the template."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    here = Learner(lesson(tmp_path), tmp_path)
    yield here
    here.run.close()


def joined(text: str) -> str:
    """Without its line breaks, as it is read."""
    return " ".join(text.split())


# --- the words -----------------------------------------------------------------------------------


def test_nothing_goes_on_by_itself(learner: Learner) -> None:
    learner.session.greet()
    assert "Step 1 of 4: reading" in learner.out.getvalue()
    learner.types("show acl-plugin acl", "", "# a comment")
    assert learner.run.step.number == 1
    assert "Step 2 of 4: prediction" in learner.types("next")
    assert "step 2 is not done yet: make a prediction" in learner.types("next")
    learner.types("guess 2", "run 1s")
    assert learner.run.step.number == 2


def test_a_wrong_guess_costs_nothing_and_shows_what_the_bench_did(learner: Learner) -> None:
    learner.types("next")
    said = learner.types("guess 3")
    assert "aclbench# send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53\npacket 1 at +0 s" in said
    assert "You said otherwise: it is 2, one." in said
    assert "Sessions there are now: 1." in said
    assert "You said so" in learner.types("guess 2")
    assert "You were not sure" in learner.types("guess not-sure")
    assert "You were not sure" in learner.types("guess 4")
    assert "9: no option; 1 to 4 are" in learner.types("guess 9")
    assert learner.run.bench.snapshot().packets.read == 1
    assert "Step 3 of 4: experiment" in learner.types("next")
    assert "there is nothing to guess here" in learner.types("guess 1")


def test_an_experiment_shows_what_it_ran_and_where_to_look(learner: Learner) -> None:
    learner.types("next", "guess 2", "next")
    said = learner.types("try")
    assert "aclbench# send pg1 udp" in said
    assert "Its fate was permitted." in said
    assert "step 3 is no task; it is an experiment" in learner.types("hint")


def test_the_goal_ticks_off_whichever_way_it_is_reached(learner: Learner) -> None:
    said = learner.types("lesson step 4")
    assert "[ ] part 1 of 2: no session was opened" in said
    assert "[ ] part 2 of 2: there are 1 sessions, not 2" in said
    assert "[ ]" not in learner.types("show acl-plugin acl")  # nothing has changed of it
    said = joined(learner.types(SECOND))
    assert "[x] part 1 of 2 (it was: no session was opened since this step began)" in said
    assert "[x] part 2 of 2 (it was: there are 1 sessions, not 2)" in said
    assert "The goal is met. `next` goes on." in said
    said = learner.types("back 1 packets")
    assert "[ ] part 1 of 2: no session was opened" in said
    assert "the lesson is finished" in learner.types("next")  # it was done once


def test_a_mess_is_undone_with_one_word(learner: Learner) -> None:
    learner.types("lesson step 4", "delete packet-generator interface pg0", "run 3h")
    assert "The bench stands where this step began." in learner.types("undo")
    assert learner.run.bench.snapshot().sessions.live == 1
    learner.types(SECOND)
    assert 4 in learner.run.done
    assert "Step 4 of 4: task" in learner.types("redo")
    assert 4 not in learner.run.done


def test_hints_come_one_by_one_and_the_solution_can_be_run(learner: Learner) -> None:
    learner.types("lesson step 4")
    for number in (1, 2, 3):
        assert f"Hint {number} of 3" in learner.types("hint")
    assert f"  {SECOND}\n" in learner.out.getvalue()
    assert "Hint 1 of 3" in learner.types("hint 1")
    assert "there is no hint 7; there are 1 to 3" in learner.types("hint 7")
    assert SECOND in learner.types("solution")
    assert 4 not in learner.run.done
    assert "The goal is met" in learner.types("solution run")


def test_what_is_skipped_the_program_does(learner: Learner) -> None:
    learner.types("next", "skip", "skip")
    assert (learner.run.step.number, learner.run.bench.snapshot().sessions.live) == (4, 1)
    said = learner.types("skip")
    assert "the lesson is finished" in said
    assert "Left out: 2, 3, 4" in said
    assert "> [ ]  4  task" in learner.types("lesson steps")
    assert "Step 1 of 4" in learner.types("lesson restart")
    assert "aclbench.engine.sessions:Sessions.add_session" in learner.types("lesson about")


def test_what_was_done_becomes_a_draft(learner: Learner, tmp_path: Path) -> None:
    learner.types("send pg0 udp 10.0.0.9:1 > 192.168.0.2:2", f"lesson record {tmp_path}/d.toml")
    assert "send pg0 udp 10.0.0.9:1" in (tmp_path / "d.toml").read_text()
    (tmp_path / "d.toml").write_text("mine")
    refused = learner.types(f"lesson record {tmp_path}/d.toml")
    assert f"is there already; `lesson record {tmp_path}/d.toml force` overwrites it" in refused
    assert (tmp_path / "d.toml").read_text() == "mine"
    learner.types(f"lesson record {tmp_path}/d.toml force")
    assert "send pg0 udp 10.0.0.9:1" in (tmp_path / "d.toml").read_text()


def test_a_lessons_own_lines_do_not_lead_through_it(learner: Learner) -> None:
    with pytest.raises(AclbenchError, match="next is not for a lesson's lines"):
        learner.run.try_lines(["nex"])
    assert learner.run.step.number == 1


def test_the_words_collide_with_nothing(learner: Learner) -> None:
    """What VPP's and aclbench's commands were abbreviated to, they still are."""
    plain = make_command_table()
    bench = learner.run.bench
    for line in (
        "sh acl sess",
        "set int state pg0 up",
        "st 3",
        "run 1s",
        "lists",
        "tr add",
        "sess",
    ):
        try:
            before = plain.parse(line, bench)
        except AclbenchError:
            before = None
        if before is not None:
            after = bench.lines.table.parse(line, bench)
            assert after is not None
            assert after.command.syntax == before.command.syntax, line
    words = {syntax.split()[0] for syntax, _, _ in plain.reference()}
    own = {
        row.syntax.split()[0] for row in bench.lines.table.reference() if row.group == "the lesson"
    }
    assert own == {"next", "guess", "try", "hint", "solution", "undo", "redo", "skip", "lesson"}
    assert not words & own


def test_completion_and_question_mark_know_them(learner: Learner) -> None:
    learner.types("next")
    completer = CommandCompleter(lambda: learner.run.bench)

    def offered(line: str) -> dict[str, str]:
        found = completer.get_completions(Document(line), CompleteEvent())
        return {each.text: each.display_meta_text for each in found}

    assert list(offered("gue")) == ["guess "]
    assert offered("guess ")["2"] == "one"
    assert "restart" in offered("lesson ")
    assert "a number" not in what_next(learner.run.bench, "guess ")
    assert "two, one for each direction" in what_next(learner.run.bench, "guess ")
    assert "go on to the next step" in what_next(learner.run.bench, "ne")


def test_the_toolbar_says_where_one_is(learner: Learner) -> None:
    assert learner.session.where == "lesson 1, step 1/4 done"
    learner.types("next")
    assert learner.session.where == "lesson 1, step 2/4"


# --- keeping -------------------------------------------------------------------------------------


def test_progress_is_kept_at_each_step(learner: Learner, tmp_path: Path) -> None:
    """Not only at leaving: a terminal may be closed."""
    learner.types("next", "guess 2", "next", "try", "next", SECOND)
    again = Learner(learner.run.lesson, tmp_path)
    assert (again.run.step.number, again.run.done) == (4, {1, 2, 3, 4})
    assert again.run.bench.snapshot().sessions.live == 2
    assert [p.right for p in again.run.predictions] == [True]
    again.run.close()


def test_what_was_done_in_a_step_is_kept_at_leaving(learner: Learner, tmp_path: Path) -> None:
    learner.types("lesson step 4", "run 7s")
    learner.session.save()
    again = Learner(learner.run.lesson, tmp_path)
    assert again.run.bench.now == learner.run.bench.now
    again.session.greet()
    assert "Step 4 of 4: task" in again.out.getvalue()
    again.run.close()


def test_where_nothing_can_be_kept_it_is_said_once(learner: Learner, tmp_path: Path) -> None:
    """And the lesson can be done all the same."""
    (tmp_path / "file").write_text("")
    learner.progress.path = tmp_path / "file" / "lessons.json"
    said = learner.types("next") + learner.types("guess 2") + learner.types("next")
    assert said.count("progress is not kept") == 1
    assert "Step 3 of 4" in said


# --- every lesson --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.stem.startswith(TYPED) else pytest.mark.long)
        for path in FILES
    ],
    ids=lambda path: path.stem,
)
def test_each_lesson_can_be_finished_by_typing_and_is_proven(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 80 columns, left in the middle; a near miss is refused in words, and undone.

    Tasks are solved in another way than the lesson's first. What is handed in then is proven, each
    step by its own inputs.
    """
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    learner = Learner(read_lesson(path), tmp_path)
    middle = len(learner.run.lesson.steps) // 2
    learner.session.greet()
    shown = [learner.out.getvalue()]
    for step in learner.run.lesson.steps:
        if step.number == middle:
            learner.run.close()
            learner = Learner(learner.run.lesson, tmp_path)
            assert learner.run.notices == []
        assert learner.run.step is step
        if isinstance(step, Predict):
            said = learner.types("guess 1")
            assert "it is " in said
        elif isinstance(step, Experiment):
            shown.append(learner.types("try"))
        elif isinstance(step, Task):
            learner.types("hint", "hint", "hint", *step.near[0].run)
            assert step.near[0].says in joined(learner.types("next"))
            learner.types("undo")
            assert "is refused" not in learner.types(*step.others[0])
        assert step.number in learner.run.done, (step.number, learner.run.goal_state().message)
        shown.append(learner.types("next"))
    assert learner.run.finished
    assert "the lesson is finished" in shown[-1]
    kept = learner.progress.of(learner.run.lesson)
    assert kept is not None
    assert kept.finished
    for text in shown:
        prose = [line for line in text.splitlines() if "aclbench#" not in line]
        headings = [line for line in prose if re.match(r"Step \d+ of", line)]
        assert all(len(line) <= WIDTH for line in headings)
    lesson, file = learner.run.lesson, tmp_path / "submission.json"
    write_submission(submission_of(learner.run, "Ada Lovelace"), file)
    learner.run.close()
    grade = grade_file(file, lesson_finder([lesson]))
    assert (grade.problem, grade.notes, grade.changed) == ("", (), False)
    assert grade.done == tuple(step.number for step in lesson.steps)
    guesses = learner.run.predictions
    assert grade.first_right == sum(guess.right is True for guess in guesses)
    assert len(guesses) == grade.predictions


def test_what_is_presented_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the last step. `tutor/test_lessons.py` looks at the texts of every lesson."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    shown = read_lesson(FILES[9])
    presentation = Presentation(shown)
    printer = Printer(io.StringIO())
    while True:
        for line in printer.markdown_lines(presentation.slide.text):
            assert len(line) <= WIDTH
        if not presentation.next():
            break
    assert presentation.slide.heading.startswith(f"Step {len(shown.steps)} of")


# --- in a terminal -------------------------------------------------------------------------------


def test_a_lesson_is_left_and_resumed_in_a_terminal(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path, "learn", "1", "--repl")) as first:
        first.see("What reflect opens: the pinhole")
        first.see("step 1/7")
        first.type("next\r")
        first.see("A wrong guess costs nothing.")
        first.see("step 2/7")
        first.type("gu\t1\r")
        first.see("You said otherwise")
        first.see("step 2/7 done")
        first.type("next\r")
        first.see("Step 3 of 7: experiment")
        first.see("step 3/7")
        first.type("\x04")
        assert first.leave() == 0
    with closing(Terminal(tmp_path, "learn", "pinhole", "--repl")) as second:
        second.see("Step 3 of 7: experiment")
        second.see("step 3/7")
        second.type("quit\r")
        assert second.leave() == 0


# --- presenting ----------------------------------------------------------------------------------


def test_a_presentation_goes_on_and_back_and_ends(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slide that is longer than the terminal is shown in pages."""
    monkeypatch.setenv("LINES", "14")
    out = io.StringIO()
    slides = Presentation(learner.run.lesson)
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("  b\r" + "q")
        Presenter(slides, Printer(out)).loop()
        headings = re.findall(r"^(A title in a line|Step .*)$", out.getvalue(), re.M)
        assert headings[:3] == ["A title in a line", "Step 1 of 4: reading", headings[2]]
        keys.send_text(" " * 60)
        Presenter(slides, Printer(out)).loop()  # it ends behind the last slide
    assert "Step 4 of 4: task, the lists then" in out.getvalue()
    assert LessonRun.begin(learner.run.lesson).step.number == 1  # nobody's progress
