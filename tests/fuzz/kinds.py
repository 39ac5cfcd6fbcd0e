"""The kinds of inputs that are fuzzed, each a maker of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from capture.fuzz import make_corpus
from capture.mutate import mutant_of as capture_mutant_of
from tutor.learner import work_through

from aclbench.tutor.progress import Progress
from aclbench.tutor.shelf import find_lesson
from aclbench.tutor.submission import submission_of, write_submission
from aclbench.workbench.commands.table import make_command_table
from aclbench.workbench.rig.bundled import bundled_files, bundled_folder, find_input
from aclbench.workbench.workbench import Workbench
from fuzz.documents import ABSURD, HOSTILE, hostile_string, mutant_of
from fuzz.running import Case

#: A case of a kind: made of chance, and a folder that the corpus can be made in.
MakeCase = Callable[[Random, Path], Case]

#: The net of CPU seconds, below the harness's own.
NET: Final = ("--cpu-seconds", "4")
SCENARIOS: Final = ("aging", "http", "two-workers")
LESSONS: Final = ("01-pinhole", "03-three-classes", "10-quantum")
RUN: Final = (
    "run 1s",
    "send pg0 udp 10.0.0.9:5 > 192.168.0.2:53",
    "step 3",
    "back 2 packets",
    "branch x",
    "clear acl-plugin sessions",
    "run 2s",
)
CONFIG: Final = """\
theme = "textual-dark"
play_gaps = true
[keys]
step = "s"
quit = "ctrl+q"
"""
#: What a newcomer types at the screen, and what nobody would.
KEYS: Final = (
    b" ", b"s", b"e", b"b", b"j", b"k", b"1", b"2", b"3", b"4", b"5", b"6", b"\t", b"\r", b"\x1b",
    b"?", b"/", b":", b"+", b"-", b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1bOP", b"i", b"c",
    b"\xe9", b"\xff\xfe", b"\xc3", b"\x80", b"\x00", b"\x1b[200~p\xe9ste\x1b[201~", b"\x1b[<0;5;5M",
    b"\x1b[<0;5;5m", b"\x1b[M !!", b"\x1b[999;999R", b"\x1b]11;rgb:0/0/0\x07", b"\x1bx", b"\x18",
)  # fmt: skip


# --- files ------------------------------------------------------------------------------------


def captures(chance: Random, folder: Path) -> Case:
    """A damaged capture: read and decoded in both ways, and replayed as the command does."""
    data = capture_mutant_of(_captures(), chance)
    if chance.random() < 0.5:
        return Case(("replay", "--trace", *NET, "mutant.pcap"), {"mutant.pcap": data})
    return Case(("mutant.pcap",), {"mutant.pcap": data}, module="capture.fuzz")


def scenarios(chance: Random, folder: Path) -> Case:
    """A damaged scenario."""
    text = mutant_of(_texts("scenarios", "toml"), chance)
    files = {"mutant.toml": _bytes(text), **_pcaps()}
    told = chance.choice([("replay",), ("repl", "-c", "run 1s")])
    return Case((*told, *NET, "mutant.toml"), files)


def run_files(chance: Random, folder: Path) -> Case:
    """A damaged run, loaded."""
    files = {"mutant.run": _bytes(mutant_of(_runs(folder), chance)), **_pcaps()}
    return Case(("repl", *NET, "-c", "branches", "-c", "back 3", "mutant.run"), files)


def lessons(chance: Random, folder: Path) -> Case:
    """A damaged lesson, checked or made a handout of."""
    text = mutant_of(_texts("lessons", "toml"), chance)
    told = chance.choice(
        [
            ("learn", "check", *NET, "01-mutant.toml"),
            ("learn", "export", "--answers", "01-mutant.toml"),
        ]
    )
    return Case(told, {"01-mutant.toml": _bytes(text)})


def submissions(chance: Random, folder: Path) -> Case:
    """A damaged submission, graded."""
    text = mutant_of(_submissions(folder), chance)
    form = chance.choice([(), ("--json",), ("--csv",)])
    return Case(("learn", "grade", *NET, *form, "mutant.json"), {"mutant.json": _bytes(text)})


def progress(chance: Random, folder: Path) -> Case:
    """Damaged progress, listed and gone on from."""
    name, texts = chance.choice(sorted(_progress(folder).items()))
    files = {f"state/aclbench/{name}": _bytes(mutant_of([texts], chance))}
    told = chance.choice([("learn",), ("learn", "submit", LESSONS[0], "--name", "x", "-o", "x")])
    return Case(told, files, may_write=True)


def configs(chance: Random, folder: Path) -> Case:
    """A damaged config, with which the screen is begun and left."""
    text = mutant_of([CONFIG], chance)
    return Case(("tui", "http"), {"config/aclbench/config.toml": _bytes(text)}, typed=(b"q", b"y"))


# --- what is typed ----------------------------------------------------------------------------


def lines(chance: Random, folder: Path) -> Case:
    """Command lines at the prompt, from a pipe."""
    told = "\n".join(_line(chance) for _ in range(chance.randint(1, 12)))
    form = chance.choice([(), ("--json",)])
    return Case(("repl", *form, "aging"), stdin=_bytes(told), may_write=True)


def arguments(chance: Random, folder: Path) -> Case:
    """The program's own arguments."""
    commands = (
        "replay",
        "explain",
        "repl",
        "learn",
        "synth",
        "completion",
        "tui",
        "grade",
        "check",
    )
    options = (
        *("--json", "--trace", "--only", "--write-annotated", "--until", "--inside", "--workers"),
        *("--threads", "-c", "--budget", "--cpu-seconds", "--packets", "--flows", "-o", "--", "-h"),
    )
    words = [*commands, *options, *HOSTILE, *ABSURD, "aging", "http", "mutant.pcap", "é\udce9"]
    told = [chance.choice(commands), *(chance.choice(words) for _ in range(chance.randint(0, 5)))]
    plain = tuple(word.replace("\0", "")[:20_000] for word in told if "pulse" not in word)
    return Case(plain, may_write=True)


def prompt_keys(chance: Random, folder: Path) -> Case:
    """Bytes at the prompt's terminal."""
    typed = tuple(
        _bytes(_line(chance)) + b"\r" if chance.random() < 0.6 else _keys(chance)
        for _ in range(chance.randint(1, 12))
    )
    told, files = _shown(chance, (("repl",), ("learn", "--repl"), ("learn", "present")))
    return Case(told, files, typed=(*typed, b"\x03", b"\x15quit\r"), may_write=True)


def screen_keys(chance: Random, folder: Path) -> Case:
    """Bytes at the screen."""
    typed = tuple(_keys(chance) for _ in range(chance.randint(5, 40)))
    told, files = _shown(chance, (("tui",), ("tui", "--threads"), ("learn",)))
    return Case(told, files, typed=(*typed, b"\x1b", b"\x1b", b"q", b"y"), may_write=True)


#: The kinds, and how often each has its turn.
KINDS: Final[Mapping[str, tuple[int, MakeCase]]] = {
    "captures": (8, captures),
    "scenarios": (8, scenarios),
    "run files": (8, run_files),
    "lessons": (6, lessons),
    "submissions": (6, submissions),
    "progress": (4, progress),
    "configs": (1, configs),
    "lines": (8, lines),
    "arguments": (6, arguments),
    "prompt keys": (2, prompt_keys),
    "screen keys": (2, screen_keys),
}


# --- of what they are made ----------------------------------------------------------------------


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _keys(chance: Random) -> bytes:
    if chance.random() < 0.15:
        return bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
    return b"".join(chance.choice(KEYS) for _ in range(chance.randint(1, 4)))


def _shown(
    chance: Random, faces: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """A face that somebody sits at, and what is shown there: sound, or with others' controls."""
    face = chance.choice([faces[0], *faces])
    of_lessons = face[0] == "learn"
    if chance.random() < 0.6:
        return (*face, chance.choice(LESSONS if of_lessons else SCENARIOS)), {}
    text = chance.choice(_texts("lessons" if of_lessons else "scenarios", "toml"))
    for _ in range(chance.randint(1, 3)):
        text = hostile_string(text, chance)
    return (*face, "01-mutant.toml"), {"01-mutant.toml": _bytes(text), **_pcaps()}


def _line(chance: Random) -> str:
    """A line of the table's own words, arguments and absurd ones."""
    syntax = chance.choice(_syntaxes()).split()
    words = [_filled(word, chance) for word in syntax if word not in "[]|{}()..."]
    if chance.random() < 0.3:
        words.insert(chance.randint(0, len(words)), chance.choice([*HOSTILE, *ABSURD])[:5000])
    if chance.random() < 0.2:
        del words[chance.randrange(len(words)) :]
    return " ".join(words).replace("\n", " ")


def _filled(word: str, chance: Random) -> str:
    if "<" not in word:
        return word.strip("[]|{}()")
    return chance.choice(
        ["0", "1", "7", "pg0", "pg1", "10.0.0.2", "10.0.0.0/24", "1s", "+2", "udp", "acl", "x.run",
         "x", "\x1b]0;PWNED\x07", "é", '"', "", "-1", "99999999999999999999", "main", "packet"]
    )  # fmt: skip


@cache
def _syntaxes() -> list[str]:
    leaves = ("exec", "quit", "exit")
    found = [command.syntax for command in make_command_table().commands]
    return [syntax for syntax in found if not syntax.startswith(leaves)]


@cache
def _captures() -> list[bytes]:
    return make_corpus()


@cache
def _texts(folder: str, suffix: str) -> list[str]:
    paths = sorted(bundled_folder(folder).glob(f"*.{suffix}"))
    return [path.read_text().replace("../pcaps/", "pcaps/") for path in paths]


@cache
def _pcaps() -> dict[str, bytes]:
    paths = [path for path in bundled_files("pcaps") if path.stat().st_size < 200_000]
    return {f"pcaps/{path.name}": path.read_bytes() for path in paths}


@cache
def _runs(folder: Path) -> list[str]:
    made = []
    for name in ("aging", "two-workers"):
        bench = Workbench.load(find_input(name))
        for line in RUN:
            bench.cli(line)
        for form in ("", " with-captures"):
            path = folder / f"{name}{form.strip()}.run"
            bench.cli(f"save {path}{form}")
            made.append(path.read_text())
    return made


@cache
def _submissions(folder: Path) -> list[str]:
    made = []
    for name in LESSONS:
        run = work_through(find_lesson(name))
        path = folder / f"{name}.json"
        write_submission(submission_of(run, "Ada"), path)
        run.close()
        made.append(path.read_text())
    return made


@cache
def _progress(folder: Path) -> dict[str, str]:
    progress = Progress(folder / "progress" / "lessons.json")
    for name in LESSONS[:2]:
        run = work_through(find_lesson(name))
        progress.save(run)
        run.close()
    found = (folder / "progress").rglob("*.json")
    return {str(p.relative_to(folder / "progress")): p.read_text() for p in found}
