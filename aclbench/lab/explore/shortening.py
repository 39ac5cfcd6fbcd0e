"""Cuts a run that breaks something down: fewest preemptions, then switches, then steps.

Pieces are left out, or put beside what the same actor does next; what then cannot go is skipped. A
shorter run is kept if it breaks the same property.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

from aclbench.lab.explore.scene import Scene
from aclbench.lab.explore.search import ANY, Broken
from aclbench.workbench.tasks import Slices

#: Runs that are tried at most.
MAX_TRIES: Final = 5_000
#: Runs between two looks at whoever may want to end it.
SLICE_TRIES: Final = 20


class _Cost(NamedTuple):
    """What is made less, the first first."""

    preemptions: int
    jumps: int
    switches: int
    steps: int


class _Tried(NamedTuple):
    broken: Broken
    cost: _Cost
    #: Who took each step.
    actors: tuple[int, ...]


def shorten(scene: Scene, broken: Broken) -> Slices[Broken]:
    """The shortest run that is found to break the same."""
    best = _try(scene, broken.choices, broken.name)
    assert best is not None, "the run breaks it"
    tries, goes_on = 0, True
    while goes_on and tries < MAX_TRIES:
        goes_on = False
        for choices in _shorter(best):
            tries += 1
            if not tries % SLICE_TRIES:
                yield None
            tried = _try(scene, choices, broken.name)
            if tried is not None and tried.cost < best.cost:
                best, goes_on = tried, True
                break
    final = _try(scene, best.broken.choices, broken.name)
    assert final is not None
    return final.broken


def _try(scene: Scene, choices: tuple[int, ...], name: str) -> _Tried | None:
    """Take the choices that can go; None: the property is not broken by that."""
    actors, watch = scene.actors, scene.watch
    actors.begin()
    watch.begin()
    taken: list[int] = []
    who: list[int] = []
    found = watch.broken() or watch.looked()
    for choice in choices:
        if found is not None:
            break
        if choice not in actors.choices(ANY):
            continue
        actors.step(choice)
        taken.append(choice)
        who.append(actors.last_actor)
        found = watch.broken() or watch.looked()
    cost = _Cost(actors.preemptions, actors.jumps, _switches(who), len(taken))
    if found is None:
        found = watch.ended()
    if found is None or found.name != name or found.broken is None:
        return None
    return _Tried(Broken(name, found.broken, tuple(taken)), cost, tuple(who))


def _switches(who: list[int]) -> int:
    return sum(one != other for one, other in pairwise(who))


def _shorter(run: _Tried) -> list[tuple[int, ...]]:
    """Runs without one of its stretches, without one step, or with two stretches together."""
    choices, stretches = run.broken.choices, _stretches(run.actors)
    found: list[tuple[int, ...]] = []
    for begin, end in reversed(stretches):
        found.append(choices[:begin] + choices[end:])
    for number, (begin, end) in enumerate(stretches):
        actor = run.actors[begin]
        for later, last in stretches[number + 1 :]:
            if run.actors[later] == actor:
                moved, between = choices[begin:end], choices[end:later]
                found.append(choices[:begin] + between + moved + choices[later:])
                found.append(choices[:end] + choices[later:last] + between + choices[last:])
                break
    for one, two in pairwise(stretches):
        found.append(
            choices[: one[0]]
            + choices[two[0] : two[1]]
            + choices[one[0] : one[1]]
            + choices[two[1] :]
        )
    found += [choices[:at] + choices[at + 1 :] for at in reversed(range(len(choices)))]
    return found


def _stretches(who: tuple[int, ...]) -> list[tuple[int, int]]:
    """From where to where one actor goes by itself."""
    found: list[tuple[int, int]] = []
    begin = 0
    for at in range(1, len(who) + 1):
        if at == len(who) or who[at] != who[begin]:
            found.append((begin, at))
            begin = at
    return found
