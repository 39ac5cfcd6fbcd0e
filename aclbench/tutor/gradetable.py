"""The table of grades: for a person, and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from aclbench.tutor.grading import Grade, one_line

HEADING: Final = ("name", "lesson", "steps", "first guesses")


def grade_lines(grades: Sequence[Grade]) -> Iterator[str]:
    """The table for a person: a line for each submission, and one for each note.

    Without headings, and with a word on it, where nothing could be graded.
    """
    graded = any(not grade.problem for grade in grades)
    widths = [max(map(len, column)) for column in zip(HEADING, *map(_row, grades), strict=True)]
    for grade in (*([None] if graded else []), *grades):
        if grade is not None and grade.problem:
            who = f" ({grade.name})" if grade.name else ""
            yield f"{one_line(grade.file)}{who}: not graded: {grade.problem}"
            continue
        row = HEADING if grade is None else _row(grade)
        cells = zip(row, widths, strict=True)
        yield "  ".join(f"{cell:{width}}" for cell, width in cells).rstrip()
        yield from (f"  {note}" for note in (grade.notes if grade else ()))
    if not graded:
        yield "nothing was graded"


def _row(grade: Grade) -> tuple[str, str, str, str]:
    """The cells of a submission; empty where nothing was graded."""
    if grade.problem:
        return ("", "", "", "")
    steps = f"{len(grade.done)}/{grade.steps}"
    return (grade.name, grade.lesson, steps, f"{grade.first_right}/{grade.predictions}")


def grades_as_csv(grades: Sequence[Grade]) -> str:
    """The table for a spreadsheet, with a line of headings."""
    out = io.StringIO()
    rows = [grade.to_json() for grade in grades]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        row |= {"done": " ".join(map(str, row["done"])), "notes": "; ".join(row["notes"])}
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text."""
    is_formula = isinstance(value, str) and value[:1] in tuple("=+-@\t\r")
    return f"'{value}" if is_formula else value
