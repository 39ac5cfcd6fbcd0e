"""You are the scheduler: who takes the next step is chosen, until something goes wrong.

The machine is that of a search, so it may go wrong in any way that a search would find. A step is
taken back by beginning anew, and taking all but the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple

from aclbench.drivers.driver import CLEANER, CLOCK
from aclbench.engine.steps import ALLOW_INTERRUPT, PARSE, Step
from aclbench.lab.explore.actors import ITEM, NOBODY, WAKE_UP
from aclbench.lab.explore.exploring import Counterexample, Result, exploring, watching_for
from aclbench.lab.explore.lanes import StepTold, lanes_text, tell
from aclbench.lab.explore.memory import STORE, STORE_LABEL
from aclbench.lab.explore.parts import SendPart
from aclbench.lab.explore.scene import Scene
from aclbench.lab.explore.search import ANY, Broken
from aclbench.words import counted
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.times import seconds_text

#: Nothing is broken yet.
WHOLE: Final = Broken("", "", ())


class Option(NamedTuple):
    """Who may go next, and what he would do."""

    choice: int
    actor: str
    step: str
    #: Somebody is in the middle of a turn, and this is not he.
    preempts: bool


@dataclass(slots=True)
class Told:
    """The steps so far, as lanes want them."""

    broken: Broken
    preemptions: int
    steps: list[StepTold]

    @property
    def headline(self) -> str:
        """What is broken, if anything is."""
        return self.broken.why


class Play:
    """A run that somebody makes, step by step: `beginning` first. `best` is what a search found."""

    def __init__(self, scene: Scene, title: str, goal: str, about: Sequence[str] = ()) -> None:
        explored, design = scene.explored, scene.actors.machine.design
        self.title = f"{title} (design {design.name})"
        self.goal = goal
        #: What it is about, in paragraphs.
        self.about = tuple(about)
        self.best = Result(explored, design.name)
        self._scene = scene
        self._properties = scene.wanted(explored.find, explored.never)
        self._choices: list[int] = []

    def searching(self) -> Slices[None]:
        """Look for what suffices, so that it can be told; it may be ended before it is known."""
        yield from exploring(self._scene, (), (), self.best)

    def beginning(self) -> Slices[None]:
        """Nobody has gone yet."""
        yield from watching_for(self._scene, self._properties, lambda search: search.searching())
        self.restart()

    # --- what there is -------------------------------------------------------------------------

    @property
    def is_won(self) -> bool:
        """Whether something has gone wrong."""
        return self.told.broken is not WHOLE

    @property
    def is_over(self) -> bool:
        """Whether something has gone wrong, or nobody can go any more."""
        return self.is_won or not self.options

    def lanes(self, width: int) -> list[str]:
        """The steps so far, a column an actor."""
        return lanes_text(self.told, width, 1 << 20).splitlines() if self.told.steps else []

    def outcome(self) -> str:
        """What came of it, in sentences; empty while it goes on."""
        if not self.is_over:
            return ""
        if not self.is_won:
            return (
                "Nobody can go any more, and nothing has gone wrong. Take steps back, or restart."
            )
        times = _times(self.told.preemptions)
        won = f"Won: {self.told.broken.why}. You switched in the middle of a turn {times}"
        best = self.best.found
        return f"{won}." if best is None else f"{won}; {_suffice(best)}."

    def hint(self) -> str:
        """What the search did from here, if it was here; empty where it found nothing."""
        found = self.best.found
        if found is None or self.is_won:
            return ""
        choices, done = found.broken.choices, len(self._choices)
        if choices[:done] != tuple(self._choices):
            pairs = zip(choices, self._choices, strict=False)
            common = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
            return f"the search went another way: take {counted(done - common, 'step')} back"
        if done == len(choices):  # it lies in how the run ends
            return "nobody need go on: it goes wrong by how the run ends"
        option = next(option for option in self.options if option.choice == choices[done])
        return f"let {option.actor} go: {option.step}; so did the search"

    # --- what is done --------------------------------------------------------------------------

    def take(self, option: Option) -> None:
        """Let somebody take his next step."""
        if option in self.options:
            self._choices.append(option.choice)
            self._go()

    def undo(self) -> None:
        """Take the last step back."""
        if self._choices:
            self._choices.pop()
            self._go()

    def restart(self) -> None:
        """Take all steps back."""
        self._choices.clear()
        self._go()

    def _go(self) -> None:
        scene, actors = self._scene, self._scene.actors
        steps = tell(scene, self._choices)
        self.told = Told(WHOLE, actors.preemptions, steps)
        self.options: tuple[Option, ...] = ()
        found = scene.watch.broken() or scene.watch.looked()
        if found is None:
            self.options = tuple(map(self._option, sorted(actors.choices(ANY), key=_rank)))
            if not actors.able() and all(o.choice == CLOCK for o in self.options):
                found = scene.watch.ended()
                if found is None:  # to look spoils the run
                    tell(scene, self._choices)
        if found is not None:
            assert found.broken is not None
            self.told.broken = Broken(found.name, found.broken, tuple(self._choices))
            self.options = ()

    def _option(self, choice: int) -> Option:
        actors = self._scene.actors
        actor = actors.actor_of(choice)
        is_turn = actor != CLOCK and not STORE <= choice < ITEM
        preempts = is_turn and actors.current not in (NOBODY, actor)
        return Option(choice, actors.name_of(choice), self._next(choice), preempts)

    def _next(self, choice: int) -> str:
        actors = self._scene.actors
        if choice >= ITEM:
            part = actors.part_of(choice)
            return f"{PARSE.label}: {part.text}" if isinstance(part, SendPart) else part.text
        if STORE <= choice < ITEM:
            return STORE_LABEL
        if choice == CLOCK:
            return f"go on to +{seconds_text(actors.clock_due() - actors.start)}"
        if choice == CLEANER:
            upcoming = actors.upcoming
            return upcoming.label if isinstance(upcoming, Step) else WAKE_UP
        turn = actors.turns.get(choice)
        step = ALLOW_INTERRUPT if turn is None else turn.upcoming
        assert step is not None
        return step.label


def _rank(choice: int) -> tuple[bool, bool, int]:
    """Threads by number, the cleaner, what may happen, the clock: each has its place."""
    return choice == CLOCK, choice < 0, choice


def _times(switches: int) -> str:
    return {0: "never", 1: "once"}.get(switches, f"{switches} times")


def _suffice(found: Counterexample) -> str:
    steps = counted(len(found.steps), "step")
    return f"{_times(found.preemptions)} suffices, in {steps}"
