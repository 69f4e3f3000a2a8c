"""JSON files from strangers, by Python's own parser."""

import os
from pathlib import Path

import pytest

from frcnn.data.json_text import line_and_column, read_json, unreadable
from frcnn.errors import AnnotationError


def fails(path: Path, data: bytes) -> AnnotationError:
    path.write_bytes(data)
    with pytest.raises(AnnotationError) as caught:
        read_json(path)
    assert caught.value.code == "RC271"
    return caught.value


def test_golden(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + '[1, {"ä": [null, true, 0.5]}]'.encode())
    assert read_json(path) == [1, {"ä": [None, True, 0.5]}]


def test_lines_and_columns() -> None:
    assert line_and_column("ab\ncd", 0) == (1, 1)
    assert line_and_column("ab\ncd", 4) == (2, 2)


@pytest.mark.parametrize(
    ("data", "where", "got"),
    [
        (b'{\n"a": 1,\n}', ":3:1", "property name"),
        (b'{\n"a": "\xff"}', ":2", "no UTF-8"),
        (b'{"a": 1, "a": 2}', "", "twice in one object"),
        (b'{"a": NaN}', "", "NaN"),
        (b"[" * 100_000, "", "nested too deep"),
        (b"9" * 5000, "", "digits"),
        (b"", ":1:1", "Expecting value"),
    ],
)
def test_wrong_in_text(tmp_path: Path, data: bytes, where: str, got: str) -> None:
    error = fails(tmp_path / "a.json", data)
    assert error.place == f"{tmp_path / 'a.json'}{where}"
    assert got in error.got


def test_wrong_in_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("none.json", "pipe.json", ""):
        with pytest.raises(AnnotationError, match="RC271"):
            read_json(tmp_path / name)
    assert unreadable(Path("a.json"), "x", ":1").place == "a.json:1"
