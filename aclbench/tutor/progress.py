"""What a learner has done: one file under the user's state folder, and one a lesson to go on from.

`lessons.json` has for each lesson how far it is; it is written whole, to another file that then
takes its place. Several programs may write at once: each reads, merges its one lesson in, and
writes, under a lock. What cannot be read is set aside under another name, and never lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace
from platformdirs import user_state_path

from aclbench.documents import DocumentError, JsonReader, UnreadableError, read_content, to_json
from aclbench.errors import AclbenchError
from aclbench.files import is_missing, locked, set_aside, write_whole
from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import Lesson, LessonError
from aclbench.tutor.outcomes import Prediction
from aclbench.tutor.saved import SavedRun
from aclbench.workbench.tasks import Slices, finish

_T = TypeVar("_T")

#: A progress file, or a saved lesson, is never so large.
MAX_BYTES: Final = 64 << 20
#: Predictions of one lesson that are kept, the latest.
MAX_PREDICTIONS: Final = 1000
_NAME: Final = r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z"
LessonName = Annotated[str, Meta(pattern=_NAME)]


class ProgressError(AclbenchError):
    """Progress that cannot be read or written; names the file."""


class LessonProgress(Struct, forbid_unknown_fields=True, frozen=True):
    """How far one lesson is. `step` is the one reached, from 1; `steps` how many it has.

    `digest` is that of the lesson's file then; `state` names the file to go on from, or is empty.
    """

    digest: str
    step: int
    steps: int
    done: tuple[int, ...] = ()
    finished: bool = False
    predictions: tuple[Prediction, ...] = ()
    state: str = ""

    def merged(self, older: LessonProgress | None) -> LessonProgress:
        """This one, with what another program noted of the same lesson: nothing done is lost."""
        if older is None or older.digest != self.digest:
            return self
        extra = [guess for guess in older.predictions if guess not in self.predictions]
        return replace(
            self,
            done=tuple(sorted({*self.done, *older.done})),
            finished=self.finished or older.finished,
            predictions=(*extra, *self.predictions)[-MAX_PREDICTIONS:],
        )


class ProgressDocument(Struct, forbid_unknown_fields=True, frozen=True):
    """The progress file: how far each lesson is, by name."""

    version: Literal[1]
    lessons: dict[LessonName, LessonProgress]


class Progress:
    """The progress file. `notices` are sentences about what was found damaged."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else user_state_path("aclbench") / "lessons.json"
        self.notices: list[str] = []

    def lessons(self) -> dict[str, LessonProgress]:
        """Every lesson that was begun, by name. Raises ProgressError.

        It is written whole, so reading needs no lock, which a folder may not allow.
        """
        try:
            return self._lessons()
        except DocumentError:
            with self._locked():
                return self._read()

    def of(self, lesson: Lesson) -> LessonProgress | None:
        """How far a lesson is; None: it was never begun."""
        return self.lessons().get(lesson.name)

    def save(self, run: LessonRun) -> None:
        """Note how far a lesson is, and all that is needed to go on. Raises ProgressError."""
        lesson, state = run.lesson, run.to_state()
        file = self._state_path(lesson.name)
        progress = LessonProgress(
            lesson.digest,
            run.step.number,
            len(lesson.steps),
            tuple(sorted(run.done)),
            run.finished,
            tuple(run.predictions),
            file.name,
        )
        with self._locked():
            self._write(file, state)
            known = self._read()
            known[lesson.name] = progress.merged(known.get(lesson.name))
            self._write(self.path, ProgressDocument(1, dict(sorted(known.items()))))

    def resume(self, lesson: Lesson) -> LessonRun:
        """A lesson where it was left, or from its first step. What is damaged is set aside.

        Raises ProgressError.
        """
        return finish(self.resuming(lesson))

    def resuming(self, lesson: Lesson) -> Slices[LessonRun]:
        """The same in slices."""
        file = self._state_path(lesson.name)
        try:
            saved = _read(file, SavedRun)
            if saved is not None:
                return (yield from LessonRun.resuming(lesson, saved))
        except (DocumentError, LessonError):
            with self._locked():
                self._set_aside(file)
        return (yield from LessonRun.beginning(lesson))

    def forget(self, lesson: Lesson) -> None:
        """Begin a lesson as if it never had been. Raises ProgressError."""
        with self._locked():
            known = self._read()
            known.pop(lesson.name, None)
            self._write(self.path, ProgressDocument(1, dict(sorted(known.items()))))
            self._state_path(lesson.name).unlink(missing_ok=True)

    # --- files -------------------------------------------------------------------------------

    def _state_path(self, name: str) -> Path:
        if not re.match(_NAME, name):
            raise ProgressError(f"{name[:80]!r} is no name for a lesson")
        return self.path.with_name(f"lesson-{name}.json")

    def _read(self) -> dict[str, LessonProgress]:
        """What the file has; a damaged one is set aside."""
        try:
            return self._lessons()
        except DocumentError:
            self._set_aside(self.path)
            return {}

    def _lessons(self) -> dict[str, LessonProgress]:
        """What the file has. DocumentError: it is damaged."""
        document = _read(self.path, ProgressDocument)
        return {} if document is None else document.lessons

    def _set_aside(self, file: Path) -> None:
        try:
            aside = set_aside(file)
        except OSError as error:
            raise ProgressError(f"{file}: damaged, and not to be moved: {error.strerror}") from None
        self.notices.append(f"{file} could not be read; it is kept as {aside.name}, and begun anew")

    def _write(self, file: Path, data: Struct) -> None:
        try:
            write_whole(file, to_json(data, indent=1))
        except OSError as error:
            raise ProgressError(f"{file}: cannot be written: {error.strerror}") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else reads, merges and writes meanwhile."""
        try:
            with locked(self.path):
                yield
        except OSError as error:
            raise ProgressError(f"{self.path}: cannot be written: {error.strerror}") from None


def _read(file: Path, kind: type[_T]) -> _T | None:
    """What a file has; None: there is none. DocumentError: it is damaged.

    ProgressError: the system does not let us read it.
    """
    if is_missing(file):
        return None
    try:
        return JsonReader(kind).read(read_content(file, MAX_BYTES))
    except UnreadableError as error:
        raise ProgressError(f"{file}: {error}") from None
