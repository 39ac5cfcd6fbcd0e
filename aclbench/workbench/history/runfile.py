"""Run files: a run that can be sent to someone and continued there.

Text, a JSON value a line. The first is the header: the format's version, how the bench was made,
its scenario, its captures by content hash (with their bytes on request). Then for each branch a
line with its name, its parent and how many inputs they share, and a line for each of its own.

The same lines, written as they come, are the record that outlives a crash (`recorder.py`).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from aclbench.engine.steps import STEP_TABLE
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError, CaptureError, RunFileError
from aclbench.files import write_whole
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History, check_name
from aclbench.workbench.rig.inputs import Point, Run, Steps, op_from_json, op_to_json
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, TimedLine
from aclbench.workbench.rig.start import Start

VERSION: Final = 2
SUFFIX: Final = ".run"
#: A line longer than this is not one of ours.
MAX_LINE_BYTES: Final = 256 << 20
#: Captures that a run file brings along are at most so large, unpacked.
MAX_CAPTURE_BYTES: Final = 1 << 30


# --- writing --------------------------------------------------------------------------------


def save_run(history: History, path: Path, with_captures: bool = False) -> None:
    """Write a whole history; atomically, so that a full disk leaves the old file. RunFileError."""
    if "\0" in str(path):
        raise RunFileError(f"{str(path)!r}: not the name of a file")
    lines = [header_line(history.here.rig, with_captures)]
    for branch in history.branches.values():
        lines += branch_lines(branch, history.branches.get(branch.parent))
    lines.append(json.dumps({"current": history.branch.name, "at": _point(history.cursor)}))
    try:
        write_whole(path, "".join(line + "\n" for line in lines))
    except OSError as error:
        raise RunFileError(f"{path}: cannot be written: {error.strerror}") from None


def header_line(rig: Rig, with_captures: bool) -> str:
    """How the rig was made, as one line."""
    scenario = rig.scenario
    if rig.feed is not None:
        try:
            rig.feed.check_captures()
        except CaptureError as error:
            raise RunFileError(str(error)) from None
    start = rig.start._asdict()
    start["order"] = rig.stepped.order
    del start["driver"], start["speed"]  # on real threads there is no history
    header: dict[str, Any] = {
        "aclbench-run": VERSION,
        "step-table": STEP_TABLE,
        "start": start,
    }
    if scenario is not None:
        shown = asdict(scenario)
        shown["captures"] = [_capture(path, with_captures) for path in scenario.captures]
        header["scenario"] = shown
    return json.dumps(header)


def branch_lines(branch: Branch, parent: Branch | None) -> list[str]:
    """A branch: what it shares with its parent, then its own inputs."""
    shared = 0
    if parent is not None:
        for ours, theirs in zip(branch.ops, parent.ops, strict=False):
            if ours != theirs:
                break
            shared += 1
    head = {"branch": branch.name, "parent": branch.parent, "shared": shared}
    return [json.dumps(head), *(json.dumps(op_to_json(op)) for op in branch.ops[shared:])]


def _capture(path: Path, with_bytes: bool) -> dict[str, Any]:
    """A capture by name, size and content hash."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    found = {
        "path": str(path.resolve()),
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if with_bytes:
        found["gzip"] = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return found


def _point(point: Point) -> list[Any]:
    return [point.op, list(point.position), point.time]


# --- reading --------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """The branches of a run file, the current one, and where the bench stood on it.

    Their inputs are read, not yet performed.
    """

    branches: dict[str, Branch]
    current: Branch
    at: Point
    #: The line that each input stands in, by the input's identity.
    lines: dict[int, int]


class RunFileReader:
    """Reads a run file: its header at once, its branches once there is a rig to begin from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = self._read_rows()
        self._branches: dict[str, Branch] = {}
        self._current: Branch | None = None
        self._at: Point | None = None
        self._lines: dict[int, int] = {}
        self.start, self.scenario = self._header()

    def _header(self) -> tuple[Start, Scenario | None]:
        """How the bench is made that the file is of."""
        _, header = next(self._rows, (1, None))
        if not isinstance(header, dict) or "aclbench-run" not in header:
            raise RunFileError(f"{self.path}: not a run file; `save` writes them")
        if header["aclbench-run"] != VERSION:
            raise RunFileError(
                f"{self.path}: a run file of version {header['aclbench-run']!r}; this aclbench "
                f"reads version {VERSION}: use the one that saved it, and save its commands"
            )
        if header.get("step-table") != STEP_TABLE:
            raise RunFileError(
                f"{self.path}: its positions count the steps of another step table than number "
                f"{STEP_TABLE}: use the aclbench that saved it, and save its commands"
            )
        try:
            start = Start(**header["start"])
            if start.order not in ("fair", "random") or start.driver != "stepped":
                raise ValueError("an order is fair or random, and a run is stepped")
            return start, self._scenario(header.get("scenario"))
        except RunFileError:
            raise
        except (AclbenchError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self.error(1, str(error)) from None

    def branches(self, begin: Point) -> Recorded:
        """All branches of a run that began at a point."""
        for number, row in self._rows:
            try:
                self._take(begin, row, number)
            except RunFileError:
                raise
            except (AclbenchError, ValueError, KeyError, TypeError, IndexError) as error:
                raise self.error(number, str(error) or type(error).__name__) from None
        current = self._current if self._current is not None else self._first("main", begin)
        return Recorded(self._branches, current, self._at or current.lasting_end, self._lines)

    def _take(self, begin: Point, row: Any, number: int) -> None:
        """What one line says."""
        if isinstance(row, dict) and "branch" in row:
            name, parent, shared = str(row["branch"]), str(row["parent"]), int(row["shared"])
            self._begin_branch(begin, name, parent, shared)
            return
        if self._current is None:
            self._first("main", begin)
        assert self._current is not None
        if isinstance(row, list):
            op = op_from_json(row)
            position, time = self._current.end[1:]
            if isinstance(op, Run | Steps):
                if not 0 <= op.time < NEVER or op.time < time:
                    raise ValueError("a time that cannot be")
                position, time = op.position, op.time
            self._current.append(op, position, time)
            self._lines[id(op)] = number
        elif isinstance(row, dict) and "switch" in row:
            self._current = self._find(str(row["switch"]))
        elif isinstance(row, dict) and "current" in row:
            self._current = self._find(str(row["current"]))
            op_index, position, time = row["at"]
            last = op_from_json(["run", position, time])
            assert isinstance(last, Run)
            if not 0 <= op_index <= len(self._current.ops):
                raise ValueError("a place that is not in the run")
            self._at = Point(int(op_index), last.position, last.time)
        else:
            raise ValueError("not a line that aclbench knows")

    def _first(self, name: str, begin: Point) -> Branch:
        self._current = self._branches[name] = Branch(name, [begin])
        return self._current

    def _begin_branch(self, begin: Point, name: str, parent: str, shared: int) -> None:
        """A branch leaves its parent behind so many inputs."""
        if not parent:
            if self._branches:
                raise ValueError("a second first branch")
            self._first(name, begin)
            return
        check_name(name, self._branches)
        origin = self._find(parent)
        if not 0 <= shared <= len(origin.ops):
            raise ValueError("a branch that shares more than there is")
        starts, ops = origin.starts[: shared + 1], origin.ops[:shared]
        self._current = self._branches[name] = Branch(name, starts, ops, parent=parent)

    def _find(self, name: str) -> Branch:
        if name not in self._branches:
            raise ValueError(f"there is no branch {name}")
        return self._branches[name]

    def _read_rows(self) -> Iterator[tuple[int, Any]]:
        """The lines as JSON values, with their numbers. A last line cut off is left out."""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(_lines(file), 1):
                    try:
                        yield number, json.loads(line)
                    except (ValueError, RecursionError):
                        if not line.endswith(b"\n") and number > 1:
                            return  # the process that wrote it ended in the middle of the line
                        raise self.error(number, "not JSON; the file is damaged") from None
        except OSError as error:
            raise RunFileError(f"{self.path}: {error.strerror}") from None

    def _scenario(self, shown: Any) -> Scenario | None:
        if shown is None:
            return None
        captures = tuple(self._find_capture(entry) for entry in shown["captures"])
        interfaces = tuple(_interface(fields) for fields in shown["interfaces"])
        rx = tuple(map(str, shown["rx"]))
        if rx and len(rx) != len(captures):
            raise ValueError("a scenario with captures that enter nowhere")
        fields = {name: shown[name] for name in ("title", "text", "assumed", "place", "placement")}
        if not all(isinstance(value, str) for value in fields.values()):
            raise ValueError("a scenario with something that is not text where text belongs")
        scenario = Scenario(fields["title"], interfaces, captures=captures, rx=rx)
        return replace(
            scenario,
            workers=shown["workers"],
            cli=tuple(map(str, shown["cli"])),
            at=tuple(TimedLine(str(a["time"]), str(a["line"])) for a in shown.get("at", ())),
            **fields,
        )

    def _find_capture(self, entry: dict[str, Any]) -> Path:
        """The capture with the recorded content: where it was, beside the run file, or in it."""
        recorded = Path(entry["path"])
        changed: Path | None = None
        for candidate in (recorded, self.path.parent / recorded.name):
            if candidate.is_file():
                if _hash(candidate) == entry["sha256"]:
                    return candidate
                changed = candidate
        if "gzip" in entry:
            return self._unpacked(recorded.name, entry)
        if changed is not None:
            raise RunFileError(
                f"{self.path}: the capture {changed} has changed since the run was saved "
                f"(its SHA-256 was {entry['sha256'][:16]}...); put the old one beside the run file"
            )
        raise RunFileError(
            f"{self.path}: the capture {recorded} is not there; put {recorded.name} beside the run "
            "file, or save the run with its captures"
        )

    def _unpacked(self, name: str, entry: dict[str, Any]) -> Path:
        """Write a capture that came along to a folder of its own."""
        packed = base64.b64decode(entry["gzip"], validate=True)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(MAX_CAPTURE_BYTES + 1)
        if (
            len(content) > MAX_CAPTURE_BYTES
            or hashlib.sha256(content).hexdigest() != entry["sha256"]
        ):
            raise RunFileError(f"{self.path}: the capture {name} in it is damaged")
        path = Path(tempfile.mkdtemp(prefix="aclbench-")) / (Path(name).name or "capture.pcap")
        path.write_bytes(content)
        return path

    def error(self, number: int, what: str) -> RunFileError:
        return RunFileError(f"{self.path}: line {number}: {what}")


def _interface(fields: dict[str, Any]) -> InterfaceSpec:
    """An interface of a scenario, as `asdict` wrote it."""
    labels = tuple(fields["capture_interfaces"])
    if not all(type(label) in (int, str) for label in labels):
        raise ValueError("a capture interface that is neither a name nor a number")
    texts = {
        name: tuple(map(str, fields[name])) for name in ("addresses", "prefixes", "vlans", "macs")
    }
    return InterfaceSpec(str(fields["name"]), capture_interfaces=labels, **texts)


def _lines(file: IO[bytes]) -> Iterable[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        yield line


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
