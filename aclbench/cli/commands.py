"""The command `aclbench`, its subcommands, and how errors are shown."""

from __future__ import annotations

import os
import sys
import traceback

import click

from aclbench.cli.completion import completion
from aclbench.cli.explain import explain
from aclbench.cli.learn import learn
from aclbench.cli.repl import repl
from aclbench.cli.replay import replay
from aclbench.cli.synth import synth
from aclbench.cli.tui import tui
from aclbench.compiled import form
from aclbench.errors import AclbenchError, ThreadError
from aclbench.files import remove_folders
from aclbench.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"aclbench %(version)s, {form()}")
def cli() -> None:
    """A workbench for stateful ACL session aging, as in FD.io VPP's acl plugin.

    Try `aclbench tui aging` to watch it, `aclbench learn` for lessons, `aclbench replay CAPTURE`
    for the figures of a capture.
    """


for command in (completion, explain, learn, repl, replay, synth, tui):
    cli.add_command(command)


def run() -> int:
    """Run the command that was typed; returns the exit code.

    A user's error is one message, never a traceback.
    """
    try:
        code = cli.main(prog_name="aclbench", standalone_mode=False)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # None where the shell closed it (`>&-`)
                stream.flush()
        remove_folders()
        # Output is written and files are closed; freeing a million sessions one by one is no use.
        os._exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        # The reader of the output has gone.
        sys.stderr.close()
        return 1
    except OSError as error:
        click.echo(f"aclbench: the output cannot be written: {error.strerror}", err=True)
        os._exit(1)  # the interpreter would try to write it once more
    except ThreadError as error:
        traceback.print_exception(error.__cause__)
        click.echo(f"aclbench: {error}", err=True)
        return 1
    except AclbenchError as error:
        click.echo(f"aclbench: {error}", err=True)
        return 1
