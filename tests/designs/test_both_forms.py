"""Designs of this folder behave alike compiled and interpreted: here they run interpreted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_they_run_interpreted_as_well() -> None:
    """Where nothing is compiled they just run once more."""
    done = subprocess.run(
        (
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("test_by_ack.py", "test_never_adapts.py"),
        ),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ACLBENCH_INTERPRETED": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
