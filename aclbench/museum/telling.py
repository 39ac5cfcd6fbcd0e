"""Tells an exhibit: the list of all, one of them in words, and what its runs showed."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import Any, Final

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.lab.explore.exploring import Result
from aclbench.museum.showing import Shown
from aclbench.tutor.walkthrough import transcript_lines
from aclbench.words import counted

#: The narrowest that words are set in.
_NARROWEST: Final = 40
_LIVES: Final = "in VPP today"


def list_text(exhibits: Iterable[Exhibit]) -> str:
    """All exhibits, a line each; those that live in VPP today by themselves."""
    found = list(exhibits)
    width = max(len(each.name) for each in found)
    past = [_row(each, width) for each in found if not each.lives_on]
    games = [each.name for each in found if isinstance(each.shown_by, Searched)]
    today = [_row(each, width) for each in found if each.lives_on]
    return "\n".join(
        (
            "Faults of VPP's history:",
            *past,
            "",
            "Faults that are in VPP 26.10:",
            *today,
            "",
            "`aclbench museum NAME` tells one and runs it, `--fixed` without the fault;",
            "`aclbench tui --exhibit NAME` shows it on the screen.",
            f"`aclbench play NAME` ({', '.join(games)}): you are the scheduler.",
        )
    )


def _row(exhibit: Exhibit, width: int) -> str:
    return f"  {exhibit.name:{width}}  {exhibit.title}"


def told(exhibit: Exhibit, width: int) -> str:
    """What was believed, what happened, and how it was found."""
    parts = ("believed", exhibit.believed), ("happened", exhibit.happened), ("found", exhibit.found)
    lives = f" ({_LIVES})" if exhibit.lives_on else ""
    return "\n".join(
        (f"{exhibit.name}: {exhibit.title}{lives}", *(_paragraph(*part, width) for part in parts))
    )


def _paragraph(word: str, text: str, width: int) -> str:
    return fill(
        text,
        max(width - 1, _NARROWEST),
        initial_indent=f"  {word:9} ",
        subsequent_indent=" " * 12,
        break_on_hyphens=False,
    )


def run_text(shown: Shown) -> str:
    """The lines of a run, and what each printed."""
    return "\n".join(transcript_lines(shown.ran))


def seen_text(exhibit: Exhibit, shown: Shown, width: int) -> str:
    """What was to be seen at a run's end."""
    with_fault = shown.design == exhibit.design.name
    heading = f"{'With' if with_fault else 'Without'} the fault (design {shown.design}):"
    lines = [fill(line, max(width - 1, _NARROWEST), initial_indent="  ", subsequent_indent="    ")
             for line in shown.seen]  # fmt: skip
    return "\n".join((heading, *lines))


def searched_text(exhibit: Exhibit, result: Result, width: int) -> str:
    """What a search found, or that it found nothing."""
    with_fault = result.design == exhibit.design.name
    heading = f"{'With' if with_fault else 'Without'} the fault (design {result.design}):"
    if result.found is not None:
        return f"{heading} {result.found.headline}\n\n{result.found.text(width)}"
    states = counted(result.effort.states, "state")
    whole = f"{states}, all there are with {result.bounds_text()}."
    return fill(f"{heading} nothing goes wrong in {whole}", max(width - 1, _NARROWEST))


def exhibit_json(exhibit: Exhibit) -> dict[str, Any]:
    """An exhibit as plain values."""
    return {
        "name": exhibit.name,
        "title": exhibit.title,
        "believed": exhibit.believed,
        "happened": exhibit.happened,
        "found": exhibit.found,
        "lives_on": exhibit.lives_on,
        "takes_an_interleaving": isinstance(exhibit.shown_by, Searched),
        "design": exhibit.design.name,
        "fixed": exhibit.fixed.name,
        "scenario": exhibit.scenario,
    }
