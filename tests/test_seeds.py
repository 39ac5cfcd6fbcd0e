"""The rounds of properties with fresh seeds: which command, when they end, how to run one again."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest
import seeds
from examples import SHARE, examples
from hypothesis import settings


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the rounds that were run; of the third the tests fail."""
    run: list[list[str]] = []

    def note(command: list[str], **_: object) -> SimpleNamespace:
        run.append(command)
        return SimpleNamespace(returncode=int(len(run) == 3))

    monkeypatch.setattr(subprocess, "run", note)
    return run


def test_each_round_has_a_fresh_seed_until_one_fails(
    rounds: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert seeds.run_rounds([], seconds=60, jobs=2, paths=[]) == 1
    drawn = [argument for command in rounds for argument in command if "-seed=" in argument]
    assert len(set(drawn)) == len(rounds) == 3
    last = drawn[-1].removeprefix("--hypothesis-seed=")
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [f"seed {last}", f"rounds passed: 2; again: make test-seeds SEED={last}"]


def test_a_seed_that_is_told_is_one_round(rounds: list[list[str]]) -> None:
    assert seeds.run_rounds([7], seconds=0, jobs=2, paths=["tests/engine"]) == 0
    (command,) = rounds
    assert command[-2:] == ["--hypothesis-seed=7", "tests/engine"]


def test_the_profile_of_the_rounds_heeds_the_seed() -> None:
    """That of the tests draws the same whatever the seed."""
    assert "--hypothesis-profile=seeds" in seeds.command(7, 2, [])
    assert not settings.get_profile("seeds").derandomize
    assert settings.get_profile("aclbench").derandomize


def test_a_round_tries_more_examples_than_the_tests(request: pytest.FixtureRequest) -> None:
    before = request.config.getoption("--hypothesis-profile") or "aclbench"
    tried = []
    try:
        for profile in ("seeds", "long", "aclbench"):
            settings.load_profile(profile)
            tried.append((examples(100).max_examples, examples(7).max_examples))
    finally:
        settings.load_profile(before)
    assert tried == [(100, 7), (100, 7), (SHARE, 2)]
