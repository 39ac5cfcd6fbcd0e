"""Shell completion: the command `aclbench completion`, and completions of arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from aclbench.cli.output import say

#: The variable by which a shell's script asks click for completions.
VARIABLE: Final = "_ACLBENCH_COMPLETE"
SHELLS: Final = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that lets a shell complete commands, options and bundled names.

    bash: eval "$(aclbench completion bash)" in ~/.bashrc. zsh: the same with zsh, in ~/.zshrc,
    after compinit. fish: aclbench completion fish | source
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "aclbench", VARIABLE)
    # fish: a description, and a file's name, may have commas of their own.
    template = script.source_template.replace('string split ","', 'string split --max 1 ","')
    say(template % script.source_vars())


def complete_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """Files: left to the shell."""
    return [CompletionItem(incomplete, type="file")]


def complete_inputs(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """Bundled scenarios and captures, and files of this folder."""
    return _names_or_files(incomplete, {"scenarios": "a scenario", "pcaps": "a capture"})


def complete_explored(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """Bundled scenarios to explore, and files of this folder."""
    return _names_or_files(incomplete, {"scenarios/explore": "a scenario to explore"})


def complete_lessons(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """Bundled lessons, and files of this folder."""
    return _names_or_files(incomplete, {"lessons": "a lesson"})


def complete_exhibits(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """The exhibits of the museum."""
    from aclbench.designs.exhibits import exhibits

    return [
        CompletionItem(exhibit.name, help=exhibit.title)
        for exhibit in exhibits()
        if exhibit.name.startswith(incomplete)
    ]


def complete_designs(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[Any]:
    """The designs there are."""
    from aclbench.designs import DESIGNS

    return [
        CompletionItem(name, help="a design") for name in DESIGNS if name.startswith(incomplete)
    ]


def _names_or_files(incomplete: str, kinds: dict[str, str]) -> list[Any]:
    """Bundled names with the files beside them; where no name begins so, the shell's own files.

    bash completes files only if it gets no names, so files of this folder are given as well.
    """
    from aclbench.workbench.rig.bundled import bundled_files

    names = [
        CompletionItem(path.stem, help=what)
        for kind, what in kinds.items()
        for path in bundled_files(kind)
        if path.stem.startswith(incomplete)
    ]
    if not names:
        return [CompletionItem(incomplete, type="file")]
    try:
        here = sorted(path.name for path in Path().iterdir() if path.is_file())
    except OSError:  # the folder is gone, or cannot be read
        here = []
    # What cannot be printed is left to the shell, which knows how to quote it.
    seen = [name for name in here if name.isprintable() and name[0] != "."]
    beside = [name for name in seen if name.startswith(incomplete)]
    return [*names, *(CompletionItem(name, help="a file") for name in beside)]
