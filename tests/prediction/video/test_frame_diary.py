"""The frames' own file: lines that are whole, read one by one."""

from pathlib import Path

import pytest

from frcnn.errors import ConfigError, DiskError
from frcnn.prediction.video.frame_diary import FrameDiary


def row(number: int) -> dict:
    return {"path": "ü.mp4", "frame": number, "time": number / 10, "objects": []}


# --- golden


def test_golden_lines(tmp_path: Path) -> None:
    diary = FrameDiary(tmp_path / "film.mp4.jsonl")
    for number in range(3):
        diary.add(row(number))
    text = (tmp_path / "film.mp4.jsonl").read_text()
    assert text.splitlines()[1] == '{"path": "ü.mp4", "frame": 1, "time": 0.1, "objects": []}'
    assert list(diary.rows()) == [row(0), row(1), row(2)]
    assert diary.count() == 3


# --- what always holds


def test_a_torn_line_is_none(tmp_path: Path) -> None:
    diary = FrameDiary(tmp_path / "a")
    diary.add(row(0))
    with (tmp_path / "a").open("a") as stream:
        stream.write('{"frame": 1, "obj')
    assert diary.count() == 1
    diary.add(row(1))
    assert list(diary.rows()) == [row(0), row(1)]


def test_what_is_begun_anew_is_empty(tmp_path: Path) -> None:
    diary = FrameDiary(tmp_path / "a")
    diary.add(row(0))
    diary.begin()
    assert diary.count() == 0


# --- nothing in


def test_no_file(tmp_path: Path) -> None:
    diary = FrameDiary(tmp_path / "nowhere")
    assert (diary.count(), list(diary.rows())) == (0, [])


# --- wrong in


@pytest.mark.parametrize("line", ["no json", "[]", '{"frame": 1}'])
def test_a_damaged_line(tmp_path: Path, line: str) -> None:
    diary = FrameDiary(tmp_path / "a")
    diary.add(row(0))
    (tmp_path / "a").write_text((tmp_path / "a").read_text() + line + "\n")
    with pytest.raises(ConfigError, match="a:2: the line is damaged") as caught:
        list(diary.rows())
    assert caught.value.code == "RC388"


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        FrameDiary(tmp_path).count()


def test_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        FrameDiary(tmp_path / "a").add({"time": float("nan")})
