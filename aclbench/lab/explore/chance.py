"""Runs by chance, where all of them are too many: probabilistic concurrency testing.

Each actor has a priority, drawn anew for each run, and the highest that can go goes. At as many
steps as preemptions are wanted, drawn too, whoever goes gets the lowest. A fault that takes d of
them shows in one run of about n * k^d, of n actors and k steps (Burckhardt and others, 2010).
"""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import Final

from aclbench.lab.explore.scene import Scene
from aclbench.lab.explore.search import ANY, Broken, Effort
from aclbench.workbench.tasks import Progress, Slices

#: A run of more steps than this is left.
MAX_STEPS: Final = 5_000


class Chance:
    """Runs by chance. The same seed makes the same ones, one behind the other."""

    def __init__(self, scene: Scene, seed: int, seconds: float, preemptions: int | None) -> None:
        self.effort = Effort()
        self.broken: Broken | None = None
        self._scene = scene
        self._seed = seed
        self._seconds = seconds
        self._changes = 2 if preemptions is None else preemptions
        #: The steps of the longest run so far.
        self._longest = 32

    def searching(self) -> Slices[None]:
        """Run after run, until something is broken or the time is over."""
        end = perf_counter() + self._seconds
        while perf_counter() < end and self.broken is None:
            self._run(Random(f"{self._seed} {self.effort.runs}"))
            yield Progress(self.effort.runs, unit="runs")

    def _run(self, chance: Random) -> None:
        actors, watch, effort = self._scene.actors, self._scene.watch, self.effort
        actors.begin()
        watch.begin()
        effort.runs += 1
        changes = {chance.randrange(self._longest): -n for n in range(self._changes)}
        priorities: dict[int, float] = {}
        taken: list[int] = []
        found = watch.broken() or watch.looked()
        while found is None and len(taken) < MAX_STEPS:
            choices = actors.choices(ANY)
            if not choices:
                found = watch.ended()
                break
            for choice in choices:
                priorities.setdefault(choice, 1 + chance.random())
            first = max(choices, key=lambda choice: (priorities[choice], -choice))
            if len(taken) in changes:
                priorities[first] = changes[len(taken)]
            actors.step(first)
            taken.append(first)
            found = watch.broken() or watch.looked()
        effort.steps += len(taken)
        self._longest = max(self._longest, len(taken))
        if found is not None and found.broken is not None:
            self.broken = Broken(found.name, found.broken, tuple(taken))
