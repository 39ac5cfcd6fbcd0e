"""The command `aclbench play`: you are the scheduler."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from aclbench.cli.completion import complete_exhibits, complete_explored
from aclbench.cli.explore import interpreted_alone
from aclbench.cli.museum import done
from aclbench.cli.output import is_terminal, say
from aclbench.cli.spreading import to_its_end
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.museum.playing import Play
    from aclbench.workbench.tasks import Slices


def complete_plays(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """Exhibits that take an interleaving, and scenarios to explore."""
    from aclbench.designs.exhibit import Searched
    from aclbench.designs.exhibits import exhibit_named

    found: list[CompletionItem] = complete_exhibits(context, parameter, incomplete)
    games = [item for item in found if isinstance(exhibit_named(item.value).shown_by, Searched)]
    return [*games, *complete_explored(context, parameter, incomplete)]


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete_plays)
@click.option("--fixed", is_flag=True, help="Play an exhibit without its fault: nobody wins.")
def play(name: str, fixed: bool) -> None:
    """Be the scheduler: choose who takes the next step until something goes wrong.

    NAME is an exhibit that takes an interleaving, as `vpp-912b`, or a scenario to explore. Who can
    go next is on the keys 1 to 9, and u takes a step back. You win by any way in which something
    goes wrong, and are told how many switches would have sufficed.
    """
    if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
        raise AclbenchError("the game needs a terminal; `aclbench explore` needs none")
    interpreted_alone()
    from aclbench.tui.play.app import run_play
    from aclbench.tui.settings import read_settings

    settings, notices = read_settings()
    for notice in notices:
        say(f"aclbench: {notice}", err=True)
    game = done(play_named(name, fixed))
    say("looking for what suffices; Ctrl-C plays without knowing", err=True)
    to_its_end(game.searching())
    done(game.beginning())
    run_play(game, settings)


def play_named(name: str, fixed: bool) -> Slices[Play]:
    """The game of an exhibit, or of a scenario. AclbenchError: there is none."""
    from aclbench.designs.exhibits import NAMES, exhibit_named
    from aclbench.lab.explore.bundled import find_explored
    from aclbench.lab.explore.scenario import load_explored
    from aclbench.museum.games import game_of_exhibit, game_of_scenario

    if name.replace("_", "-") in {each.replace("_", "-") for each in NAMES}:
        return game_of_exhibit(exhibit_named(name), fixed)
    if fixed:
        raise click.UsageError(f"--fixed: {name} is no exhibit")
    return game_of_scenario(load_explored(find_explored(name)))
