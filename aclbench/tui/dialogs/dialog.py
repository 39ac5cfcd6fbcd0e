"""What all dialogs share: the frame, the keys, the line at the bottom, and errors in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from aclbench.errors import AclbenchError
from aclbench.tui.dialogs.fields import Choice, Field, Flags, PushButton
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.modal import Modal, Result
from aclbench.tui.words import Words
from aclbench.visible import visible_line

#: Button text, and the action of the dialog that it takes.
ButtonRow = Sequence[tuple[str, str]]
ACCEPT: Final = "accept"
CLOSE: Final = ("Close: Esc", "cancel")


class FormError(AclbenchError):
    """What is filled in cannot be done; `field` is the id of the control that is to blame."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def as_typed(lines: Sequence[str]) -> str:
    """Command lines as one would type them on the bench screen."""
    return "\n".join(f":{line}" for line in lines)


class Dialog(Modal[Result]):
    """A form. A subclass yields its fields, and makes its result of them or says what is wrong.

    Enter does it, Esc closes it with None. What is wrong is said inside, and what was typed stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Close", id="dialog.cancel",
                tooltip="Close the dialog; nothing is done"),
        Binding("enter", "accept", "Do it", id="dialog.accept",
                tooltip="Do what the dialog says at its bottom"),
        Binding("up", "move(-1)", "Up", id="dialog.up", show=False,
                tooltip="To the row above"),
        Binding("down", "move(1)", "Down", id="dialog.down", show=False,
                tooltip="To the row below"),
    ]  # fmt: skip

    #: Below the height for all of it a dialog stands at the bottom and has no blank lines, so that
    #: the bench is seen above it.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]  # noqa: RUF012 (as Textual declares it)

    def __init__(self, title: str, about: str) -> None:
        super().__init__()
        self._title = title
        self._about = about

    # --- for subclasses ------------------------------------------------------------------------

    def compose_fields(self) -> ComposeResult:
        """The widgets between what the dialog says and the line it makes."""
        raise NotImplementedError

    def result(self) -> Result:
        """What the dialog is dismissed with. AclbenchError: what is filled in cannot be done."""
        raise NotImplementedError

    def line_of(self, result: Result) -> str:
        """The command line that a result is, as shown at the bottom."""
        return str(result)

    def buttons(self) -> ButtonRow:
        """The buttons at the bottom."""
        return (("Do it: Enter", ACCEPT), CLOSE)

    def changed(self, control: Widget) -> None:
        """A control has another value."""

    # --- the frame -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as frame:
            frame.border_title = visible_line(self._title)
            if self._about:
                yield Words(self._about, id="dialog-about")
            yield from self.compose_fields()
            yield Words(id="dialog-hint")
            with Vertical(id="dialog-said"):
                yield Words(id="dialog-line")
                yield Words(id="dialog-error")
            with Horizontal(id="dialog-buttons"):
                for text, action in self.buttons():
                    yield PushButton(text, action)

    def on_mount(self) -> None:
        self.show_line()

    def show_line(self) -> None:
        """The line that Enter would run now, or why there is none."""
        try:
            line, error = self.line_of(self.result()), ""
        except AclbenchError as wrong:
            line, error = "", f"not yet: {wrong}"
        self._say(line, error)

    def refuse(self, error: AclbenchError) -> None:
        """Say what is wrong, and go to the control that is to blame."""
        self._say("", f"error: {error}")
        field = error.field if isinstance(error, FormError) else ""
        for control in self.query(f"#{field}") if field else ():
            control.focus()

    def _say(self, line: str, error: str) -> None:
        for id, text in (("line", line), ("error", error)):
            panel = self.query_one(f"#dialog-{id}", Words)
            panel.say(text)
            panel.display = bool(text)

    def hint(self, text: str) -> None:
        """A word about where the focus is."""
        self.query_one("#dialog-hint", Words).say(text)

    # --- keys and mouse ------------------------------------------------------------------------

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_accept(self) -> None:
        try:
            result = self.result()
        except AclbenchError as error:
            self.refuse(error)
        else:
            self.dismiss(result)

    def action_move(self, by: int) -> None:
        """To the row above or below, and in it to the control that is nearest."""
        here = self.focused
        if here is None:
            return
        column, row = here.region.offset
        rows = {w.region.y for w in self.focus_chain if (w.region.y - row) * by > 0}
        if rows:
            wanted = min(rows) if by > 0 else max(rows)
            there = [w for w in self.focus_chain if w.region.y == wanted]
            min(there, key=lambda w: abs(w.region.x - column)).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        here = [node for node in event.widget.ancestors if isinstance(node, Field)]
        for field in self.query(Field):
            field.set_class(field in here, "here")
        self.hint(here[0].hint if here else "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._follow(event.input)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_accept()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        self._follow(event.choice)

    def on_flags_changed(self, event: Flags.Changed) -> None:
        self._follow(event.flags)

    def on_pick_list_moved(self, event: PickList.Moved) -> None:
        self._follow(event.pick_list)

    def on_pick_list_picked(self, event: PickList.Picked) -> None:
        self.action_accept()

    async def on_push_button_pressed(self, event: PushButton.Pressed) -> None:
        await self.run_action(event.action)

    def _follow(self, control: Widget) -> None:
        self.changed(control)
        self.show_line()
