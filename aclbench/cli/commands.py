"""The command `aclbench`, its subcommands, and how errors are shown."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Final, NoReturn

import click

from aclbench.cli.faults import say_fault
from aclbench.cli.output import occupy_closed_streams, say, say_error
from aclbench.compiled import form
from aclbench.errors import AclbenchError, ThreadError
from aclbench.files import remove_folders
from aclbench.version import __version__

#: The exit code of what SIGPIPE ends, to a shell.
EXIT_BROKEN_PIPE: Final = 141
#: The subcommands, each a module of `aclbench.cli`, with what `aclbench --help` says of it.
SUBCOMMANDS: Final = {
    "compare": "Play the same packets on several benches: who would notice, and the figures.",
    "completion": "Print a script that lets a shell complete commands, options and bundled names.",
    "explain": "Say why packet N of a capture passed or not, and what would have let it pass.",
    "explore": "Look for an interleaving in which something goes wrong.",
    "learn": "Work through guided lessons; without an argument, list them.",
    "museum": "Show a fault of VPP's history, put back; without an argument, list them.",
    "play": "Be the scheduler: choose who takes the next step until something goes wrong.",
    "repl": "Type VPP's commands and aclbench's own.",
    "replay": "Play captures and print what became of their packets and sessions.",
    "synth": "Write a capture of made-up traffic.",
    "tui": "Watch each worker's lists, bitmaps and flags, live.",
}


class Subcommands(click.Group):
    """Loads the module of a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of a name; None if there is none."""
        if cmd_name not in SUBCOMMANDS:
            return None
        module = import_module(f"aclbench.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write their names and summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(
    cls=Subcommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message=f"aclbench %(version)s, {form()}")
def cli() -> None:
    """A workbench for stateful ACL session aging, as in FD.io VPP's acl plugin.

    Try `aclbench tui aging` to watch it, `aclbench learn` for lessons, `aclbench replay CAPTURE`
    for the figures of a capture, `aclbench museum` for faults of VPP's history.
    """


def run() -> int:
    """Run the command that was typed; returns the exit code.

    A user's error is one message, and so is a fault of the program: its traceback is in a file.
    Where the reader of the output has gone, it ends in silence, as programs do that SIGPIPE ends.
    """
    occupy_closed_streams()
    try:
        code = _run()
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        _leave(EXIT_BROKEN_PIPE)  # the interpreter would try to write it once more
    except OSError as error:
        what = "the output cannot be written" if error.filename is None else _named(error)
        say(f"aclbench: {what}: {error.strerror}", err=True)
        _leave(1)
    if code == 0:
        # Output is written and files are closed; freeing a million sessions one by one is no use.
        _leave(code)
    return code


def _named(error: OSError) -> str:
    """The file that an error is about."""
    return os.fsdecode(error.filename)[:256]


def _leave(code: int) -> NoReturn:
    remove_folders()
    os._exit(code)


def _run() -> int:
    stdout = sys.stdout
    try:
        code = cli.main(prog_name="aclbench", standalone_mode=False)
    except SystemExit:
        if sys.stdout is not stdout:  # which click replaces when the reader has gone
            raise BrokenPipeError from None
        raise
    except click.ClickException as error:
        say_error(error)
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except ThreadError as error:
        return say_fault(error.__cause__ or error, str(error))
    except AclbenchError as error:
        say(f"aclbench: {error}", err=True)
        return 1
    except OSError:
        raise
    except Exception as error:
        return say_fault(error)
    return code if isinstance(code, int) else 0
