"""Every interleaving within bounds, depth first.

A run goes on by the first choice that was not tried yet, to its end or to a state that was seen
before. Then the last choice that has another is taken back: as generators cannot be copied, the
machine begins anew and is taken through the choices before that one again.

A state is not searched again if it was reached with the same actor in hand, and with no more
preemptions, jumps of the clock and passed turns than now: whatever can follow now followed then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aclbench.lab.explore.actors import Actors, Control
from aclbench.lab.explore.properties import Property
from aclbench.lab.explore.reduction import Ahead, is_known, quiet_steps
from aclbench.lab.explore.state import Digests
from aclbench.lab.explore.watching import Watch
from aclbench.workbench.tasks import Progress, Slices

#: Steps between two looks at whoever may want to end it.
SLICE_STEPS: Final = 2_000
#: A run of more steps than this does not end.
MAX_DEPTH: Final = 10_000
#: No bound on preemptions.
ANY: Final = 1 << 30


class Broken(NamedTuple):
    """A property that was broken, how, and the choices that led there."""

    name: str
    why: str
    choices: tuple[int, ...]


@dataclass(slots=True)
class Effort:
    """What a search has done: runs begun, steps taken (those taken again among them), states."""

    runs: int = 0
    steps: int = 0
    states: int = 0
    pruned: int = 0

    def add(self, other: Effort) -> None:
        """What another search has done is added."""
        self.runs += other.runs
        self.steps += other.steps
        self.states += other.states
        self.pruned += other.pruned


#: What a state was reached with: preemptions, jumps, and whom who had passed how often.
_Cost = tuple[int, int, dict[tuple[int, int], int]]


class Search:
    """A search below some first choices, with so many preemptions at most."""

    def __init__(
        self,
        actors: Actors,
        watch: Watch,
        digests: Digests,
        preemptions: int,
        is_reduced: bool = True,
    ) -> None:
        self.effort = Effort()
        self.broken: Broken | None = None
        #: Digests of the states at the ends of runs, if somebody wants them.
        self.ends: set[bytes] | None = None
        self._actors = actors
        self._watch = watch
        self._digests = digests
        self._most = preemptions
        self._prefix: tuple[int, ...] = ()
        #: Whether what steps touch is known, and no condition looks at what they do in between.
        self._reduced = is_reduced and is_known(actors) and not watch.has_conditions
        #: Steps that change nothing, and so no state to be looked at, unless a turn ends with them.
        self._quiet: frozenset[str] = quiet_steps(actors) if self._reduced else frozenset()
        self._seen: dict[bytes, list[_Cost]] = {}
        #: The choices of the run, and for each what else could be chosen, the last first.
        self._path: list[int] = []
        self._others: list[list[int]] = []
        #: Before each of them, what those who watch remembered, and what had been chosen.
        self._remembered: list[tuple[tuple[Any, ...], Control]] = []

    def begin_at(self, choices: tuple[int, ...]) -> None:
        """Search runs that begin with these choices alone; states that were seen stay so."""
        self._prefix = choices

    def searching(self) -> Slices[None]:
        """Search all of it, or until something is broken."""
        last = self.effort.steps
        if self._begins_broken():
            return
        while True:
            if self.effort.steps - last > SLICE_STEPS:
                last = self.effort.steps
                yield Progress(self.effort.states, unit="states")
            going_on = self._goes_on()
            if self.broken is not None:
                return
            if not going_on and not self._take_back():
                return

    def _begins_broken(self) -> bool:
        """Begin; whether one of the first states is broken."""
        actors, watch = self._actors, self._watch
        actors.begin()
        watch.begin()
        self._digests.forget()
        self.effort.runs += 1
        found = watch.broken() or watch.looked()
        for number, choice in enumerate(self._prefix):
            if found is not None:
                self._prefix = self._prefix[:number]
                break
            actors.step(choice)
            self._digests.stepped(actors.last_actor)
            self.effort.steps += 1
            found = watch.broken() or watch.looked()
        if found is not None:
            self._note(found)
        return found is not None

    def _goes_on(self) -> bool:
        """Take the first of the choices here; False: the run ends here, or is known from here."""
        actors = self._actors
        choices = actors.choices(self._most)
        if len(choices) > 1 and not self._is_new():
            self.effort.pruned += 1
            return False
        if not choices or len(self._path) >= MAX_DEPTH:
            if self.ends is not None:
                self.ends.add(self._digests.digest())
            found = self._watch.ended()
            if found is not None:
                self._note(found)
            return False
        choices.reverse()
        self._others.append(choices)
        self._remembered.append((self._watch.remembered(), actors.control))
        first = choices.pop()
        if not (choices and self._reduced and first == actors.current):
            return self._take(first)
        ahead = Ahead(actors)
        goes_on = self._take(first)
        if ahead.commuted():
            choices.clear()
        return goes_on

    def _take(self, choice: int) -> bool:
        """Take a choice; False: the state that it leads to is known, or broken."""
        actors, effort = self._actors, self.effort
        self._path.append(choice)
        label = actors.step(choice)
        self._digests.stepped(actors.last_actor)
        effort.steps += 1
        found = self._watch.broken()
        if found is None and (actors.last_finished or label not in self._quiet):
            found = self._watch.looked()
        if found is not None:
            self._note(found)
            return False
        return True

    def _take_back(self) -> bool:
        """Go to the last choice that has another, and take that; False: there is none."""
        while True:
            others, path = self._others, self._path
            while others and not others[-1]:
                others.pop()
                path.pop()
                self._remembered.pop()
            if not others:
                return False
            path.pop()
            self._begin_again((*self._prefix, *path))
            if self._take(others[-1].pop()) or self.broken is not None:
                return True

    def _begin_again(self, choices: tuple[int, ...]) -> None:
        """Begin a run anew, by these choices: all that they lead through was watched before."""
        remembered, control = self._remembered[-1]
        self._watch.look_away()
        self._digests.forget()
        self._actors.retake(choices, control)
        self._watch.recall(remembered)
        self.effort.runs += 1
        self.effort.steps += len(choices)

    def _is_new(self) -> bool:
        """Note the state; False: all that can follow was searched, or is being searched."""
        actors = self._actors
        digest = self._digests.digest()
        cost = actors.preemptions, actors.jumps, actors.passed
        seen = self._seen.get(digest)
        if seen is None:
            self._seen[digest] = [cost]
            self.effort.states += 1
            return True
        if any(_no_more(before, cost) for before in seen):
            return False
        seen[:] = [cost, *(before for before in seen if not _no_more(cost, before))]
        return True

    def _note(self, found: Property) -> None:
        assert found.broken is not None
        self.broken = Broken(found.name, found.broken, (*self._prefix, *self._path))


def _no_more(one: _Cost, other: _Cost) -> bool:
    """Whether one was reached with no more than another of everything that is bounded."""
    if one[0] > other[0] or one[1] > other[1]:
        return False
    passed = other[2]
    return all(passed.get(pair, 0) >= count for pair, count in one[2].items())
