"""The version of aclbench, which `pyproject.toml` reads from here."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
