"""`aclbench learn`: lessons, those who write them, and a class."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli.command import run
from click.testing import CliRunner, Result
from tutor.learner import work_through
from tutor.lessons import lesson, written

from aclbench import Workbench
from aclbench.cli.commands import cli
from aclbench.cli.learn import doing
from aclbench.errors import AclbenchError
from aclbench.tutor.course import LessonRun
from aclbench.tutor.progress import Progress
from aclbench.tutor.shelf import find_lesson
from aclbench.tutor.submission import read_submission, submission_of, write_submission
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish

N_LESSONS = len(bundled_files("lessons"))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Progress of nobody else; an empty folder to work in."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def learn(*arguments: str) -> Result:
    """The command in this process; what a person did wrong is raised."""
    done = CliRunner().invoke(cli, ["learn", *arguments])
    if isinstance(done.exception, AclbenchError):
        raise done.exception
    return done


def does(name: str, steps: int) -> LessonRun:
    """Do some steps of a lesson, and keep it."""
    run = LessonRun.begin(find_lesson(name))
    for _ in range(steps):
        run.advance(skip=True)
    Progress().save(run)
    return run


def stub_faces(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, LessonRun]]:
    """No face waits for a person: what would be opened is noted, and in which face."""
    opened: list[tuple[str, LessonRun]] = []

    def stub(face: str) -> doing.Face:
        return lambda lesson, opening, progress, words: opened.append((face, finish(opening)))

    for face in doing.FACES:
        monkeypatch.setitem(doing.FACES, face, stub(face))
    return opened


# --- the list, and opening one -------------------------------------------------------------------


def test_the_list_has_every_lesson_and_how_far_it_is() -> None:
    does("1", 3)
    finished = work_through(find_lesson("2"))
    Progress().save(finished)
    lines = learn().output.splitlines()
    rows = lines[1 : 1 + N_LESSONS]
    assert [int(row.split()[0]) for row in rows] == list(range(1, N_LESSONS + 1))
    assert rows[0].startswith(" 1  What reflect opens" if N_LESSONS > 9 else "1  What reflect")
    assert rows[0].endswith("1/7  at step 4")
    assert rows[1].endswith("7/7  finished")
    assert all(len(line) <= 80 for line in lines)


def test_the_list_names_what_has_changed_since(state: Path) -> None:
    path = Path(find_lesson("1").path)
    changed = state / path.name
    changed.write_text(path.read_text() + "\n# changed\n")
    run = LessonRun.begin(find_lesson(str(changed)))
    Progress().save(run)
    assert "0/7" not in learn().output  # a reading is done as it is read
    assert "at step 1; changed since" in learn().output


def test_without_a_terminal_it_says_what_needs_none() -> None:
    done = run("learn", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "a lesson needs somebody at a terminal; `aclbench learn export 1`" in done.stderr
    presented = run("learn", "present", "1")
    assert (presented.returncode, presented.stdout) == (1, "")
    assert "`aclbench learn export 1 --answers` prints all of it" in presented.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("19", "'19': no such lesson; they are numbered 1 to 18, `aclbench learn` lists them"),
        ("0", "'0': no such lesson; they are numbered 1 to 18"),
        ("pinhle", r"no such lesson; did you mean pinhole\? they are numbered 1 to 18"),
        ("nothing", "'nothing': no such lesson; they are numbered 1 to 18"),
        ("", "no such lesson"),
        ("x" * 300, "x: cannot be opened: File name too long"),
        ("none.toml", "there is no such file"),
        ("../lessons", "a folder"),
        ("tutor", "a folder; name a lesson in it"),
    ],
)
def test_a_lesson_that_is_not_there(text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    with pytest.raises(AclbenchError, match=says) as refused:
        find_lesson(text)
    assert "01-pinhole" not in str(refused.value)


def test_a_lesson_is_found_by_number_name_and_file(state: Path) -> None:
    assert find_lesson("1").name == find_lesson("01-pinhole").name == find_lesson("pinhole").name
    assert find_lesson("pinh").name == "01-pinhole"
    assert find_lesson(str(written(state))).name == "01-good"


@pytest.mark.parametrize(
    "arguments", [["1", "--restart", "--repl"], ["--repl", "--restart", "1"], ["--restart", "1"]]
)
def test_what_is_no_command_is_a_lesson(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options may stand before it or behind it; `--restart` forgets how far it was."""
    does("1", 3)
    monkeypatch.setattr(doing, "refuse_without_terminal", lambda instead: None)
    opened = stub_faces(monkeypatch)
    assert learn(*arguments).exit_code == 0
    ((face, lesson_run),) = opened
    assert face == ("repl" if "--repl" in arguments else "tui")
    assert lesson_run.step.number == 1
    assert Progress().of(find_lesson("1")) is None


def test_a_lesson_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    does("1", 3)
    opened = stub_faces(monkeypatch)
    doing.open_lesson(find_lesson("1"))
    ((_, lesson_run),) = opened
    assert lesson_run.step.number == 4


def test_help_has_the_options_of_a_lesson() -> None:
    for option in ("--help", "-h"):
        text = learn(option).output
        for word in ("--restart", "--repl", "check", "new", "record", "export", "grade"):
            assert word in text
        assert " open " not in text


# --- writing lessons -----------------------------------------------------------------------------


def test_check_names_each_problem_on_a_line(state: Path) -> None:
    good = written(state)
    bad = written(state, ("minutes = 5", "minutes = 0"), name="02-bad.toml")
    wrong = written(state, ("live == 1", "live == 9"), name="03-wrong.toml")
    done = learn("check", str(good), str(bad), str(wrong), "1")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0] == f"{good}: in order, 4 steps"
    assert lines[1].startswith(f"{bad}: minutes: found")
    assert lines[2].startswith(f"{wrong}: step 2: step 2 (predict): exactly one option")
    assert lines[-1].endswith("01-pinhole.toml: in order, 7 steps")
    assert learn("check", str(good)).exit_code == 0


def test_a_new_lesson_is_in_order_and_overwrites_by_force_alone(state: Path) -> None:
    assert "aclbench learn check 09-mine.toml" in learn("new", "09-mine.toml").output
    assert learn("check", "09-mine.toml").exit_code == 0
    Path("09-mine.toml").write_text("mine")
    with pytest.raises(AclbenchError, match="is there already; --force overwrites it"):
        learn("new", "09-mine.toml")
    assert Path("09-mine.toml").read_text() == "mine"
    assert learn("new", "09-mine.toml", "--force").exit_code == 0
    assert learn("check", "09-mine.toml").exit_code == 0
    with pytest.raises(AclbenchError, match=r"ends in \.toml: mine\.toml"):
        learn("new", "mine.txt")
    with pytest.raises(AclbenchError, match="cannot be written"):
        learn("new", "none/mine.toml")


def test_a_saved_run_becomes_a_draft(state: Path) -> None:
    bench = Workbench(workers=1)
    bench.cli("create packet-generator interface pg0")
    bench.cli("run 3s")
    bench.save("mine.run")
    draft = learn("record", "mine.run").output
    assert '"create packet-generator interface pg0",\n  "run 3s",' in draft
    assert "draft" in learn("record", "mine.run", "-o", "01-draft.toml").output
    assert Path("01-draft.toml").read_text() == draft
    assert learn("check", "01-draft.toml").exit_code == 0
    Path("01-draft.toml").write_text("mine")
    with pytest.raises(AclbenchError, match="is there already; --force overwrites it"):
        learn("record", "mine.run", "-o", "01-draft.toml")
    assert Path("01-draft.toml").read_text() == "mine"
    assert learn("record", "mine.run", "-o", "01-draft.toml", "--force").exit_code == 0
    assert Path("01-draft.toml").read_text() == draft
    assert learn("record", "mine.toml").exit_code == 2
    with pytest.raises(AclbenchError, match="No such file"):
        learn("record", "none.run")


# --- for a class ---------------------------------------------------------------------------------


def test_a_handout_has_answers_only_if_asked(state: Path) -> None:
    asked = learn("export", "1").output
    assert asked.startswith("# What reflect opens: the pinhole")
    assert "☐ It reaches the inside" in asked
    assert "permitted > pg1" not in asked
    full = learn("export", "1", "--answers").output
    assert full.startswith(asked[:-1])
    assert "**3. It is denied as it would leave by pg0**" in full
    learn("export", "1", "-o", "x.md")
    assert Path("x.md").read_text() == asked
    with pytest.raises(AclbenchError, match=r"x\.md is there already; --force overwrites it"):
        learn("export", "1", "-o", "x.md", "--answers")
    assert Path("x.md").read_text() == asked
    learn("export", "1", "-o", "x.md", "--answers", "--force")
    assert Path("x.md").read_text() == full
    with pytest.raises(AclbenchError, match="cannot be written"):
        learn("export", "1", "-o", "none/x.md")


def test_a_handout_in_html_has_pictures_of_the_screen(state: Path) -> None:
    """It needs no other file, and what is HTML in a lesson is text."""
    path = written(state, ("Markdown. ", "<script>alert(1)</script> ![x](http://a.b/c.png) "))
    page = learn("export", str(path), "--html", "--answers").output
    assert page.count("<svg") == 4  # at the start, and behind each step that does something
    assert "udp_idle" in page
    assert "<script>" not in page
    assert "<img" not in page
    assert re.findall(r"src=|@import|url\((?!#)", page) == []


def test_submit_and_grade(state: Path) -> None:
    """What was left in the middle is handed in as it is."""
    with pytest.raises(AclbenchError, match="01-pinhole was not begun yet: aclbench learn 1"):
        learn("submit", "1", "--name", "Ada")
    assert learn("submit", "1").exit_code == 2  # whose is it?
    run = LessonRun.begin(find_lesson("1"))
    run.advance()
    run.predict(2)
    run.advance()
    Progress().save(run)
    said = learn("submit", "1", "--name", "Ada Lovelace").output
    name = "01-pinhole-ada-lovelace.json"
    assert said == f"{name} written: Ada Lovelace, 01-pinhole, 2 of 7 steps done\n"
    with pytest.raises(AclbenchError, match="is there already; --force"):
        learn("submit", "1", "--name", "Ada Lovelace")
    assert learn("submit", "1", "--name", "Ada Lovelace", "--force").exit_code == 0
    assert read_submission(Path(name)).done == (1, 2)

    own = lesson(state, name="77-own.toml")
    write_submission(submission_of(work_through(own, guess=1), "=HYPERLINK(1)"), Path("b.json"))
    Path("c.json").write_text("{")
    done = learn("grade", name, "b.json", "c.json", "--lesson", str(own.path))
    lines = done.output.splitlines()
    assert lines[0].split() == ["name", "lesson", "steps", "first", "guesses"]
    assert lines[1].split() == ["Ada", "Lovelace", "01-pinhole", "2/7", "1/3"]
    assert lines[2].split() == ["=HYPERLINK(1)", "77-own", "4/4", "1/1"]
    assert lines[3] == "c.json: not graded: damaged, or not a submission: it is not JSON"
    assert done.exit_code == 1
    assert learn("grade", "*.jsn").output.splitlines() == [
        "*.jsn: not graded: there is no such file",
        "nothing was graded",
    ]

    rows = json.loads(learn("grade", "--json", name, "b.json", "--lesson", str(own.path)).output)
    assert [(row["name"], row["done"], row["first_right"]) for row in rows] == [
        ("Ada Lovelace", [1, 2], 1),
        ("=HYPERLINK(1)", [1, 2, 3, 4], 1),
    ]
    text = learn("grade", "--csv", name, "b.json", "--lesson", str(own.path)).output
    table = list(csv.DictReader(io.StringIO(text)))
    assert (table[0]["done"], table[0]["predictions"]) == ("1 2", "3")
    assert table[1]["name"] == "'=HYPERLINK(1)"  # no formula of a spreadsheet
    assert learn("grade", "--csv", "--json", name).exit_code == 2


def test_startup_is_lazy() -> None:
    """Help needs no bench."""
    code = (
        "import sys; sys.argv = ['aclbench', 'learn', '--help']\n"
        "from aclbench.cli import commands\n"
        "assert commands.cli.main(standalone_mode=False) == 0\n"
        "assert not {'numpy', 'prompt_toolkit', 'rich', 'textual'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_command_says_what_it_does() -> None:
    group = cli.get_command(click.Context(cli), "learn")
    assert isinstance(group, click.Group)
    for name in group.commands:
        assert learn(name, "--help").exit_code == 0
