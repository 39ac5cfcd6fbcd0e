"""A session: lines are run on the bench one by one, and what they print goes to one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aclbench.errors import AclbenchError
from aclbench.repl.printing import Printer
from aclbench.workbench.commands.bench.helping import is_leaving

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench


class Session:
    """Runs lines on a bench and prints what they say; `as_json`: one JSON document a command."""

    def __init__(self, bench: Workbench, printer: Printer, as_json: bool = False) -> None:
        self.bench = bench
        self.printer = printer
        self._as_json = as_json
        #: What goes on for a while, or is long, is printed as it comes.
        bench.printer = None if as_json else printer.output

    def run(self, line: str) -> bool:
        """Run a line; True: it asks to leave. Raises AclbenchError where the line is refused."""
        if is_leaving(self.bench, line):
            return True
        if not self._as_json:
            self.printer.output(self.bench.cli(line))
            return False
        data = self.bench.cli_data(line)
        if data is not None:
            self.printer.data(data)
        return False

    def refused(self, error: AclbenchError) -> None:
        """A line of a batch was refused: with JSON that is a document, too."""
        if self._as_json:
            self.printer.data({"error": str(error)})
