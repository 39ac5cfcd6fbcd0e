"""What all tests share: one that waits for ever fails, wherever it waits, whatever it catches."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

OURS = Path(__file__).with_name("conftest.py")
#: Takes the limit of all tests, and makes it short.
SHORT = f"""
import importlib.util
import sys
sys.path.append({str(OURS.parent)!r})
spec = importlib.util.spec_from_file_location("shared", {str(OURS)!r})
shared = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shared)
shared.LIMIT_S, shared.AGAIN_S = 0.1, 0.1
globals().update(each for each in vars(shared).items() if each[0].startswith("pytest_runtest"))
"""
HANGING = """
import time
import pytest

@pytest.fixture
def before():
    time.sleep(60)

@pytest.fixture
def behind():
    yield
    time.sleep(60)

def test_call():
    time.sleep(60)

def test_before(before):
    pass

def test_behind(behind):
    pass

def test_caught():
    try:
        time.sleep(60)
    except BaseException:
        time.sleep(60)

def test_short():
    time.sleep(0.001)

def test_that_catches_all():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""


def test_what_waits_for_ever_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(SHORT)
    (tmp_path / "test_hanging.py").write_text(HANGING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = re.findall(r"^test_hanging\.py::(?:\w+) (\w+)", done.stdout, re.MULTILINE)
    assert said == ["FAILED", "ERROR", "PASSED", "ERROR", "FAILED", "PASSED"]
    assert "in test_that_catches_all" in done.stderr
    assert done.returncode == 1
