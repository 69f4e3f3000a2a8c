"""What every form is made of, and the small pieces with which they write."""

import io
import json
from pathlib import Path

import pytest

from frcnn.errors import DiskError
from frcnn.prediction.forms.results import (
    make_folder,
    strict_json,
    write_bytes,
    write_file,
    write_list,
)


def test_golden_a_list_has_an_item_a_line() -> None:
    stream = io.BytesIO()
    write_list(stream, iter([{"a": 1}, "ü"]))
    assert stream.getvalue().decode() == '[\n  {"a": 1},\n  "ü"]'


def test_an_empty_list() -> None:
    stream = io.BytesIO()
    write_list(stream, [])
    assert json.loads(stream.getvalue()) == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_json_is_strict(bad: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json({"score": bad})


def test_folders_are_made(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b" / "c.txt", lambda stream: stream.write(b"x"))
    write_bytes(tmp_path / "a" / "d.txt", b"y")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"x"
    assert (tmp_path / "a" / "d.txt").read_bytes() == b"y"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("in the way")
    with pytest.raises(DiskError, match="RC603"):
        write_bytes(tmp_path / "a" / "b.txt", b"")
