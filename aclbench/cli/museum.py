"""The command `aclbench museum`: faults of VPP's history, told and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aclbench.cli.compare import screen_width
from aclbench.cli.completion import complete_exhibits
from aclbench.cli.explore import interpreted_alone
from aclbench.cli.output import say, say_json
from aclbench.cli.spreading import to_its_end

if TYPE_CHECKING:
    from aclbench.designs.exhibit import Exhibit, Plain, Searched
    from aclbench.workbench.tasks import Slices, T


@click.command()
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_exhibits)
@click.option("--fixed", is_flag=True, help="Run it without the fault.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def museum(name: str | None, fixed: bool, as_json: bool) -> None:
    """Show a fault of VPP's history, put back; without an argument, list them.

    An exhibit is told (what was believed, what happened, who found it and when), run, and shown:
    with the fault, and what the same run gives without it. The design of a bench may be an exhibit,
    too: `aclbench replay --design vpp-932 CAPTURE`.
    """
    if name is None:
        if fixed:
            raise click.UsageError("--fixed goes with the NAME of an exhibit")
        list_exhibits(as_json)
        return
    interpreted_alone()  # as overrides are, and what looks for an interleaving reads its steps
    from aclbench.designs.exhibit import Plain
    from aclbench.designs.exhibits import exhibit_named

    exhibit = exhibit_named(name)
    if isinstance(exhibit.shown_by, Plain):
        show_plain(exhibit, exhibit.shown_by, fixed, as_json)
    else:
        show_searched(exhibit, exhibit.shown_by, fixed, as_json)


def list_exhibits(as_json: bool) -> None:
    """Print all there are."""
    from aclbench.designs.exhibits import exhibits
    from aclbench.museum.telling import exhibit_json, list_text

    if as_json:
        say_json([exhibit_json(exhibit) for exhibit in exhibits()])
    else:
        say(list_text(exhibits()))


def show_plain(exhibit: Exhibit, plain: Plain, fixed: bool, as_json: bool) -> None:
    """Tell an exhibit that a plain run shows, run it, and say what is to be seen."""
    from aclbench.museum.showing import showing
    from aclbench.museum.telling import exhibit_json, run_text, seen_text, told

    if as_json:
        runs: dict[str, Any] = {"fixed": done(showing(exhibit, plain, fixed=True)).to_json()}
        if not fixed:
            runs = {"fault": done(showing(exhibit, plain, fixed=False)).to_json(), **runs}
        say_json(exhibit_json(exhibit) | {"holds": plain.holds, "runs": runs})
        return
    width = min(screen_width(), 100)
    say(told(exhibit, width))
    shown = done(showing(exhibit, plain, fixed))
    say(f"\n{run_text(shown)}\n\n{seen_text(exhibit, shown, width)}")
    if not fixed:
        say(seen_text(exhibit, done(showing(exhibit, plain, fixed=True)), width))


def show_searched(exhibit: Exhibit, searched: Searched, fixed: bool, as_json: bool) -> None:
    """Tell an exhibit that takes an interleaving, and look for one."""
    from aclbench.museum.searching import searching
    from aclbench.museum.telling import exhibit_json, searched_text, told

    if as_json:
        runs = {"fixed": done(searching(exhibit, fixed=True)).to_json()}
        if not fixed:
            runs = {"fault": done(searching(exhibit)).to_json(), **runs}
        say_json(exhibit_json(exhibit) | {"breaks": searched.breaks, "runs": runs})
        return
    width = screen_width()
    say(told(exhibit, min(width, 100)))
    if not fixed:
        say("\n" + searched_text(exhibit, done(searching(exhibit)), min(width, 120)))
    say("\n" + searched_text(exhibit, done(searching(exhibit, fixed=True)), min(width, 120)))


def done(slices: Slices[T]) -> T:
    """What work gives, with a bar where it takes long."""
    found: list[T] = []

    def run() -> Slices[None]:
        found.append((yield from slices))

    if not to_its_end(run()):
        raise KeyboardInterrupt
    return found[0]
