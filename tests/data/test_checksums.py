"""SHA256SUMS: the form of `sha256sum`, and nothing else."""

import hashlib
import os
import subprocess

import pytest

from frcnn.data.checksums import FILE_NAME, read_checksums
from frcnn.errors import AnnotationError

SUM = "0" * 63 + "1"


def test_no_list(tmp_path) -> None:
    assert read_checksums(tmp_path) == {}


@pytest.mark.parametrize(
    "line",
    [
        f"{SUM}  a b.jpg",
        f"{SUM} *a b.jpg",
        f"{SUM}  ./a b.jpg",
        f"{SUM}  a b.jpg\r",
        f"\n{SUM}  a b.jpg\n",
    ],
    ids=["text", "binary", "with a dot", "Windows", "blank lines"],
)
def test_forms(tmp_path, line: str) -> None:
    (tmp_path / FILE_NAME).write_text(line, newline="")
    assert read_checksums(tmp_path) == {tmp_path / "a b.jpg": SUM}


def test_what_the_command_writes_is_read(standard) -> None:
    command = "find . -name '*.png' | xargs sha256sum > SHA256SUMS"
    subprocess.run(["sh", "-c", command], cwd=standard.root, check=True)
    sums = read_checksums(standard.root)
    assert len(sums) == 14
    for path, found in sums.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == found


@pytest.mark.parametrize(
    "line", ["d41d8cd98f00b204e9800998ecf8427e  md5.jpg", SUM, f"{SUM}  ", "x"]
)
def test_wrong_in(tmp_path, line: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(f"{SUM}  a.jpg\n{line}\n")
    with pytest.raises(AnnotationError) as caught:
        read_checksums(tmp_path)
    assert (caught.value.code, caught.value.place) == ("RC228", f"{path}:2")


def test_a_pipe_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    with pytest.raises(AnnotationError, match="RC228") as caught:
        read_checksums(tmp_path)
    assert caught.value.got == "not a regular file"


def test_names_that_are_no_utf8(tmp_path) -> None:
    (tmp_path / FILE_NAME).write_bytes(SUM.encode() + b"  latin-\xe9.jpg\n")
    (path,) = read_checksums(tmp_path)
    assert path.name == "latin-\udce9.jpg"
