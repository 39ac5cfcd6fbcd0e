"""The command `aclbench explore`: is there an order of steps in which something goes wrong?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from aclbench.cli.budgets import Seconds
from aclbench.cli.completion import (
    complete_designs,
    complete_exhibits,
    complete_explored,
    complete_files,
)
from aclbench.cli.output import is_terminal, say, say_json
from aclbench.cli.spreading import check_spread, cores, spread, to_its_end
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.engine.design import Design
    from aclbench.lab.explore.exploring import Result
    from aclbench.lab.explore.scenario import ClockGoes, Explored, Memory
    from aclbench.lab.explore.scene import Bounds

#: The screen that a counterexample is to fit, where the output is no terminal.
PAGE: tuple[int, int] = (120, 40)


@click.command()
@click.argument("scenario", metavar="SCENARIO", required=False, shell_complete=complete_explored)
@click.option(
    "--design",
    metavar="NAME",
    shell_complete=complete_designs,
    help="Another design than the scenario's.",
)
@click.option(
    "--exhibit",
    metavar="NAME",
    shell_complete=complete_exhibits,
    help="A fault of the museum, put back; without a SCENARIO, on its own.",
)
@click.option(
    "--find",
    metavar="NAME|EXPR",
    multiple=True,
    help="Look for this as well (repeatable): late-touch, late-touch-reused, overrun, lost-flag, "
    "mixed-verdict, older-time, or a condition.",
)
@click.option(
    "--never",
    metavar="EXPR",
    multiple=True,
    help="A condition that must never hold (repeatable): 'any(w.pending and w.clearing for w in "
    "workers)'.",
)
@click.option(
    "--preemptions",
    metavar="N|none",
    help="How often an actor may be left in the middle of a turn. [2, or the scenario's]",
)
@click.option(
    "--jumps",
    metavar="K",
    type=click.IntRange(0, 1000),
    help="How often the clock may be jumped. [8, or the scenario's]",
)
@click.option(
    "--clock",
    type=click.Choice(["any", "idle"]),
    help="Whether it may go on at any time, or only where nobody else could. [any, or the "
    "scenario's]",
)
@click.option(
    "--fairness",
    metavar="N",
    type=click.IntRange(1),
    help="Turns that one actor may take while another could go. [no bound]",
)
@click.option(
    "--barrier", is_flag=True, help="A command waits for the packets under way, as on a real VPP."
)
@click.option(
    "--memory",
    type=click.Choice(("sc", "tso")),
    help="tso: what a thread stores waits in a buffer of its own, as on x86. [sc, or the "
    "scenario's]",
)
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=Seconds(),
    help="Try runs by chance for so long, where all of them are too many.",
)
@click.option("--seed", metavar="N", type=int, help="What chance begins with; with --for. [0]")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 1024),
    help="Search in so many processes, for what takes minutes. [1]",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Search on a Dask cluster, by the address of its scheduler; local starts one here.",
)
@click.option(
    "--save", metavar="FILE", shell_complete=complete_files, help="Write the counterexample there."
)
@click.option("--force", is_flag=True, help="Overwrite that file.")
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON.")
def explore(scenario: str | None, **options: Any) -> None:
    """Look for an interleaving in which something goes wrong.

    A scenario to explore is a small bench, and packets, commands and jumps of the clock that may
    go in any order. Every order of the machine's named steps is tried, within bounds. Without an
    argument the bundled ones are listed.

    Ctrl-C ends it with what is known. The exit code is 1 if something was found, and 130 if it was
    ended before that.
    """
    asked = Options(**options)
    asked.check()
    interpreted_alone()
    if scenario is None and asked.exhibit is None:
        from aclbench.lab.explore.bundled import explored_abouts

        if asked.save is not None:
            raise click.UsageError("--save goes with a SCENARIO, or --exhibit")
        abouts = explored_abouts()
        if asked.as_json:
            say_json([{"name": name, "title": title} for name, title in abouts])
        else:
            say("\n".join(f"{name:<28} {title}" for name, title in abouts))
        return
    explored, chosen = what_to_explore(scenario, asked.design, asked.exhibit)
    explored = asked.bounds().of(explored)
    if asked.save is not None:
        from aclbench.files import refuse_unwritable
        from aclbench.lab.explore.saving import refuse_buffers

        refuse_buffers(explored)
        refuse_unwritable(Path(asked.save), asked.force)
    result, ended = searched(explored, chosen, asked)
    if asked.as_json:
        say_json(result.to_json())
    else:
        say(text_of(result, by_chance=asked.seconds is not None))
    if result.found is not None and asked.save is not None:
        from aclbench.lab.explore.saving import saving_run
        from aclbench.workbench.tasks import finish

        finish(saving_run(explored, result.found.broken.choices, Path(asked.save), chosen))
        say(f"{asked.save} written; `aclbench tui {asked.save}` steps it", err=asked.as_json)
    if not ended:
        raise KeyboardInterrupt
    if result.found is not None:
        raise click.exceptions.Exit(1)


class Options(NamedTuple):
    """The options, as they are declared above."""

    design: str | None
    exhibit: str | None
    find: tuple[str, ...]
    never: tuple[str, ...]
    preemptions: str | None
    jumps: int | None
    clock: ClockGoes | None
    fairness: int | None
    barrier: bool
    memory: Memory | None
    seconds: float | None
    seed: int | None
    jobs: int | None
    cluster: str | None
    save: str | None
    force: bool
    as_json: bool

    def check(self) -> None:
        """UsageError: they do not go together."""
        check_spread(self.jobs, self.cluster)
        if self.exhibit is not None and self.design is not None:
            raise click.UsageError("--exhibit has a design; leave --design")
        if self.seed is not None and self.seconds is None:
            raise click.UsageError("--seed is for chance; say for how long: --for 60")
        if self.seconds is not None and (self.jobs is not None or self.cluster is not None):
            raise click.UsageError("--for goes by itself, without --jobs and --cluster")
        bound_of(self.preemptions)

    def bounds(self) -> Bounds:
        """Within what is searched."""
        from aclbench.lab.explore.scene import Bounds

        return Bounds(
            bound_of(self.preemptions),
            self.jumps,
            None,
            self.fairness,
            self.barrier,
            memory=self.memory,
            clock=self.clock,
        )


def searched(explored: Explored, design: Design | None, asked: Options) -> tuple[Result, bool]:
    """What the search came to, and whether it came to its end."""
    from aclbench.files import TemporaryFolder
    from aclbench.lab.explore.chance import Chance
    from aclbench.lab.explore.exploring import Result, Spread, exploring, sampling
    from aclbench.lab.explore.scene import setting_the_scene
    from aclbench.workbench.tasks import finish

    scene = finish(setting_the_scene(explored, asked.bounds(), design))
    names, conditions = sorted_out(asked.find)
    never = (*conditions, *asked.never)
    result = Result(explored, scene.actors.machine.design.name)
    if asked.seconds is not None:
        chance = Chance(scene, asked.seed or 0, asked.seconds, explored.preemptions)
        return result, to_its_end(sampling(scene, names, never, result, chance))
    if asked.jobs in (None, 1) and asked.cluster is None:
        return result, to_its_end(exploring(scene, names, never, result))
    count = asked.jobs or cores()
    with (
        TemporaryFolder() as folder,
        spread(folder, asked.jobs, asked.cluster, count) as runner,
    ):
        work = exploring(scene, names, never, result, Spread(runner, count))
        return result, to_its_end(work)


def what_to_explore(
    scenario: str | None, design: str | None, exhibit: str | None
) -> tuple[Explored, Design | None]:
    """The scenario that is named, or an exhibit's own, and the design in the place of its own."""
    from aclbench.designs import design_named
    from aclbench.designs.exhibits import exhibit_named
    from aclbench.lab.explore.bundled import find_explored
    from aclbench.lab.explore.scenario import load_explored
    from aclbench.museum.searching import explored_of

    if exhibit is None:
        chosen = None if design is None else design_named(design)
        return load_explored(find_explored(str(scenario))), chosen
    put_back = exhibit_named(exhibit)
    explored = explored_of(put_back) if scenario is None else load_explored(find_explored(scenario))
    return explored, put_back.design


def interpreted_alone() -> None:
    """Have the machine run interpreted: what its steps hold in between is read."""
    from aclbench.compiled import interpret

    os.environ["ACLBENCH_INTERPRETED"] = "1"  # in processes that are started, too
    if not interpret():
        raise AclbenchError("the machine runs compiled here; set ACLBENCH_INTERPRETED=1")


def bound_of(text: str | None) -> int | None:
    """The bound on preemptions; below 0: none. UsageError: it is no number."""
    if text is None:
        return None
    if text == "none":
        return -1
    if not text.isdecimal() or len(text) > 3:
        raise click.UsageError(f"--preemptions {text[:32]}: a number below 1000, or none, is right")
    return int(text)


def sorted_out(find: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What is looked for by name, and the conditions."""
    names = [text for text in find if all(letter.isalpha() or letter == "-" for letter in text)]
    return names, [text for text in find if text not in names]


def text_of(result: Result, by_chance: bool) -> str:
    """What a search came to, for a person."""
    width, height = page()
    effort = result.effort
    lines: list[str] = []
    found = result.found
    if found is not None:
        lines += [found.headline, "", found.text(width, height), ""]
    elif by_chance:
        lines.append("nothing was found in runs by chance, which are some of all there are")
    elif result.whole:
        lines.append(f"nothing was found: this was all, with {result.bounds_text()}")
    elif result.searched < 0:
        lines.append(f"nothing was found so far, and this was not all with {result.bounds_text()}")
    else:
        lines.append(
            f"nothing was found: all was searched with up to {result.searched} preemptions, but "
            f"not with {result.bounds_text()}"
        )
    rate = f" ({result.steps_per_second:,} a second)" if result.steps_per_second else ""
    lines.append(
        f"{effort.runs:,} runs, {effort.steps:,} steps{rate}, "
        f"{effort.states:,} states, {effort.pruned:,} ends at a state seen before; "
        f"{result.seconds:.1f} s"
    )
    return "\n".join(lines)


def page() -> tuple[int, int]:
    """Columns and lines that there are."""
    if not is_terminal(sys.stdout):
        return PAGE
    size = os.get_terminal_size()
    return size.columns, size.lines - 1
