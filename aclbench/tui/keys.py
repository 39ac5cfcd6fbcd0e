"""Every key of the bench screen: an id to configure it by, and a tooltip that says what it does."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

#: key(s), action, word for the footer (empty: not there), id, what it does.
_TABLE: Final = (
    ("space", "play_pause", "Play", "time.play", "Play, or pause"),
    ("s,right", "step", "Step", "time.step", "One named step of the actor whose turn it is"),
    ("e", "step_event", "Event", "time.event",
     "One event: the actor whose turn it is runs until it waits"),
    ("b,left", "back('step')", "Back", "time.back",
     "Take the last named step back; going on from there finds the same run again"),
    ("B,shift+left", "back('event')", "", "time.back_event", "Back to the event before"),
    ("left_square_bracket", "leap(-1)", "", "time.leap_back",
     "Back by a second, or by the speed's seconds"),
    ("right_square_bracket", "leap(1)", "", "time.leap_on", "Forward by as much"),
    ("home", "to_start", "", "time.start", "Back to the start of the run"),
    ("full_stop,g", "jump", "Next", "time.next", "Jump to the next thing due, and let it happen"),
    ("plus,equals_sign", "faster", "Speed", "time.faster", "Faster"),
    ("minus", "slower", "", "time.slower", "Slower"),
    ("tab", "log_first", "Log", "view.log",
     "Give the log the room, with a line for each worker; or the workers again"),
    ("colon", "command", "Cmd", "command.open", "Type a command of VPP or of the bench"),
    ("question_mark", "help", "Help", "help.open", "This help"),
    ("q", "app.quit", "Quit", "app.quit", "Leave"),
    ("r", "restart", "", "time.restart", "A new bench, at its start and paused"),
    ("n", "page(1)", "", "view.next", "The next workers"),
    ("p", "page(-1)", "", "view.previous", "The previous workers"),
    ("f", "filter", "", "log.filter",
     "Leave packets out of the log; then flags and interrupts too; then show all again"),
    ("pageup", "scroll_log(1)", "", "log.back", "Scroll the log back"),
    ("pagedown", "scroll_log(-1)", "", "log.on", "Scroll the log on"),
    ("end", "scroll_log(0)", "", "log.end", "To the newest events of the log"),
    ("t", "app.light", "", "app.light", "Light or dark"),
)  # fmt: skip
#: One place in the footer for two keys.
_KEY_DISPLAY: Final = {"faster": "+/-"}

BINDINGS: Final = tuple(
    Binding(
        key,
        action,
        word or tooltip,
        show=bool(word),
        key_display=_KEY_DISPLAY.get(action),
        id=id,
        tooltip=tooltip,
    )
    for key, action, word, id, tooltip in _TABLE
)
