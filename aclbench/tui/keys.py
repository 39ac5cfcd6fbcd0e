"""Every key of the bench screen: an id to configure it by, and a tooltip that says what it does.

A key may do one thing on one place and another on the next, so each row says where it is for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from textual.binding import Binding

#: The places, by name; a table's row without any is for all of them.
_LISTS: Final = ("packets", "sessions", "log", "branches", "story", "lesson")


class Key(NamedTuple):
    """A row: keys, action, word for the footer (empty: not there), id, what it does, places."""

    keys: str
    action: str
    word: str
    id: str
    about: str
    places: tuple[str, ...] = ()


class Section(NamedTuple):
    """Keys that belong together."""

    title: str
    keys: tuple[Key, ...]


SECTIONS: Final = (
    Section("time", (
        Key("space", "play_pause", "Play", "time.play", "Play, or pause"),
        Key("s,right", "step", "Step", "time.step",
            "One named step of the actor whose turn it is, or that a chose"),
        Key("b,left", "back('step')", "Back", "time.back",
            "Take the last named step back; going on from there finds the same run again"),
        Key("e", "step_turn", "Turn", "time.turn",
            "One turn: an actor runs until it waits or is done"),
        Key("E", "back('turn')", "", "time.back_turn",
            "Take the last turn back"),
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
        Key("home", "to_start", "", "time.start", "Back to the start of the run"),
        Key("end", "to_end", "", "time.end", "To the end of what was done"),
        Key("plus,equals_sign", "faster(1)", "Speed", "time.faster", "Faster"),
        Key("minus", "faster(-1)", "", "time.slower", "Slower"),
        Key("j", "gaps", "", "time.gaps",
            "Have idle gaps of more than a second jumped, or played out"),
        Key("a", "actor", "", "time.actor",
            "Choose who takes the next steps: the cleaner, or a worker"),
        Key("r", "restart", "", "time.restart", "A new bench, at its start and paused"),
    )),
    Section("places", (
        Key("1", "place('bench')", "", "place.bench", "The bench: workers, log, packets"),
        Key("2", "place('packets')", "", "place.packets", "The packets, with their verdicts"),
        Key("3", "place('sessions')", "", "place.sessions", "The sessions of all workers"),
        Key("4", "place('log')", "", "place.log", "The log of events"),
        Key("5", "place('plot')", "", "place.plot",
            "Sessions by class and work per second, over the run"),
        Key("6", "place('branches')", "", "place.branches",
            "The branches of the run, to visit and to compare"),
        Key("7", "place('story')", "", "place.story", "The story that was looked at last"),
    )),
    Section("looking", (
        Key("tab", "region(1)", "", "view.region",
            "On to the next part of the screen: a worker, the cleaner, the log, ...", ("bench",)),
        Key("shift+tab", "region(-1)", "", "view.region_back", "The part before", ("bench",)),
        Key("down", "cursor(1)", "", "view.down", "The cursor down: to what can be asked about"),
        Key("up", "cursor(-1)", "", "view.up", "The cursor up"),
        Key("enter", "open", "Tell", "view.open",
            "Tell the whole story of what the cursor is on: session, flag, list, packet",
            ("bench", "packets", "sessions")),
        Key("enter", "go_there", "Go there", "view.go_there",
            "Go to the moment, or the branch, that the cursor is on",
            ("log", "story", "branches")),
        Key("i", "about", "Tell", "view.about",
            "Tell the story of the session or packet that this event is about",
            ("log", "story")),
        Key("escape", "leave", "", "view.leave",
            "Take the cursor off; stop a command under way; back to the bench"),
        Key("pageup", "page_up", "", "view.page_up", "A page up"),
        Key("pagedown", "page_down", "", "view.page_down", "A page down"),
        Key("ctrl+home", "list_end(False)", "", "view.first", "To the first row", _LISTS),
        Key("ctrl+end", "list_end(True)", "", "view.last", "To the last row", _LISTS),
        Key("z", "zoom", "", "view.zoom", "One worker with the whole width, or all", ("bench",)),
        Key("n", "page(1)", "", "view.next", "The next workers", ("bench",)),
        Key("N", "page(-1)", "", "view.previous", "The previous workers", ("bench",)),
        Key("v", "lower", "", "view.lower",
            "Below the workers: log and packets; the plot; nothing", ("bench",)),
        Key("f", "filter", "", "view.filter",
            "Leave packets out of the log; then flags and interrupts too; then all but sessions",
            ("bench",)),
        Key("f", "filter", "Filter", "view.filter_rows",
            "Leave rows out: fates of packets, kinds of events", ("packets", "log")),
        Key("slash", "search", "Search", "view.search",
            "Search: an address, a prefix, a port as :80, or any words",
            ("packets", "sessions", "log")),
        Key("o", "order", "Order", "view.order",
            "Order by: expiry, check, idle, newest, connection, worker", ("sessions",)),
        Key("c", "compare", "Compare", "view.compare",
            "What differs between the branch under the cursor and here", ("branches",)),
        Key("w", "compare_places", "", "view.compare_places",
            "What differs between any two points of the run, field by field"),
    )),
    Section("lesson", (
        Key("l", "lesson_show", "Lesson", "lesson.show",
            "The lesson and back; where it stands beside the bench: hide it, or show it"),
        Key("8", "place('lesson')", "", "lesson.place", "The lesson, with all the room"),
        Key("y", "lesson_next", "Next", "lesson.next",
            "On to the next step; while this one is not done, what is missing"),
        Key("Y", "lesson_before", "", "lesson.before", "The step before"),
        Key("x", "lesson_run", "Run", "lesson.run", "Run the experiment"),
        Key("h", "lesson_hint", "Hint", "lesson.hint", "A hint for the task; there are three"),
        Key("H", "lesson_solution", "", "lesson.solution",
            "Show the commands of the solution; once more, and it asks whether to run them"),
        Key("u", "lesson_undo", "Undo", "lesson.undo",
            "Undo all that was done to the bench since this step began"),
        Key("U", "lesson_redo", "", "lesson.redo", "Begin this step anew"),
        Key("L", "lesson_menu", "More", "lesson.menu",
            "Skip the step, list the steps, restart the lesson, ..."),
        Key("enter", "lesson_choose", "Choose", "lesson.choose",
            "Give the answer that the cursor is on; arrows or digits put it there", ("lesson",)),
    )),
    Section("doing", (
        Key("colon", "command", "Cmd", "command.open", "Type a command of VPP or of the bench"),
        Key("i", "send", "Send", "do.send",
            "Craft a packet, send it, or ask what would become of it",
            ("bench", "packets", "sessions", "plot", "branches", "lesson")),
        Key("d", "do", "Do", "do.menu",
            "Clear sessions, take ACLs off, delete an interface, change a timeout, save the run"),
        Key("ctrl+o", "open_another", "", "do.open", "Open another scenario, capture or run"),
        Key("t", "app.light", "", "app.light", "Light or dark"),
        Key("question_mark,f1", "help", "Help", "help.open", "The keys of this place, all signs"),
        Key("q", "quit", "Quit", "app.quit", "Leave"),
    )),
)  # fmt: skip
#: One place in the footer for two keys.
_KEY_DISPLAY: Final = {"faster(1)": "+/-"}


def _binding(key: Key) -> Binding:
    return Binding(
        key.keys,
        key.action,
        key.word or key.about,
        show=bool(key.word),
        key_display=_KEY_DISPLAY.get(key.action),
        id=key.id,
        tooltip=key.about,
    )


BINDINGS: Final = tuple(_binding(key) for section in SECTIONS for key in section.keys)
#: What cannot be done on real threads, by id.
NOT_ON_THREADS: Final = frozenset({
    "time.step", "time.back", "time.turn", "time.back_turn", "time.packet", "time.back_packet",
    "time.back_mark", "time.along_back", "time.along_on", "time.start", "time.end", "time.actor",
    "place.branches", "view.compare_places",
})  # fmt: skip
#: What is for lessons alone, and what is not for them, by id: a lesson keeps its bench.
FOR_LESSONS: Final = frozenset(
    key.id for section in SECTIONS if section.title == "lesson" for key in section.keys
)
NOT_IN_LESSONS: Final = frozenset({"time.restart", "do.open"})
_BY_ACTION: Final = {
    action: tuple(key for section in SECTIONS for key in section.keys if key.action == action)
    for action in {key.action for section in SECTIONS for key in section.keys}
}


def _is_there(key: Key, place: str, threaded: bool, lesson: bool) -> bool:
    """Whether a key is for a place, on real threads or not, in a lesson or not."""
    if key.places and place not in key.places:
        return False
    if threaded and key.id in NOT_ON_THREADS:
        return False
    return key.id not in (NOT_IN_LESSONS if lesson else FOR_LESSONS)


def is_offered(action: str, place: str, threaded: bool, lesson: bool = False) -> bool:
    """Whether an action, as the table writes it, can be done on a place; `lesson`: in a lesson."""
    keys = _BY_ACTION.get(action, ())
    if not keys:
        return True
    return any(_is_there(key, place, threaded, lesson) for key in keys)


def sections_of(
    place: str, threaded: bool, lesson: bool = False
) -> list[tuple[str, list[Binding]]]:
    """The keys of a place for its help: those that are for it first, then all others by section."""
    own: list[Binding] = []
    rest: list[tuple[str, list[Binding]]] = []
    for section in SECTIONS:
        found: list[Binding] = []
        for key in section.keys:
            if not _is_there(key, place, threaded, lesson):
                continue
            (own if key.places else found).append(_binding(key))
        rest.append((section.title, found))
    return [(f"on this place: {place}", own), *rest] if own else rest
