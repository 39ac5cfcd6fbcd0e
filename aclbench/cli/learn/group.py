"""The group of `aclbench learn`: subcommands, and lessons by their name alone."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import CompletionItem

from aclbench.cli.completion import complete_lessons
from aclbench.cli.learn.listing import list_lessons

#: The hidden subcommand that runs a lesson: what is no other subcommand's name is a lesson's.
OPEN: Final = "open"


class LessonGroup(click.Group):
    """Subcommands; `aclbench learn 3 --restart` is `aclbench learn open 3 --restart`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((word for word in args if not word.startswith("-")), None)
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if args and not asks_help and first not in self.commands:
            args = [OPEN, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[N|NAME|FILE [--restart] [--repl]] | COMMAND ...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Those of running a lesson, then the commands."""
        opened = self.commands[OPEN]
        options = [p for p in opened.get_params(ctx) if isinstance(p, click.Option)]
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(rows)
        self.format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and the lessons."""
        lesson = self.commands[OPEN].params[0]
        named = [] if incomplete.startswith("-") else complete_lessons(ctx, lesson, incomplete)
        return [*super().shell_complete(ctx, incomplete), *named]


@click.group(cls=LessonGroup, invoke_without_command=True)
@click.pass_context
def learn(context: click.Context) -> None:
    """Work through guided lessons; without an argument, list them.

    N, NAME or FILE runs one where it was left. At its prompt there are all commands, on the
    lesson's own bench, and the lesson's words: next, guess, try, hint, solution, undo, redo,
    lesson.
    """
    if context.invoked_subcommand is None:
        list_lessons()
