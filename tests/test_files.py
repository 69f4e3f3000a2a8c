"""write_atomically and the diaries: killed, filled up, forbidden, and still whole or absent."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frcnn import diaries, files
from frcnn.errors import DiskError

OLD, NEW = b"old " * 1000, b"new " * 5000
KILL_POINTS = (*files.POINTS, "mid_write")


def put(content: bytes) -> Callable[..., None]:
    """A writer with a point between its two halves."""

    def write(stream) -> None:
        stream.write(content[: len(content) // 2])
        stream.flush()
        files.reached("mid_write")
        stream.write(content[len(content) // 2 :])

    return write


def kill_at(point: str) -> None:
    files.hooks.append(lambda at: os.kill(os.getpid(), signal.SIGKILL) if at == point else None)


# golden


def test_a_file_is_written(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a", put(NEW))
    assert (tmp_path / "a").read_bytes() == NEW
    assert os.listdir(tmp_path) == ["a"]


def test_an_old_file_is_replaced(old_file: Path) -> None:
    files.write_atomically(old_file, put(NEW))
    assert old_file.read_bytes() == NEW
    assert os.listdir(old_file.parent) == [old_file.name]


def test_text_is_utf8(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "größe\n")
    assert (tmp_path / "a").read_bytes() == "größe\n".encode()


def test_order_of_system_calls(old_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is on the disk before its name, and its name before we say so (D06)."""
    calls: list[str] = []

    def fsync(descriptor: int) -> None:
        link = os.readlink(f"/proc/self/fd/{descriptor}")
        calls.append("fsync folder" if os.path.isdir(link) else "fsync file")

    def rename(source: Path, target: Path, replace=os.replace) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    monkeypatch.setattr(files, "hooks", [calls.append])
    files.write_atomically(old_file, put(NEW))
    assert calls == [
        "before_write",
        "mid_write",
        "before_fsync",
        "fsync file",
        "before_rename",
        "rename",
        "after_rename",
        "fsync folder",
        "after_folder_fsync",
    ]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_order_as_the_kernel_sees_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from frcnn import files;"
        "files.write_text(Path(sys.argv[1]), 'x' * 9)"
    )
    log, target = tmp_path / "log", tmp_path / "a"
    watched = "trace=fsync,write,rename,renameat,renameat2"
    call = ["strace", "-f", "-e", watched, "-o", log, sys.executable, "-c", code, target]
    run = subprocess.run(call, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip(f"strace may not trace here: {run.stderr[:80]}")
    names = [line.split("(")[0].split()[-1] for line in log.read_text().splitlines() if "(" in line]
    names = [name for name in names if name in ("fsync", "write") or name.startswith("rename")]
    assert [name[:6] for name in names[-4:]] == ["write", "fsync", "rename", "fsync"]


def test_sha256_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    assert files.sha256_of_file(tmp_path / "a") == want


# what always holds


@given(content=st.binary(max_size=2000))
@settings(max_examples=30)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, content) -> None:
    path = tmp_path_factory.mktemp("a") / "file"
    files.write_atomically(path, put(content))
    assert path.read_bytes() == content


@pytest.mark.parametrize("point", KILL_POINTS)
@pytest.mark.parametrize("trials", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_killed_at_a_point_old_or_new_is_there(
    old_file: Path, point: str, trials: int, in_child: Callable
) -> None:
    for _ in range(trials):
        old_file.write_bytes(OLD)

        def work() -> None:
            kill_at(point)
            files.write_atomically(old_file, put(NEW))

        assert os.WTERMSIG(in_child(work)) == signal.SIGKILL
        after = point in ("after_rename", "after_folder_fsync")
        assert old_file.read_bytes() == (NEW if after else OLD)
        gone = files.remove_leftovers(old_file.parent)
        assert len(gone) == (0 if after else 1)
        assert os.listdir(old_file.parent) == [old_file.name]


def test_many_writers_of_one_place_leave_one_whole_file(old_file: Path, in_child: Callable) -> None:
    contents = [bytes([65 + row]) * 20_000 for row in range(6)]

    def work() -> None:
        children = []
        for content in contents:
            child = os.fork()
            if child == 0:
                files.write_atomically(old_file, put(content))
                os._exit(0)
            children.append(child)
        for child in children:
            assert os.waitpid(child, 0)[1] == 0

    assert in_child(work) == 0
    assert old_file.read_bytes() in contents
    assert os.listdir(old_file.parent) == [old_file.name]


def test_leftovers_are_ours_alone(tmp_path: Path) -> None:
    ours = [".best.safetensors.123.tmp", ".a b\n.1.tmp"]
    others = ["best.safetensors", "x.tmp", ".x.tmp", ".x.12.tmp2", "a.12.tmp", ".x.12a.tmp"]
    for name in ours + others:
        (tmp_path / name).write_text("")
    (tmp_path / ".folder.1.tmp").mkdir()
    gone = files.remove_leftovers(tmp_path)
    assert sorted(path.name for path in gone) == sorted(ours)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, ".folder.1.tmp"])


def test_a_leftover_of_the_same_number_is_no_obstacle(old_file: Path) -> None:
    leftover = old_file.with_name(f".{old_file.name}.{os.getpid()}.tmp")
    secret = old_file.with_name("secret")
    secret.write_text("mine")
    leftover.symlink_to(secret)
    files.write_atomically(old_file, put(NEW))
    assert old_file.read_bytes() == NEW
    assert secret.read_text() == "mine"


def test_a_link_is_replaced_and_not_followed(old_file: Path) -> None:
    link = old_file.with_name("link")
    link.symlink_to(old_file)
    files.write_atomically(link, put(NEW))
    assert old_file.read_bytes() == OLD
    assert link.read_bytes() == NEW
    assert not link.is_symlink()


# nothing in


def test_empty_things(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "")
    assert (tmp_path / "a").read_bytes() == b""
    assert diaries.read_lines_until_torn(tmp_path / "a") == []
    assert files.remove_leftovers(tmp_path / "not there") == []
    assert files.remove_leftovers(tmp_path) == []


# wrong in


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError("mine"), MemoryError])
def test_a_writer_that_fails_leaves_nothing(old_file: Path, fault) -> None:
    def write(stream) -> None:
        stream.write(b"half")
        raise fault

    with pytest.raises(type(fault) if isinstance(fault, Exception) else fault):
        files.write_atomically(old_file, write)
    assert old_file.read_bytes() == OLD
    assert os.listdir(old_file.parent) == [old_file.name]


def test_a_writer_that_speaks_our_words_is_not_translated(old_file: Path) -> None:
    mine = DiskError("RC603", "elsewhere", "x", fix="y")

    def write(stream) -> None:
        raise mine

    with pytest.raises(DiskError) as raised:
        files.write_atomically(old_file, write)
    assert raised.value is mine


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "RC601"),
        (errno.EDQUOT, "RC601"),
        (errno.EROFS, "RC602"),
        (errno.EACCES, "RC602"),
        (errno.EIO, "RC603"),
        (errno.ENAMETOOLONG, "RC603"),
    ],
)
def test_the_disks_words_in_ours(tmp_path: Path, number: int, code: str) -> None:
    error = files.disk_error(OSError(number, os.strerror(number)), tmp_path / "a" / "b")
    assert error.code == code
    assert os.strerror(number) in error.got
    assert error.fix
    assert "\n  fix: " in str(error)


def refused(reason: str) -> DiskError:
    return DiskError("RC603", "there", reason, fix="another")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "nothing", "a NUL"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = {"folder": tmp_path, "device": Path(os.devnull)}.get(kind, tmp_path / "x")
    if kind == "pipe":
        os.mkfifo(path)  # opening it would wait for a writer
    if kind == "a NUL":
        path = tmp_path / "a\0b"
    wanted = {"nothing": "No such file", "a NUL": "null"}.get(kind, "not a regular file")
    with pytest.raises(DiskError, match=wanted):
        files.open_regular(path, refused)


def test_a_link_to_a_file_is_opened(old_file: Path) -> None:
    link = old_file.with_name("link")
    link.symlink_to(old_file)
    with files.open_regular(link, refused) as file:
        assert file.read() == old_file.read_bytes()


def test_unreadable_things(tmp_path: Path) -> None:
    for read in (files.sha256_of_file, diaries.read_lines_until_torn):
        with pytest.raises(DiskError, match="No such file"):
            read(tmp_path / "not there")


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    for name in ("x" * 255, "\u00fc" * 127, "x" * 244):
        files.write_text(tmp_path / name, "a")
        assert (tmp_path / name).read_text() == "a"
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(DiskError, match="RC603"):
        files.write_text(tmp_path / ("x" * 256), "a")
    assert len(list(tmp_path.iterdir())) == 3
    temporary = files._temporary(tmp_path / ("\u00fc" * 127))
    temporary.touch()  # as a kill leaves it
    assert files.remove_leftovers(tmp_path) == [temporary]


def test_leftovers_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / ".a.7.tmp").touch()
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(DiskError, match="RC602") as raised:
        files.remove_leftovers(tmp_path)
    assert raised.value.place == str(tmp_path)


def test_files_and_folders_are_forced(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    files.force(tmp_path / "a")
    files.force(tmp_path)
    with pytest.raises(DiskError, match="RC603"):
        files.force(tmp_path / "gone")


def test_enough_space_is_found_out_before(tmp_path: Path) -> None:
    files.require_writable(tmp_path / "new" / "deep", needed=1)
    assert os.listdir(tmp_path / "new" / "deep") == []
    with pytest.raises(DiskError, match="too little for this work") as raised:
        files.require_writable(tmp_path, needed=10 * files.free_bytes(tmp_path) + 1)
    assert raised.value.code == "RC601"


def test_free_space_where_nothing_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(files, "free_bytes", broken)
    error = files.disk_error(OSError(errno.ENOSPC, "full"), Path("a"))
    assert "0.0 MiB free" in error.got
