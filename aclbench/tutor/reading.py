"""Reading a lesson file, strictly: one message for the first thing wrong, with step and key.

Nothing of a lesson is run here; `checking` does that. What is read is bounded: the file, its
steps, its lines and its texts.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from aclbench.errors import ScenarioError
from aclbench.expressions import Expression, ExpressionError, Filled
from aclbench.tutor.lesson import (
    AnyStep,
    BenchSpec,
    Experiment,
    Hint,
    Lesson,
    LessonError,
    Lines,
    NearMiss,
    Option,
    Part,
    Predict,
    Read,
    Step,
    StreamSpec,
    Task,
)
from aclbench.tutor.vocabulary import read_condition, read_text
from aclbench.workbench.rig.bundled import bundled_files, bundled_folder
from aclbench.workbench.rig.scenario import MAX_WORKERS, PLACEMENTS, Placement
from aclbench.workbench.rig.scenario_file import load_scenario

_T = TypeVar("_T")

MAX_BYTES: Final = 256 << 10
MAX_STEPS: Final = 100
#: Command lines of one list, and characters of one line.
MAX_LINES: Final = 200
MAX_LINE: Final = 1000
MAX_TEXT: Final = 20_000
MAX_LABEL: Final = 200
MAX_ITEMS: Final = 20
MAX_MINUTES: Final = 240
#: Packets that a stream may be limited to.
MAX_PACKETS: Final = 1_000_000
#: Bytes of a capture beside a lesson.
MAX_CAPTURE_BYTES: Final = 1 << 20
#: Hints, from a nudge to nearly all of it.
N_HINTS: Final = 3
#: What is said of a goal without parts.
NOT_YET: Final = "the goal is not met yet"

_KEYS: Final = ("title", "aim", "know", "minutes", "source", "scenario", "bench", "steps")
_STEP_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "read": ("text",),
    "predict": ("question", "options", "run", "why"),
    "task": ("text", "goal", "parts", "hints", "solution", "others", "near"),
    "experiment": ("text", "run", "look"),
}
_EVERY_STEP: Final = ("kind", "set_up", "fresh")
_SOURCE: Final = re.compile(r"aclbench\.engine(\.[a-z_]+)+:[A-Za-z_][\w.]*", re.ASCII)
#: What would do something to the terminal that shows it.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_STREAM: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_INTERFACE: Final = re.compile(r"pg\d{1,5}", re.ASCII)


def read_lesson(path: Path) -> Lesson:
    """Read a lesson. LessonError names the file, the step, the key, and what would be right."""
    content = _content(path)
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise LessonError(f"{path}: not text in UTF-8, at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{path}: not TOML: {error}") from None
    except (RecursionError, ValueError) as error:
        raise LessonError(f"{path}: not TOML that can be read: {type(error).__name__}") from None
    if not _NAME.fullmatch(path.stem):
        raise LessonError(f"{path.name}: not a name for a lesson; 01-what-it-shows.toml is")
    return _Reader(path).lesson(data, hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise LessonError(f"{path}: there is no such file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LessonError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise LessonError(f"{str(path)!r}: not the name of a file") from None
    if len(content) > MAX_BYTES:
        raise LessonError(f"{path}: more than {MAX_BYTES >> 10} kB; a lesson is shorter")
    return content


class _Reader:
    """Makes a lesson of a TOML table; `place` is where it is just now, for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = ""

    def lesson(self, data: dict[str, Any], digest: str) -> Lesson:
        self.only(data, _KEYS)
        title = self.text(data, "title", MAX_LABEL)
        return Lesson(
            name=self.path.stem,
            path=self.path,
            digest=digest,
            title=title,
            aim=self.text(data, "aim"),
            know=self.texts(data, "know"),
            minutes=self.minutes(data),
            source=self.sources(data),
            bench=self.bench(data),
            steps=self.steps(data),
        )

    def minutes(self, data: dict[str, Any]) -> int:
        minutes = data.get("minutes")
        if type(minutes) is not int or not 1 <= minutes <= MAX_MINUTES:
            raise self.error("minutes", minutes, f"a whole number from 1 to {MAX_MINUTES}")
        return minutes

    def sources(self, data: dict[str, Any]) -> tuple[str, ...]:
        found = self.texts(data, "source")
        for source in found:
            if not _SOURCE.fullmatch(source):
                right = "aclbench.engine.sessions:Sessions.track_session, module and function"
                raise self.error("source", source, right)
        if not found:
            raise self.error("source", [], "at least one function that does what is shown")
        return found

    # --- the bench ---------------------------------------------------------------------------

    def bench(self, data: dict[str, Any]) -> BenchSpec | Path:
        if ("scenario" in data) == ("bench" in data):
            found = "both" if "bench" in data else "neither"
            raise self.error("scenario, bench", found, "one of them")
        if "scenario" in data:
            return self.scenario(self.text(data, "scenario", MAX_LABEL))
        table = self.table("bench", data["bench"], ("workers", "placement", "cli", "streams"))
        workers = table.get("workers", 1)
        if type(workers) is not int or not 0 <= workers <= MAX_WORKERS:
            raise self.error("bench, workers", workers, f"a number from 0 to {MAX_WORKERS}")
        placement = table.get("placement", "interface")
        if placement not in PLACEMENTS:
            raise self.error("bench, placement", placement, '"interface" or "flow"')
        return BenchSpec(
            workers,
            cast(Placement, placement),
            self.lines("bench, cli", table, "cli"),
            tuple(
                self.stream(f"bench, {place}, ", stream)
                for place, stream in self.tables(
                    table, "streams", ("name", "pcap", "source", "limit"), 0
                )
            ),
        )

    def stream(self, place: str, table: dict[str, Any]) -> StreamSpec:
        limit = table.get("limit")
        if limit is not None and (type(limit) is not int or not 1 <= limit <= MAX_PACKETS):
            raise self.error(f"{place}limit", limit, f"a number of packets, 1 to {MAX_PACKETS:,}")
        return StreamSpec(
            self.word(table, "name", place, _STREAM, "a name such as questions"),
            self.capture(self.text(table, "pcap", MAX_LABEL, place), f"{place}pcap"),
            self.word(table, "source", place, _INTERFACE, "an interface such as pg0"),
            limit,
        )

    def word(
        self, table: dict[str, Any], key: str, place: str, right: re.Pattern[str], what: str
    ) -> str:
        value = self.text(table, key, MAX_LABEL, place)
        if not right.fullmatch(value):
            raise self.error(f"{place}{key}", value, what)
        return value

    def capture(self, name: str, place: str) -> Path:
        """A capture beside the lesson, or a bundled one; nothing else is reached."""
        for folder in (self.path.resolve().parent, bundled_folder("pcaps").resolve()):
            path = (folder / name).resolve()
            if _NAME.fullmatch(name) and path.parent == folder and path.is_file():
                if path.stat().st_size > MAX_CAPTURE_BYTES:
                    right = f"a capture of at most {MAX_CAPTURE_BYTES >> 10} kB"
                    raise self.error(place, f"{name}, which is larger", right)
                return path
        raise self.error(place, name, "the name of a capture beside the lesson, or a bundled one")

    def scenario(self, name: str) -> Path:
        """A bundled scenario by name, or a file beside the lesson; nothing else is reached."""
        known = [file.stem for file in bundled_files("scenarios")]
        if name in known:
            return bundled_folder("scenarios") / f"{name}.toml"
        right = f"a bundled one ({', '.join(known)}), or a .toml file beside the lesson"
        if not name.endswith(".toml") or not _NAME.fullmatch(name):
            raise self.error("scenario", name, right)
        folder = self.path.resolve().parent
        path = (folder / name).resolve()
        if path.parent != folder or not path.is_file() or path.stat().st_size > MAX_BYTES:
            raise self.error("scenario", name, right)
        try:
            scenario = load_scenario(path)
        except ScenarioError as error:
            raise LessonError(f"{self.path}: scenario: {error}") from None
        for capture in scenario.captures:
            if not _is_within(capture, (folder, bundled_folder("pcaps").resolve())):
                right = "captures in the lesson's folder, or bundled ones"
                raise self.error("scenario, captures", str(capture), right)
        return path

    # --- steps -------------------------------------------------------------------------------

    def steps(self, data: dict[str, Any]) -> tuple[AnyStep, ...]:
        tables = data.get("steps")
        if not isinstance(tables, list) or not 1 <= len(tables) <= MAX_STEPS:
            raise self.error("steps", _count(tables), f"1 to {MAX_STEPS} [[steps]] tables")
        return tuple(self.step(number, table) for number, table in enumerate(tables, 1))

    def step(self, number: int, table: Any) -> AnyStep:
        self.place = f"step {number}"
        if not isinstance(table, dict):
            raise self.error("", table, "a table")
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in _STEP_KEYS:
            raise self.error("kind", kind, ", ".join(_STEP_KEYS))
        self.place = f"step {number} ({kind})"
        self.only(table, (*_EVERY_STEP, *_STEP_KEYS[kind]))
        fresh = table.get("fresh", False)
        if type(fresh) is not bool:
            raise self.error("fresh", fresh, "true or false")
        begin = Step(number, self.lines("set_up", table, "set_up"), fresh)
        step: AnyStep = getattr(self, f"_{kind}")(table, begin)
        self.place = ""
        return step

    def _read(self, table: dict[str, Any], begin: Step) -> Read:
        return Read(begin.number, begin.set_up, begin.fresh, text=self.text(table, "text"))

    def _predict(self, table: dict[str, Any], begin: Step) -> Predict:
        options = tuple(
            Option(
                self.text(option, "label", MAX_LABEL, f"{place}, "),
                self.expression(option, "when", f"{place}, "),
            )
            for place, option in self.tables(table, "options", ("label", "when"), 2)
        )
        labels = [option.label for option in options]
        if len(set(labels)) < len(labels):
            raise self.error("options", "a label twice", "a label of its own for each")
        return Predict(
            begin.number,
            begin.set_up,
            begin.fresh,
            question=self.text(table, "question"),
            options=options,
            run=self.lines("run", table, "run", least=1),
            why=self.filled(table, "why"),
        )

    def _task(self, table: dict[str, Any], begin: Step) -> Task:
        if "goal" not in table and "parts" not in table:
            raise self.error("goal", None, "an expression, or [[steps.parts]]")
        parts: list[Part] = []
        for place, part in self.tables(table, "parts", ("when", "missing"), 0):
            when = self.expression(part, "when", f"{place}, ")
            parts.append(Part(when, self.filled(part, "missing", f"{place}, ")))
        if "goal" in table:
            parts.append(Part(self.expression(table, "goal"), read_text(NOT_YET)))
        return Task(
            begin.number,
            begin.set_up,
            begin.fresh,
            text=self.text(table, "text"),
            goal=tuple(parts),
            hints=self.hints(table),
            solution=self.lines("solution", table, "solution", least=1),
            others=self.others(table),
            near=tuple(
                NearMiss(
                    self.lines(f"{place}, run", miss, "run", least=1),
                    self.text(miss, "says", MAX_LABEL, f"{place}, "),
                )
                for place, miss in self.tables(table, "near", ("run", "says"), 2)
            ),
        )

    def hints(self, table: dict[str, Any]) -> tuple[Hint, Hint, Hint]:
        hints = [
            Hint(
                self.text(hint, "text", MAX_TEXT, f"{place}, "),
                self.lines(f"{place}, run", hint, "run"),
            )
            for place, hint in self.tables(table, "hints", ("text", "run"), N_HINTS)
        ]
        if len(hints) != N_HINTS:
            raise self.error("hints", f"{len(hints)} of them", f"exactly {N_HINTS}")
        return hints[0], hints[1], hints[2]

    def others(self, table: dict[str, Any]) -> tuple[Lines, ...]:
        others = table.get("others")
        if not isinstance(others, list) or not 1 <= len(others) <= MAX_ITEMS:
            right = "at least one other solution: a list of lists of lines"
            raise self.error("others", _count(others), right)
        return tuple(
            self.lines(f"others, {n}", {"run": lines}, "run", least=1)
            for n, lines in enumerate(others, 1)
        )

    def _experiment(self, table: dict[str, Any], begin: Step) -> Experiment:
        look = self.table("look", table.get("look"), ("text", "at"))
        at = self.text(look, "at", MAX_LABEL, "look, ") if "at" in look else ""
        return Experiment(
            begin.number,
            begin.set_up,
            begin.fresh,
            text=self.text(table, "text"),
            run=self.lines("run", table, "run", least=1),
            look=self.filled(look, "text", "look, "),
            at=at,
        )

    # --- values ------------------------------------------------------------------------------

    def only(self, table: dict[str, Any], known: Iterable[str], place: str = "") -> None:
        for key in table:
            if key not in known:
                raise self.error(f"{place}{key[:40]}", "an unknown key", ", ".join(known))

    def table(self, key: str, value: Any, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error(key, value, f"a table with {', '.join(known)}")
        self.only(value, known, f"{key}, ")
        return value

    def tables(
        self, table: dict[str, Any], key: str, known: tuple[str, ...], least: int
    ) -> list[tuple[str, dict[str, Any]]]:
        """The tables of a list, each with its place: `hints, 2`."""
        values = table.get(key, [])
        if not isinstance(values, list) or not least <= len(values) <= MAX_ITEMS:
            right = f"from {least} to {MAX_ITEMS} tables with {', '.join(known)}"
            raise self.error(key, _count(values), right)
        places = [f"{key}, {number}" for number in range(1, len(values) + 1)]
        return [(p, self.table(p, v, known)) for p, v in zip(places, values, strict=True)]

    def text(
        self, table: dict[str, Any], key: str, longest: int = MAX_TEXT, place: str = ""
    ) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"{place}{key}", value, "text")
        if len(value) > longest:
            right = f"at most {longest:,} characters"
            raise self.error(f"{place}{key}", f"{len(value):,} of them", right)
        control = _CONTROL.search(value)
        if control is not None:
            found = f"the control character {ord(control[0]):#04x}"
            raise self.error(f"{place}{key}", found, "text that can be shown in a terminal")
        return value.strip()

    def texts(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key)
        good = isinstance(value, list) and len(value) <= MAX_ITEMS
        if not good or not all(isinstance(v, str) and len(v) <= MAX_LINE for v in value or ()):
            raise self.error(key, _count(value), f"a list of at most {MAX_ITEMS} texts")
        if any(_CONTROL.search(text) for text in cast(list[str], value)):
            raise self.error(key, "control characters", "texts that can be shown in a terminal")
        return tuple(cast(list[str], value))

    def lines(self, place: str, table: dict[str, Any], key: str, least: int = 0) -> Lines:
        value = table.get(key, [])
        if isinstance(value, str):
            value = value.splitlines()
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise self.error(place, value, "command lines: a list of texts, or one text")
        found = tuple(line for line in value if line.strip())
        if not least <= len(found) <= MAX_LINES:
            right = f"{least} to {MAX_LINES} command lines"
            raise self.error(place, f"{len(found)} of them", right)
        for line in found:
            if len(line) > MAX_LINE or not line.isprintable():
                raise self.error(place, line, f"printable lines of at most {MAX_LINE:,} characters")
        return found

    def expression(self, table: dict[str, Any], key: str, place: str = "") -> Expression:
        return self.said(table, key, place, read_condition)

    def filled(self, table: dict[str, Any], key: str, place: str = "") -> Filled:
        return self.said(table, key, place, read_text)

    def said(self, table: dict[str, Any], key: str, place: str, read: Callable[[str], _T]) -> _T:
        text = self.text(table, key, MAX_TEXT, place)
        try:
            return read(text)
        except ExpressionError as error:
            where = ", ".join(part for part in (self.place, f"{place}{key}") if part)
            raise LessonError(f"{self.path}: {where}: {error}") from None

    def error(self, key: str, found: Any, right: str) -> LessonError:
        where = ", ".join(part for part in (self.place, key) if part)
        return LessonError(f"{self.path}: {where}: found {_shown(found)}; right would be {right}")


def _is_within(path: Path, folders: Iterable[Path]) -> bool:
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in folders)


def _count(value: Any) -> Any:
    return f"{len(value)} of them" if isinstance(value, list) else value


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else f"{type(value).__name__} {value!r}"
    return text if len(text) <= 80 else f"{text[:80]}..."
