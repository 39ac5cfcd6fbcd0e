"""What holds for all tests of the screen: no file of their own, no waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.piloting import quick_pilot


@pytest.fixture(autouse=True)
def _short_work_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a busy machine."""
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 60.0)
    monkeypatch.setattr("aclbench.tui.live.SLICE_S", 60.0)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.mktemp("home")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))


@pytest.fixture(autouse=True)
def _pilots_are_quick() -> Iterator[None]:
    with quick_pilot():
        yield
