"""append_line and read_lines_until_torn: a diary that a kill cannot spoil (D20)."""

import os
import resource
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frcnn import diaries
from frcnn.errors import DiskError


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def test_lines_are_appended(diary: Path) -> None:
    diaries.append_line(diary, '{"step": 1}')
    diaries.append_line(diary, '{"step": 2, "ü": 1}')
    assert diary.read_bytes() == '{"step": 1}\n{"step": 2, "ü": 1}\n'.encode()
    assert diaries.read_lines_until_torn(diary) == ['{"step": 1}', '{"step": 2, "ü": 1}']


def test_a_torn_line_is_not_read(diary: Path) -> None:
    diary.write_bytes('{"a": 1}\n{"b": "ü"}'.encode()[:-3])  # within a letter
    assert diaries.read_lines_until_torn(diary) == ['{"a": 1}']


@pytest.mark.parametrize("torn", [b"x", b"x" * 65535, b"x" * 65536, b"x" * 200_000])
@pytest.mark.parametrize("before", [b"", b"one\ntwo\n"])
def test_a_torn_line_is_cut_off_first(diary: Path, before: bytes, torn: bytes) -> None:
    diary.write_bytes(before + torn)
    diaries.append_line(diary, "three")
    assert diary.read_bytes() == before + b"three\n"


@given(
    lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=5),
    kept=st.integers(0, 60),
)
@settings(max_examples=50)
def test_cut_anywhere_whole_lines_stay(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], kept: int
) -> None:
    diary = tmp_path_factory.mktemp("a") / "log"
    diary.touch()
    for line in lines:
        diaries.append_line(diary, line)
    content = diary.read_bytes()
    assert diaries.read_lines_until_torn(diary) == lines
    diary.write_bytes(content[:kept])
    whole = lines[: content[:kept].count(b"\n")]
    assert diaries.read_lines_until_torn(diary) == whole
    diaries.append_line(diary, "new")
    assert diaries.read_lines_until_torn(diary) == [*whole, "new"]


def test_killed_at_any_instant_lines_are_whole(diary: Path) -> None:
    def work() -> None:
        step = 0
        while True:
            diaries.append_line(diary, f'{{"step": {step}, "pad": "{"x" * 5000}"}}')
            step += 1

    for _ in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            work()
        before = diaries.read_lines_until_torn(diary) if diary.exists() else []
        while not diary.exists() or len(diaries.read_lines_until_torn(diary)) < len(before) + 3:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = diaries.read_lines_until_torn(diary)
        assert lines[: len(before)] == before
        assert all(line.startswith('{"step": ') and line.endswith('x"}') for line in lines)


def test_bytes_that_are_no_text_do_not_stop_the_reader(diary: Path) -> None:
    diary.write_bytes(b"\xff\xfe\ngood\n")
    assert diaries.read_lines_until_torn(diary)[1] == "good"


def test_a_line_has_no_end_within(diary: Path) -> None:
    with pytest.raises(AssertionError, match="one line"):
        diaries.append_line(diary, "a\nb")
    assert not diary.exists()


def test_a_full_device() -> None:
    with pytest.raises(DiskError, match="No space left on device") as raised:
        diaries.append_line(Path("/dev/full"), "x")
    assert raised.value.code == "RC601"


def test_a_limit_keeps_what_stood_there(diary: Path, in_child: Callable) -> None:
    diaries.append_line(diary, "old")

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        with pytest.raises(DiskError, match="File too large"):
            diaries.append_line(diary, "x" * 1000)

    assert in_child(work) == 0
    assert diary.read_bytes() == b"old\n"


def test_a_diary_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as raised:
        diaries.append_line(tmp_path, "x")
    assert raised.value.code == "RC603"
