"""A search needs the machine interpreted: `make test` runs these tests in that form."""

from __future__ import annotations

from aclbench.compiled import form

collect_ignore_glob = [] if form() == "interpreted" else ["test_*.py"]
