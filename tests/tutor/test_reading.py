"""Reading a lesson: each kind of damage has one message, which names the step and the key."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tutor.lesson import LessonError, Task
from aclbench.tutor.reading import MAX_BYTES, read_lesson
from aclbench.tutor.template import TEMPLATE, new_lesson

from .lessons import lesson, written


def test_reads_a_good_one(tmp_path: Path) -> None:
    found = lesson(tmp_path)
    assert (found.name, found.number, found.minutes) == ("01-good", 1, 5)
    assert [step.kind for step in found.steps] == ["read", "predict", "experiment", "task"]
    task = found.steps[3]
    assert isinstance(task, Task)
    assert [part.missing.text for part in task.goal] == [
        "no session was opened since this step began",
        "there are {sessions.live} sessions, not 2",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "A title in a line"', "", "title: found nothing; right would be text"),
        (
            "A title in",
            "A \\u001b[2J in",
            "title: found 'A \\x1b[2J in a line'; right",
        ),
        ('know = ["', 'know = ["\\u009b', "know 1: found '\\x9bwhat"),
        ("minutes = 5", "minutes = 0", "minutes: found 0; right would be a whole number"),
        ("minutes = 5", "minutes = true", "minutes: found true"),
        ("minutes = 5", "minute = 5", "minute: an unknown key; did you mean minutes?"),
        ("know = [", "know = [7, ", "know 1: found 7; right would be text"),
        ("aclbench.engine.sessions:", "os:", "source 1: found os:Sessions.add_session"),
        ("[bench]", 'scenario = "aging"\n[bench]', "scenario, bench: found both"),
        ("workers = 1", "workers = 257", "bench, workers: found 257"),
        ("workers = 1", "worker = 1", "bench, worker: an unknown key; did you mean workers?"),
        ("workers = 1", 'placement = "core"', "bench, placement: found core"),
        ("workers = 1", 'design = "wheels"', "bench, design: found wheels; right would be fifo"),
        ('kind = "read"', 'kind = "song"', "steps 1, kind: found song; right would be read"),
        ('kind = "read"', 'kind = "read"\nfresh = 1', "steps 1, fresh: found 1"),
        ('kind = "read"', 'kind = "read"\nset_up = [3]', "steps 1, set_up: found [3]"),
        ('kind = "read"', 'kind = "read"\nrun = []', "steps 1, run: an unknown key; there is"),
        ('label = "none"', 'label = "one"', "steps 2, options: found a label twice"),
        ("sessions.live == 0", "sesions.live == 0", "options 1, when: column 1: there is no name"),
        (
            "sessions.live == 0",
            "sessions.life",
            "column 10: a count of sessions has no life; did you mean live",
        ),
        ("{sessions.live}.", "{sessions.live.", "steps 2, why: column 25: a { alone"),
        (
            "{sessions.live}.",
            "{sessions}.",
            "why: column 25: {sessions} is a count of sessions; a number",
        ),
        ("at =", "where =", "steps 3, look, where: an unknown key"),
        ("parts = [", "part = [", "steps 4, part: an unknown key; did you mean parts?"),
        ('  { text = "What opened the first one?" },\n', "", "hints: found 2 of them; right"),
        ("others = [[", "others = [] # [[", "steps 4, others: found 0 of them"),
        ("says = ", "say = ", "steps 4, near 1, say: an unknown key; did you mean says?"),
        ('solution = ["send', 'solution = ["\\u0007send', "solution: found"),
        ("minutes = 5", "minutes = ", "not TOML: "),
    ],
)
def test_names_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(LessonError) as error:
        lesson(tmp_path, (old, new))
    assert says in str(error.value)
    assert len(str(error.value).splitlines()) == 1 or "TOML" in says


def test_refuses_what_is_no_lesson_at_all(tmp_path: Path) -> None:
    big, binary, deep = (tmp_path / name for name in ("big.toml", "binary.toml", "deep.toml"))
    big.write_bytes(b"#" * (MAX_BYTES + 1))
    binary.write_bytes(b"\xff\xfe")
    deep.write_text("a = " + "[" * 100_000)
    for path, says in (
        (big, "more than 256 kB"),
        (binary, "not text in UTF-8"),
        (deep, "brackets more than 64 deep"),
        (tmp_path, "a folder"),
        (tmp_path / "none.toml", "no such file"),
        (written(tmp_path, name="-x.toml"), "not a name for a lesson"),
    ):
        with pytest.raises(LessonError, match=says):
            read_lesson(path)


@pytest.mark.parametrize("name", ["../out.toml", "/etc/passwd", "link.toml", "none.toml", "nope"])
def test_a_scenario_is_bundled_or_beside_the_lesson(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (tmp_path / "out.toml").write_text("")
    os.symlink(tmp_path / "out.toml", folder / "link.toml")
    begin, end = TEMPLATE.index("[bench]"), TEMPLATE.index("# Steps of four")
    path = folder / "01-x.toml"
    path.write_text(TEMPLATE[:begin] + f'scenario = "{name}"\n' + TEMPLATE[end:])
    with pytest.raises(LessonError, match=r"scenario: found .*right would be a bundled one"):
        read_lesson(path)


def test_captures_of_a_scenario_beside_it_are_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (tmp_path / "secret.pcap").write_bytes(b"")
    scenario = '[[interface]]\nname = "pg0"\nprefixes = ["10.0.0.0/24"]\n[[interface]]\n'
    (folder / "mine.toml").write_text(f'captures = ["../secret.pcap"]\n{scenario}name = "pg1"\n')
    begin, end = TEMPLATE.index("[bench]"), TEMPLATE.index("# Steps of four")
    path = folder / "01-x.toml"
    path.write_text(TEMPLATE[:begin] + 'scenario = "mine.toml"\n' + TEMPLATE[end:])
    with pytest.raises(LessonError, match="captures in the lesson's folder"):
        read_lesson(path)


def test_a_new_lesson_takes_no_file_away(tmp_path: Path) -> None:
    new_lesson(tmp_path / "01-new.toml")
    with pytest.raises(LessonError, match="there already"):
        new_lesson(tmp_path / "01-new.toml")


@given(st.data())
def test_any_damage_is_one_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(TEMPLATE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.getbasetemp() / "01-damaged.toml"
    path.write_bytes(bytes(content))
    with suppress(LessonError):
        read_lesson(path)


STREAM = 'streams = [{name = "asked", pcap = "dns-ping.pcap", source = "pg0", limit = 1}]\n'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("dns-ping.pcap", "../secret.pcap", "bench, streams 1, pcap: found ../secret.pcap; right"),
        ("dns-ping.pcap", "missing.pcap", "the name of a capture beside the lesson, or a bundled"),
        ("dns-ping.pcap", "huge.pcap", "huge.pcap, which is larger; right would be a capture of"),
        ("limit = 1", "limit = 0", "limit: found 0; right would be a number of packets"),
        ('"pg0"', '"pg0 }"', "source: found pg0 }; right would be an interface such as pg0"),
        ('"asked"', '"no name"', "name: found no name; right would be a name such as questions"),
        ("limit", "speed", "streams 1, speed: an unknown key"),
    ],
)
def test_a_stream_reaches_no_other_file_and_is_named(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    (tmp_path / "secret.pcap").write_bytes(b"")
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "huge.pcap").write_bytes(bytes((1 << 20) + 1))
    path = written(folder, ("workers = 1", STREAM.replace(old, new) + "workers = 1"))
    with pytest.raises(LessonError) as caught:
        read_lesson(path)
    assert says in str(caught.value)
