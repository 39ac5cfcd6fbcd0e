"""The reference of all commands, as Markdown: made from the command table itself.

`python -m aclbench.workbench.commands.reference FILE` writes it between two marks of a document.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from aclbench.workbench.commands.table import make_command_table

BEGIN: Final = "<!-- commands -->"
END: Final = "<!-- /commands -->"


def reference_table() -> str:
    """All commands as a Markdown table, under their groups."""
    lines = ["| command | what it does |", "|---|---|"]
    group = ""
    table = make_command_table()
    for row in table.reference():
        if row.group != group:
            group = row.group
            lines.append(f"| **{group}** | |")
        lines.append(f"| `{_cell(row.syntax)}` | {row.summary} |")
    lines += ["", *(f"`<{name}>` is `{syntax}`." for name, syntax in table.forms.items())]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")


def with_reference(text: str) -> str:
    """A document with the table between its marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{reference_table()}\n{END}{after}"


def main() -> None:
    """Write the table into the document that is named."""
    path = Path(sys.argv[1])
    path.write_text(with_reference(path.read_text()))


if __name__ == "__main__":
    main()
