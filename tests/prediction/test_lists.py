"""Lists of sources: what is a line, where it stands, what is no list."""

import io
import sys
from pathlib import Path

import pytest

from frcnn.errors import PictureError
from frcnn.prediction import lists
from frcnn.prediction.lists import (
    Line,
    is_list,
    is_standard_input,
    lines_of_bytes,
    lines_of_file,
    read_standard_input,
)


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# --- golden


def test_golden_lines() -> None:
    data = b"\xef\xbb\xbf# the north side\n\n  a b.jpg  \r\nhttps://host/#1\nc#d.png\n"
    want = [Line("a b.jpg", "-:3"), Line("https://host/#1", "-:4"), Line("c#d.png", "-:5")]
    assert lines_of_bytes(data) == want


def test_paths_are_of_the_working_folder_then_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("here.png", "in/here.png", "in/beside.png"):
        (tmp_path / name).touch()
    (tmp_path / "in" / "list.txt").write_text("here.png\nbeside.png\nnowhere.png\n")
    monkeypatch.chdir(tmp_path)
    found = lines_of_file(Path("in/list.txt"))
    assert [line.text for line in found] == ["here.png", "in/beside.png", "nowhere.png"]
    assert found[2].place == "in/list.txt:3"


def test_standard_input_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"a\nb\n")
    assert read_standard_input() == b"a\nb\n"
    assert is_standard_input("-")
    assert is_standard_input("/dev/stdin")
    assert not is_standard_input("./-")


# --- nothing in


@pytest.mark.parametrize("data", [b"", b"\n \n", b"# nothing\n"])
def test_nothing(data: bytes) -> None:
    assert lines_of_bytes(data) == []


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert read_standard_input() == b""


# --- wrong in


def test_names_that_are_no_utf8_stay_as_they_are() -> None:
    assert lines_of_bytes(b"a\xff.jpg")[0].text == "a\udcff.jpg"


def test_bytes_are_no_list() -> None:
    with pytest.raises(PictureError, match="no text") as caught:
        lines_of_bytes(b"PK\3\4\0\0")
    assert (caught.value.code, caught.value.place) == ("RC124", "-")


def test_more_than_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lists, "LARGEST", 10)
    pipe(monkeypatch, b"x" * 11)
    with pytest.raises(PictureError, match="RC124"):
        read_standard_input()
    (tmp_path / "list.txt").write_bytes(b"x" * 11)
    with pytest.raises(PictureError, match="RC124"):
        lines_of_file(tmp_path / "list.txt")


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="RC108"):
        lines_of_file(tmp_path / "list.txt")
    assert is_list(tmp_path / "LIST.TXT")
    assert not is_list(tmp_path / "list.csv")
