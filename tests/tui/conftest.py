"""What holds for all tests of the screen: no file of their own, no waiting."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tui.piloting import quick_pilot


@pytest.fixture(autouse=True)
def _short_work_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a busy machine."""
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 60.0)
    monkeypatch.setattr("aclbench.tui.live.SLICE_S", 60.0)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are not there yet."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_folders(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = next(homes)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))


@pytest.fixture(autouse=True)
def _pilots_are_quick() -> Iterator[None]:
    with quick_pilot():
        yield
