"""The part of the workbench that goes by single steps, kept in its history."""

from __future__ import annotations

from collections.abc import Callable

from aclbench.drivers.driver import COMMAND, actor_name
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import StepTaken
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.rig.inputs import Run, Steps


class Stepwise:
    """What `Workbench` can do one step at a time. Mixed into it."""

    history: History | None

    @property
    def stepped(self) -> SteppedDriver:
        raise NotImplementedError

    def _next_timed(self) -> int:
        raise NotImplementedError

    def _run_timed_line(self) -> str:
        raise NotImplementedError

    def step(self, actor: str | None = None) -> StepTaken | None:
        """One named step of an actor, or of the one whose turn it is; None: nothing is left."""
        chosen = None if actor is None else self._actor(actor)
        return self._step(lambda: self.stepped.step(chosen), chosen, whole_turn=False)

    def step_turn(self) -> StepTaken | None:
        """Let the actor whose turn it is run until it waits or is done; returns its last step."""
        return self._step(self.stepped.run_turn, None, whole_turn=True)

    def next_actors(self) -> list[str]:
        """Who can be chosen for the next step: now, or else when the next thing is due."""
        return [actor_name(actor) for actor in self.stepped.next_actors()]

    def actors(self) -> list[str]:
        """Who can take a step now, in the fair order."""
        return [actor_name(actor) for actor in self.stepped.ready_actors()]

    def actor_name(self, actor: int) -> str:
        """The name of who took a step: `cleaner`, `vpp_wk_0`; `command` for an input replayed."""
        return actor_name(actor)

    def _actor(self, name: str) -> int:
        for actor in range(-1, self.stepped.machine.am.n_workers + 1):
            if actor_name(actor) == name:
                return actor
        raise CommandError(f"there is no actor {name}; now could go {', '.join(self.actors())}")

    def _step(
        self, go: Callable[[], StepTaken | None], actor: int | None, whole_turn: bool
    ) -> StepTaken | None:
        """Take steps, kept in the history: in fair order as part of a run, else as chosen."""
        history, driver = self.history, self.stepped
        if history is not None:
            history.finish_saving()
        if history is not None and not history.at_end() and actor is None:
            taken = history.step_along(whole_turn)
            if taken is not None:
                return taken
        if history is not None:
            history.before_acting()
            driver = self.stepped
        due = self._next_timed()
        if due != NEVER and driver.next_time() > due:
            driver.run_until(due)  # nothing is due by then: the clock goes there, and no more
            if history is not None:
                history.note(Run(driver.position, driver.now))
            return StepTaken(driver.now, COMMAND, self._run_timed_line(), finished=True)
        if history is None:
            return go()
        fair = actor is None and driver.order == "fair" and driver.clean
        before = driver.steps_taken
        try:
            return go()
        finally:  # an actor who has nothing to do may have had the clock go on
            if fair:
                history.note(Run(driver.position, driver.now))
            else:
                count = driver.steps_taken - before
                history.note(Steps(actor, count, driver.position, driver.now))
