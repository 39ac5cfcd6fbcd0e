"""Keys as the screen has them: an id to configure each by, and a tooltip that says what it does.

What a place alone does stands with that place; here are those of all places.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """Keys, action, word for the footer (empty: not there), id, and what it does."""

    keys: str
    action: str
    word: str
    id: str
    about: str


TIME: Final = (
    Key("space", "play_pause", "Play", "time.play", "Play, or pause"),
    Key("s,right", "step", "Step", "time.step",
        "One named step of the actor whose turn it is, or that a chose"),
    Key("b,left", "back('step')", "Back", "time.back",
        "Take the last named step back; going on from there finds the same run again"),
    Key("e", "step_turn", "Turn", "time.turn",
        "One turn: an actor runs until it waits or is done"),
    Key("E", "back('turn')", "", "time.back_turn", "Take the last turn back"),
    Key("p", "step_packet", "", "time.packet", "On to right behind the next packet"),
    Key("P", "back('packet')", "", "time.back_packet", "Back by one packet"),
    Key("m", "seek(False)", "Mark", "time.mark", "On to the next mark of the timeline"),
    Key("M", "seek(True)", "", "time.back_mark", "Back to the mark before"),
    Key("k", "mark_kind", "", "time.mark_kind",
        "Choose the kind of mark that m goes to: added, requeued, expired, cleared, ..."),
    Key("g", "go_to", "Go to", "time.go_to",
        "Go to a time, a packet, an event, a part of the run"),
    Key("full_stop", "jump", "", "time.next", "Jump to the next thing due, and let it happen"),
    Key("left_square_bracket", "leap(-1)", "", "time.leap_back",
        "Back by a second, or by the speed's seconds"),
    Key("right_square_bracket", "leap(1)", "", "time.leap_on", "Forward by as much"),
    Key("less_than_sign,comma", "along(-1)", "", "time.along_back",
        "Back along the timeline, by a fortieth of it"),
    Key("greater_than_sign", "along(1)", "", "time.along_on",
        "Forward along the timeline by as much"),
    Key("home", "to_start", "Start", "time.start", "Back to the start of the run"),
    Key("end", "to_end", "Last packet", "time.end",
        "To the last packet of the captures; without any, to the end of what was done"),
    Key("plus,equals_sign", "faster(1)", "Speed", "time.faster", "Faster"),
    Key("minus", "faster(-1)", "", "time.slower", "Slower"),
    Key("j", "gaps", "", "time.gaps",
        "Have idle gaps of more than a second jumped, or played out"),
    Key("T", "times", "", "time.times",
        "Write times from the start of the run, as UTC, or as local time: everywhere at once"),
    Key("a", "actor", "", "time.actor",
        "Choose who takes the next steps: the cleaner, or a worker"),
    Key("r", "restart", "", "time.restart", "A new bench, at its start and paused"),
)  # fmt: skip
SCREEN: Final = (
    Key("1", "place('bench')", "", "place.bench", "The bench: workers, log, packets"),
    Key("2", "place('packets')", "", "place.packets", "The packets, with their verdicts"),
    Key("3", "place('sessions')", "", "place.sessions", "The sessions of all workers"),
    Key("4", "place('log')", "", "place.log", "The log of events"),
    Key("5", "place('plot')", "", "place.plot",
        "Sessions by class and work per second, over the run"),
    Key("6", "place('branches')", "", "place.branches",
        "The branches of the run, to visit and to compare"),
    Key("7", "place('story')", "", "place.story", "The story that was looked at last"),
    Key("escape", "leave", "", "view.leave",
        "Take the cursor off; stop a command under way; back to the bench"),
    Key("X", "exchange", "Other bench", "view.exchange",
        "Take the other of two benches in hand: it is shown, and driven, and the first follows"),
    Key("slash", "search", "", "view.search_packets", "Search the packets, as you type"),
    Key("W", "causes", "Why", "view.causes",
        "All packets that did not pass, by cause, with an example of each"),
    Key("w", "compare_points", "", "view.compare_places",
        "What differs between any two points of the run, field by field"),
    Key("colon", "command", "Cmd", "command.open", "Type a command of VPP or of the bench"),
    Key("i", "send", "Send", "do.send",
        "Craft a packet, send it, or ask what would become of it"),
    Key("d", "do", "Do", "do.menu",
        "Clear sessions, take ACLs off, delete an interface, change a timeout, save the run"),
    Key("ctrl+o", "open_another", "", "do.open", "Open another scenario, capture or run"),
    Key("t", "app.light", "", "app.light", "Light or dark"),
    Key("question_mark,f1", "help", "Help", "help.open", "The keys of this place, all signs"),
    Key("q", "quit", "Quit", "app.quit", "Leave"),
)  # fmt: skip
#: One place in the footer for two keys.
_KEY_DISPLAY: Final = {"time.faster": "+/-"}
#: What cannot be done on real threads, by id.
NOT_ON_THREADS: Final = frozenset({
    "time.step", "time.back", "time.turn", "time.back_turn", "time.packet", "time.back_packet",
    "time.back_mark", "time.along_back", "time.along_on", "time.start", "time.end", "time.actor",
    "place.branches", "view.compare_places",
})  # fmt: skip
#: A lesson keeps its bench: what is not for lessons, by id.
NOT_IN_LESSONS: Final = frozenset({"time.restart", "do.open"})
#: What takes two benches, by id, and what only one can be asked for.
ONLY_AGAINST: Final = frozenset({"view.exchange"})
NOT_AGAINST: Final = frozenset({"do.open"})
WHY_NOT_AGAINST: Final = (
    "two benches are compared here; leave, and name another behind aclbench tui --against"
)
#: The sections of the help by how ids begin.
_SECTIONS: Final = {
    "time": "time", "place": "places", "view": "looking", "lesson": "lesson", "command": "doing",
    "do": "doing", "app": "doing", "help": "doing",
}  # fmt: skip


def bindings(*keys: Key) -> list[BindingType]:
    """Keys as Textual's bindings."""
    return [
        Binding(
            key.keys,
            key.action,
            key.word or key.about,
            show=bool(key.word),
            key_display=_KEY_DISPLAY.get(key.id),
            id=key.id,
            tooltip=key.about,
        )
        for key in keys
    ]


def left_out(threaded: bool, lesson: bool, against: bool) -> frozenset[str]:
    """The ids of what cannot be done on real threads, in a lesson, with two benches or with one."""
    return (
        (NOT_ON_THREADS if threaded else frozenset())
        | (NOT_IN_LESSONS if lesson else frozenset())
        | (NOT_AGAINST if against else ONLY_AGAINST)
    )


def is_offered(
    keys: Iterable[Key], action: str, parameters: tuple[object, ...], without: frozenset[str]
) -> bool:
    """Whether what one of the keys does can be done, where some cannot: see `left_out`."""
    written = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
    return all(key.id not in without for key in keys if key.action == written)


def sections_of(
    place: str, own: Iterable[Binding], others: Iterable[Binding]
) -> list[tuple[str, list[Binding]]]:
    """The keys for the help: the place's own first, then all others by section."""
    found: dict[str, list[Binding]] = {f"on this place: {place}": list(own)}
    found |= {title: [] for title in dict.fromkeys(_SECTIONS.values())}
    for binding in others:
        section, _, _ = (binding.id or "").partition(".")
        if section in _SECTIONS:
            found[_SECTIONS[section]].append(binding)
    return [(title, each) for title, each in found.items() if each]
