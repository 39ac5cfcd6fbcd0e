"""The command `aclbench learn`: lessons, and what a class needs of them."""

from __future__ import annotations

from aclbench.cli.learn import classes, doing, writing  # each adds its subcommands
from aclbench.cli.learn.group import learn

__all__ = ["classes", "doing", "learn", "writing"]
