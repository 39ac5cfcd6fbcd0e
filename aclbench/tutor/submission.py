"""What a student hands in: one file that says what was done, so that it can be done again.

JSON: the student's name, the lesson's name and the SHA-256 of its file, the steps that were done
with the inputs that did them, and every guess. What is read may be anybody's: it is bounded, its
values are checked, and nothing in it is run or looked up here (`grading` does that, within bounds).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import DecodeError, Meta, Struct, ValidationError, field
from msgspec.json import decode

from aclbench.documents import DocumentError, JsonReader, Wrong, read_content, to_json
from aclbench.files import unwritable, write_whole
from aclbench.tutor.course import LessonRun
from aclbench.tutor.journals import Work
from aclbench.tutor.lesson import Lesson, LessonError
from aclbench.tutor.outcomes import Prediction
from aclbench.tutor.saved import SavedWork, saved_work
from aclbench.tutor.tables import MAX_STEPS

VERSION: Final = 1
#: A submission is at most so large, and its journals have at most so many inputs in all.
MAX_BYTES: Final = 8 << 20
MAX_INPUTS: Final = 100_000
MAX_PREDICTIONS: Final = 1000
MAX_NAME: Final = 100

StepNumber = Annotated[
    int, Meta(ge=1, le=MAX_STEPS, description=f"the number of a step, 1 to {MAX_STEPS}")
]


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
    document = SubmissionDocument(
        version=VERSION,
        name=submission.name,
        lesson=submission.lesson,
        digest=submission.digest,
        done=submission.done,
        predictions=submission.predictions,
        journal={step: saved_work(work) for step, work in submission.works.items()},
    )
    text = to_json(document, indent=1)
    if len(text.encode()) > MAX_BYTES:
        raise SubmissionError(
            f"{submission.lesson}: more than {MAX_BYTES >> 20} MB was done; "
            "`redo` begins a step anew"
        )
    with unwritable(path, SubmissionError):
        write_whole(path, text + "\n", over=force)


# --- the file -----------------------------------------------------------------------------------


class _Mark(Struct):
    """What tells a submission from other JSON."""

    version: Any = field(name="aclbench-submission")


class SubmissionDocument(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The file of a submission."""

    version: Literal[1] = field(name="aclbench-submission")
    name: str
    lesson: Annotated[
        str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z", description="a lesson's name")
    ]
    digest: Annotated[
        str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="a SHA-256 in hexadecimal digits")
    ]
    done: tuple[StepNumber, ...]
    predictions: Annotated[
        tuple[Prediction, ...],
        Meta(max_length=MAX_PREDICTIONS, description=f"at most {MAX_PREDICTIONS:,}"),
    ]
    journal: dict[StepNumber, SavedWork]

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise Wrong("name", self.name, f"1 to {MAX_NAME} printable characters")
        works = [saved.work for saved in self.journal.values()]
        if sum(len(work.begin) + len(work.inputs) for work in works) > MAX_INPUTS:
            raise Wrong("journal", "more of them", f"at most {MAX_INPUTS:,} inputs")


def read_submission(path: Path) -> Submission:
    """What a file has, checked. Raises SubmissionError, in one line."""
    try:
        content = read_content(path, MAX_BYTES)
        mark = _mark(content)
        if type(mark) is not int or mark != VERSION:
            raise SubmissionError(f"a submission of another version than {VERSION}")
        document = JsonReader(SubmissionDocument).read(content)
    except DocumentError as error:
        raise SubmissionError(str(error)) from None
    return Submission(
        document.name,
        document.lesson,
        document.digest,
        tuple(sorted(set(document.done))),
        document.predictions,
        {step: saved.work for step, saved in document.journal.items()},
    )


def _mark(content: bytes) -> Any:
    """The version that a submission says it has. Raises DocumentError."""
    try:
        return decode(content, type=_Mark).version
    except ValidationError:
        raise SubmissionError("not a submission; `aclbench learn submit` writes them") from None
    except (DecodeError, RecursionError, UnicodeDecodeError):
        raise DocumentError("damaged, or not a submission: it is not JSON") from None


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_NAME and name.isprintable() and not name.isspace()


def is_of(submission: Submission, lesson: Lesson) -> bool:
    """Whether a submission is of this very file of a lesson."""
    return submission.lesson == lesson.name and submission.digest == lesson.digest
