"""A lesson as slides for a teacher: each step as it is asked, then what comes of it.

The lesson is done as one goes on, and what was shown is kept: going back does nothing again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aclbench.tutor.lesson import Lesson
from aclbench.tutor.walkthrough import StepPage, heading, walk_through


@dataclass(frozen=True, slots=True)
class Slide:
    """What is shown at once: a heading, and text in Markdown."""

    heading: str
    text: str


def slides_of(lesson: Lesson) -> Iterator[Slide]:
    """The slides, first to last; each is made when it is asked for. Raises LessonError."""
    know = f"\n\nTo know first: {'; '.join(lesson.know)}." if lesson.know else ""
    source = "\n".join(f"- `{source}`" for source in lesson.source)
    about = f"{lesson.aim}{know}\n\nAbout {lesson.minutes} minutes. It is done by:\n\n{source}"
    yield Slide(lesson.title, about)
    for page in walk_through(lesson):
        yield from _slides_of_step(page, len(lesson.steps))


def _slides_of_step(page: StepPage, steps: int) -> Iterator[Slide]:
    title = heading(page.step, steps)
    yield Slide(title, page.asked)
    if page.answer:
        yield Slide(f"{title}, answered", page.answer)
        yield Slide(f"{title}, the lists then", page.lists)


class Presentation:
    """Slides and the one that is shown; `position` is its place, from 0."""

    def __init__(self, lesson: Lesson) -> None:
        self._coming = slides_of(lesson)
        self._shown = [next(self._coming)]
        self.position = 0

    @property
    def slide(self) -> Slide:
        """The one that is shown now."""
        return self._shown[self.position]

    def next(self) -> bool:
        """Go on; False: this was the last. Raises LessonError."""
        if self.position + 1 == len(self._shown):
            slide = next(self._coming, None)
            if slide is None:
                return False
            self._shown.append(slide)
        self.position += 1
        return True

    def back(self) -> bool:
        """Go back; False: this is the first."""
        if self.position == 0:
            return False
        self.position -= 1
        return True
