"""The cursor: what it is on, how keys and the mouse move it, and what Enter then does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aclbench.errors import AclbenchError
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.parts import Parts
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.story.tellers import Teller, teller_of
from aclbench.tui.targets import (
    BranchTarget,
    EventTarget,
    KeyTarget,
    LineTarget,
    MarkKindTarget,
    OptionTarget,
    PacketTarget,
    PastTarget,
    SessionTarget,
    TabTarget,
    Target,
    TimeTarget,
)
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.workers.panel import WorkersRegion

if TYPE_CHECKING:
    from aclbench.tui.lesson.place import LessonPlace
    from aclbench.tui.player import Player


class Selecting(Parts):
    """What can be pointed at, and what becomes of it. Mixed into the bench screen."""

    _selected: Target | None = None
    _region = 0
    #: The place to come back to from a story.
    _came_from = "bench"

    # --- where the cursor is -----------------------------------------------------------------

    def selected(self) -> Target | None:
        """What the cursor of the bench is on."""
        if self.place != "bench":
            return None
        return self._answer() if isinstance(self._selected, OptionTarget) else self._selected

    def _answer(self) -> Target | None:
        """The answer under the cursor in the panel of the lesson, if a question is open there."""
        layout, lesson = self._layout_now, self.lesson_place()
        beside = layout is not None and layout.lesson_width > 0
        return lesson.selected() if lesson is not None and beside else None

    def put_cursor(self, target: Target | None) -> None:
        self._selected = target
        for number, panel in enumerate(self._regions()):
            if any(spot.target == target for spot in panel.drawing.spots()):
                self._region = number
                return

    def point_at_question(self) -> None:
        answer = self._answer()
        if answer is not None or isinstance(self._selected, OptionTarget):
            self.put_cursor(answer)

    def pointed_at(self) -> Target | None:
        """What the cursor is on, wherever it is."""
        place = self.places.get(self.place)
        return self.selected() if place is None else place.selected()

    def _regions(self) -> list[TextPanel]:
        """The parts of the bench that the cursor can be in, in order."""
        panels = [*self.query_one(WorkersRegion).panels()]
        panels += [self.query_one(name, TextPanel) for name in ("#cleaner", "#log", "#packets")]
        panels = [panel for panel in panels if panel.display and panel.drawing.spots()]
        return panels if self._answer() is None else [*panels, self.query_one("#lesson", TextPanel)]

    def action_region(self, by: int) -> None:
        """The next part of the bench; its first spot is where the cursor is then."""
        regions = self._regions()
        if not regions:
            return
        begins = self.selected() is None
        self._region = (0 if by > 0 else -1) if begins else self._region + by
        self._region %= len(regions)
        self._selected = self._first_of(regions[self._region])
        self.paint()

    def _first_of(self, panel: TextPanel) -> Target | None:
        """What the cursor is on as it comes into a part of the bench."""
        return self._answer() if panel.id == "lesson" else panel.drawing.spots()[0].target

    def action_cursor(self, by: int) -> None:
        """Up or down: among what can be pointed at, or among the rows of a place."""
        place = self.places.get(self.place)
        if place is not None:
            place.move(by)
        else:
            self._move_among_spots(by)
        self.paint()

    def _move_among_spots(self, by: int) -> None:
        regions = self._regions()
        lesson = self.lesson_place()
        if not regions:
            return
        self._region = min(self._region, len(regions) - 1)
        if regions[self._region].id == "lesson" and lesson is not None:
            if isinstance(self._selected, OptionTarget):
                lesson.move(by)
            self._selected = lesson.selected()
            return
        targets = [spot.target for spot in regions[self._region].drawing.spots()]
        if self._selected not in targets:
            self._selected = targets[0 if by > 0 else -1]
            return
        at = targets.index(self._selected) + by
        self._selected = targets[min(max(at, 0), len(targets) - 1)]

    def action_page_down(self) -> None:
        self._page_place(1)

    def action_page_up(self) -> None:
        self._page_place(-1)

    def _page_place(self, by: int) -> None:
        place = self.places.get(self.place)
        if place is not None:
            place.move_page(by)
        elif (layout := self._layout_now) is not None and layout.lesson_width:
            self._scroll_lesson(lambda lesson: lesson.move_page(by))
        else:
            self._move_among_spots(10 * by)
        self.paint()

    def _scroll_lesson(self, scroll: Callable[[LessonPlace], None]) -> None:
        lesson = self.lesson_place()
        if lesson is not None:
            scroll(lesson)

    def action_list_end(self, last: bool) -> None:
        place = self.places.get(self.place)
        if place is not None:
            place.move_to_end(last)
            self.paint()

    # --- the mouse ---------------------------------------------------------------------------

    async def on_text_panel_picked(self, event: TextPanel.Picked) -> None:
        """A click puts the cursor there; a second one asks. Some things are done at once."""
        event.stop()
        target = event.target
        if isinstance(target, TabTarget):
            await self.show_place(target.name)
        elif isinstance(target, KeyTarget):
            await self.run_action(target.action)
        elif isinstance(target, TimeTarget):
            if (player := self.ready()) is not None:
                player.go_to_time(target.time)
                self.follow_player()
        elif isinstance(target, MarkKindTarget):
            if self.player is not None:
                self.player.mark_kind = target.kind
                self.paint()
        elif isinstance(target, LineTarget):
            await self._open(target)
        elif isinstance(target, OptionTarget):
            self._pick_answer(target, event.opened)
        else:
            await self._pick(event.panel, target)
            if event.opened:
                await self.action_open()

    def _pick_answer(self, target: OptionTarget, opened: bool) -> None:
        """The cursor to an answer; where it is already, that is the answer."""
        lesson = self.lesson_place()
        if lesson is None:
            return
        if opened or lesson.selected() == target:
            self.give_answer(target.number)
            return
        lesson.pick(target)
        self.point_at_question()
        self.paint()

    async def _pick(self, panel: TextPanel, target: Target) -> None:
        place = self.places.get(self.place)
        if place is not None and panel.id == "place":
            place.pick(target)
        elif place is None:
            regions = self._regions()
            if panel in regions:
                self._region, self._selected = regions.index(panel), target
        else:
            await self._open(target)  # the brief lines above a place, and the cleaner
        self.paint()

    def on_text_panel_scrolled(self, event: TextPanel.Scrolled) -> None:
        event.stop()
        place = self.lesson_place() if event.panel.id == "lesson" else self.places.get(self.place)
        if place is not None and event.panel.id in ("place", "lesson"):
            place.scroll(event.by)
            self.paint()

    # --- asking ------------------------------------------------------------------------------

    async def action_open(self) -> None:
        """Tell the story of what the cursor is on."""
        await self._open(self.pointed_at())

    async def action_go_there(self) -> None:
        """Go to the moment, or the branch, that the cursor is on."""
        await self._open(self.pointed_at())

    async def _open(self, target: Target | None) -> None:
        player = self.ready()
        if player is None:
            return
        if isinstance(target, OptionTarget):
            self.give_answer(target.number)
            return
        if isinstance(target, LineTarget):
            self.query_one(CommandRegion).open(target.line)
            return
        if isinstance(target, EventTarget | PastTarget | BranchTarget):
            self._go_there(player, target)
            return
        teller = teller_of(target)
        if teller is None:
            player.say("Tab and the arrow keys put the cursor on something; Enter tells of it")
            self.paint()
            return
        await self.tell(teller)

    def _go_there(self, player: Player, target: EventTarget | PastTarget | BranchTarget) -> None:
        """To a moment of the run, or to a branch."""
        if isinstance(target, BranchTarget):
            player.switch(target.name)
        elif isinstance(target, PastTarget):
            player.go_to_place(target.place)
        elif target.number:
            player.go_to_event(target.number)
        else:
            player.say("this moment cannot be gone to: it is not known by number")
        self.follow_player()

    async def action_about(self) -> None:
        """The story of the session or packet that an event is about."""
        target = self.pointed_at()
        about: Target | None = target
        if isinstance(target, EventTarget | PastTarget):
            about = target.about
        if isinstance(about, SessionTarget | PacketTarget):
            await self._open(about)
        elif (player := self.ready()) is not None:
            player.say("this is about no session and no packet")
            self.paint()

    async def tell(self, teller: Teller) -> None:
        """Tell a story in the place for stories."""
        player = self.ready()
        story = self.places["story"]
        if player is None or not isinstance(story, StoryPlace):
            return
        try:
            story.tell(teller, player)
        except AclbenchError as error:
            player.say(str(error), error=True)
            self.paint()
            return
        if self.place != "story":
            self._came_from = self.place
        await self.show_place("story")

    async def action_leave(self) -> None:
        """Stop what is under way; else take the cursor off; else back to where one was."""
        player = self.player
        if player is not None and player.side is not None:
            player.stop_command()
            player.say("stopped")
            self.follow_player()
        elif self.place == "story":
            await self.show_place(self._came_from)
        elif self.place != "bench":
            await self.show_place("bench")
        elif player is not None:
            self._selected = None
            player.say("")
            self.paint()
