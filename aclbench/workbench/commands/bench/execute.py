"""VPP's `exec FILE`: the command lines of a file, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aclbench.errors import AclbenchError, CommandError
from aclbench.files import reading
from aclbench.workbench.bench import Bench
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.tasks import Slices

#: Files that run files, one inside the other, at most.
MAX_DEPTH: Final = 16
#: A script is at most so large; a capture given by mistake is larger.
MAX_BYTES: Final = 64 << 20
#: Lines that one `{ ... }` may span.
MAX_JOINED_LINES: Final = 1000


def execute(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Run the lines; the first that is refused ends it, and the lines before it are done."""
    path: str = parsed.arguments["file"]
    if bench.exec_depth >= MAX_DEPTH:
        raise CommandError(
            f"{path}: {MAX_DEPTH} files run each other already; a file that runs itself never ends"
        )
    printed: list[str] = []
    bench.exec_depth += 1
    try:
        text = yield from _reading(path)
        for number, line in script_lines(path, text):
            try:
                output = yield from bench.lines.slices(bench, line)
            except AclbenchError as error:
                raise CommandError(f"{path}:{number}: {error}") from None
            if output:
                printed.append(output)
    finally:
        bench.exec_depth -= 1
    return "\n".join(printed)


def script_lines(path: str, text: str) -> Iterator[tuple[int, str]]:
    """The lines of a script with their numbers; what `{` opens goes on up to its `}`.

    CommandError: a brace is not closed.
    """
    opened, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if opened:
            opened = f"{opened} {line.strip()}"
        elif line.count("{") > line.count("}") and not line.lstrip().startswith(("#", "//")):
            opened, first = line.strip(), number
        else:
            yield number, line
            continue
        if opened.count("{") <= opened.count("}"):
            yield first, opened
            opened = ""
        elif number - first >= MAX_JOINED_LINES:
            raise CommandError(f"{path}:{first}: what `{{` opens is not closed")
    if opened:
        raise CommandError(f"{path}:{first}: what `{{` opens is not closed")


def _reading(path: str) -> Slices[str]:
    """The text of a script, or of a pipe. CommandError: it cannot be read."""
    try:
        content = yield from reading(Path(path), MAX_BYTES, pipes=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not the name of a file"
        raise CommandError(f"{path[:256]!r}: {why}; exec runs a file of command lines") from None
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path}: more than {MAX_BYTES >> 20} MB; not a file of command lines")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{path}: not text (byte {error.start}); exec runs a file of command lines"
        ) from None


COMMANDS: Final = (
    Command(
        "exec <word:file>",
        execute,
        "run the command lines of a file",
        "It ends at the first line that is refused, and names file and line; what stands before\n"
        "it is done. What `{` opens may go on over several lines.",
        group="files",
        changes=False,
        direct=True,
        reach="outside",
    ),
)
