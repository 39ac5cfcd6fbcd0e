"""What a student hands in: one file that says what was done, so that it can be done again.

JSON: the student's name, the lesson's name and the SHA-256 of its file, the steps that were done
with the inputs that did them, and every guess. What is read may be anybody's: it is bounded, its
values are checked, and nothing in it is run or looked up here (`grading` does that, within bounds).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aclbench.files import write_new, write_whole
from aclbench.tutor.course import LessonRun
from aclbench.tutor.journals import Work
from aclbench.tutor.lesson import Lesson, LessonError
from aclbench.tutor.outcomes import Prediction
from aclbench.tutor.tables import MAX_STEPS

MARK: Final = "aclbench-submission"
VERSION: Final = 1
#: A submission is at most so large, and its journals have at most so many inputs in all.
MAX_BYTES: Final = 8 << 20
MAX_INPUTS: Final = 100_000
MAX_PREDICTIONS: Final = 1000
MAX_NAME: Final = 100
_LESSON_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class SubmissionError(LessonError):
    """A submission that cannot be made or read; the message is one line."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a student did of a lesson. `works` has the inputs of each step that was done."""

    name: str
    lesson: str
    digest: str
    done: tuple[int, ...]
    predictions: tuple[Prediction, ...]
    works: dict[int, Work]


def submission_of(run: LessonRun, name: str) -> Submission:
    """What was done in a lesson, by whom. Raises SubmissionError: nothing was, or nobody."""
    name = " ".join(name.split())
    if not _is_name(name):
        raise SubmissionError(f"a name is 1 to {MAX_NAME} printable characters")
    if not run.works and not run.predictions:
        raise SubmissionError(f"{run.lesson.name}: there is nothing to hand in: no step is done")
    return Submission(
        name,
        run.lesson.name,
        run.lesson.digest,
        tuple(sorted(run.done)),
        tuple(run.predictions[:MAX_PREDICTIONS]),
        {step: work for step, work in sorted(run.works.items()) if step in run.done},
    )


def file_name(submission: Submission) -> str:
    """A name for its file, of lesson and student: `03-three-classes-ada-lovelace.json`."""
    words = re.findall(r"\w+", submission.name.lower())
    return f"{submission.lesson}-{'-'.join(words)[:60] or 'student'}.json"


def write_submission(submission: Submission, path: Path, force: bool = False) -> None:
    """Write a submission to a new file. Raises SubmissionError."""
    data = {
        MARK: VERSION,
        "name": submission.name,
        "lesson": submission.lesson,
        "digest": submission.digest,
        "done": list(submission.done),
        "predictions": [guess.to_json() for guess in submission.predictions],
        "journal": {str(step): work.to_json() for step, work in submission.works.items()},
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if len(text.encode()) > MAX_BYTES:
        raise SubmissionError(f"{submission.lesson}: more than {MAX_BYTES >> 20} MB was done; redo")
    try:
        (write_whole if force else write_new)(path, text + "\n")
    except FileExistsError:
        raise SubmissionError(f"{path} is there already; --force overwrites it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{str(path)[:256]}: cannot be written: {reason}") from None


# --- reading ------------------------------------------------------------------------------------


def read_submission(path: Path) -> Submission:
    """What a file has, checked. Raises SubmissionError, in one line."""
    try:
        if not path.is_file():
            raise SubmissionError("there is no such file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SubmissionError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise SubmissionError("not the name of a file") from None
    if len(content) > MAX_BYTES:
        raise SubmissionError(f"more than {MAX_BYTES >> 20} MB; a submission is smaller")
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SubmissionError("damaged, or not a submission: it is not JSON") from None
    return _submission(data)


def _submission(data: Any) -> Submission:
    if not isinstance(data, dict) or MARK not in data:
        raise SubmissionError("not a submission; `aclbench learn submit` writes them")
    if data[MARK] != VERSION or type(data[MARK]) is not int:
        raise SubmissionError(f"a submission of another version than {VERSION}")
    name, lesson, digest = (_text(data, key) for key in ("name", "lesson", "digest"))
    if not _is_name(name):
        raise SubmissionError(f"its name: right would be 1 to {MAX_NAME} printable characters")
    if not _LESSON_NAME.fullmatch(lesson):
        raise SubmissionError("its lesson: right would be the name of a lesson")
    if not _DIGEST.fullmatch(digest):
        raise SubmissionError("its digest: right would be a SHA-256 in hexadecimal digits")
    return Submission(name, lesson, digest, _done(data), _predictions(data), _works(data))


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise SubmissionError(f"its {key}: found {type(value).__name__}; right would be text")
    return value


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_NAME and name.isprintable() and not name.isspace()


def _done(data: dict[str, Any]) -> tuple[int, ...]:
    done = data.get("done")
    if not isinstance(done, list) or not all(_is_step(step) for step in done):
        raise SubmissionError(f"its done: right would be numbers of steps, 1 to {MAX_STEPS}")
    return tuple(sorted(set(done)))


def _is_step(step: Any) -> bool:
    return type(step) is int and 1 <= step <= MAX_STEPS


def _predictions(data: dict[str, Any]) -> tuple[Prediction, ...]:
    rows = data.get("predictions")
    if not isinstance(rows, list) or len(rows) > MAX_PREDICTIONS:
        raise SubmissionError(f"its predictions: right would be at most {MAX_PREDICTIONS:,}")
    try:
        return tuple(Prediction.from_json(row) for row in rows)
    except ValueError:
        raise SubmissionError("its predictions: one of them is none") from None


def _works(data: dict[str, Any]) -> dict[int, Work]:
    rows = data.get("journal")
    if not isinstance(rows, dict) or len(rows) > MAX_STEPS:
        raise SubmissionError("its journal: right would be a table of steps")
    works: dict[int, Work] = {}
    inputs = 0
    for key, row in rows.items():
        if not key.isascii() or not key.isdecimal() or len(key) > 3 or not _is_step(int(key)):
            raise SubmissionError(f"its journal: right would be steps from 1 to {MAX_STEPS}")
        try:
            works[int(key)] = work = Work.from_json(row)
        except (ValueError, TypeError):
            raise SubmissionError(
                f"its journal: step {key} has something that is no input"
            ) from None
        inputs += len(work.begin) + len(work.inputs)
    if inputs > MAX_INPUTS:
        raise SubmissionError(f"its journal: more than {MAX_INPUTS:,} inputs")
    return works


def is_of(submission: Submission, lesson: Lesson) -> bool:
    """Whether a submission is of this very file of a lesson."""
    return submission.lesson == lesson.name and submission.digest == lesson.digest
