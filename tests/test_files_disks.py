"""Disks that are full, forbidden, read-only or gone: the old file stays (C01, C02, C04)."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from frcnn import diaries, files
from frcnn.errors import DiskError

NEW = b"new " * 5000
NOBODY = 65534


def limit_file_size(count: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, count))


@pytest.mark.parametrize("trials", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_file_size_limit_leaves_the_old_file(
    old_file: Path, trials: int, in_child: Callable
) -> None:
    def work() -> None:
        limit_file_size(6000)
        for _ in range(trials):
            with pytest.raises(DiskError, match="no space left") as raised:
                files.write_atomically(old_file, lambda stream: stream.write(NEW), size=len(NEW))
            assert raised.value.code == "RC601"
            assert "MiB free (File too large)" in raised.value.got
            assert os.listdir(old_file.parent) == [old_file.name]

    assert in_child(work) == 0
    assert old_file.read_bytes() == b"old " * 1000


def run_on_tmpfs(folder: Path, options: str, code: str) -> None:
    """Run code in a process of its own with a small file system mounted on the folder."""
    script = 'mount -t tmpfs -o size=256k t "$0" && "$1" -c "$2" "$0" && mount -o remount,"$3" "$0"'
    script += ' && "$1" -c "$4" "$0"'
    fill, check = code.split("---")
    call = ["unshare", "-m", "sh", "-c", script, folder, sys.executable, fill, options, check]
    if not shutil.which("unshare") or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    run = subprocess.run(call, capture_output=True, text=True, check=False)
    if "mount" in run.stderr or "unshare" in run.stderr:
        pytest.skip(f"no mounting here: {run.stderr[:80]}")
    assert run.returncode == 0, run.stderr


HEAD = """
import sys; from pathlib import Path
from frcnn import diaries, files
from frcnn.errors import DiskError
folder = Path(sys.argv[1]); path = folder / "a"
def refused(code, work):
    try:
        work()
    except DiskError as error:
        assert error.code == code, error
        return str(error)
    raise SystemExit("not refused")
"""


def test_a_full_disk(tmp_path: Path) -> None:
    code = """
files.write_text(path, "old" * 30000)
---
text = refused("RC601", lambda: files.write_text(path, "new" * 60000))
assert "No space left" in text and "MiB or more" in text, text
refused("RC601", lambda: files.require_writable(folder, 2**30))
assert path.read_text() == "old" * 30000
assert [p.name for p in folder.iterdir()] == ["a"]
files.write_text(path, "new" * 30000)
"""
    run_on_tmpfs(tmp_path, "size=256k", HEAD + code.replace("---", "---" + HEAD))


def test_a_read_only_disk(tmp_path: Path) -> None:
    code = """
files.write_text(path, "old")
---
refused("RC602", lambda: files.write_text(path, "new"))
refused("RC602", lambda: files.require_writable(folder))
refused("RC602", lambda: files.require_writable(folder / "deeper"))
refused("RC602", lambda: diaries.append_line(path, "new"))
assert path.read_text() == "old"
"""
    run_on_tmpfs(tmp_path, "ro", HEAD + code.replace("---", "---" + HEAD))


def test_a_folder_without_permission(open_folder: Path, in_child: Callable) -> None:
    target = open_folder / "a"
    target.write_bytes(b"old")
    open_folder.chmod(0o555)

    def work() -> None:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        for call in (
            lambda: files.write_atomically(target, lambda stream: stream.write(NEW)),
            lambda: files.require_writable(open_folder),
            lambda: diaries.append_line(open_folder / "log", "x"),
        ):
            with pytest.raises(DiskError, match="may not read or write") as raised:
                call()
            assert raised.value.code == "RC602"
            assert raised.value.exit_code == 6

    assert in_child(work) == 0
    assert target.read_bytes() == b"old"
    assert os.listdir(open_folder) == ["a"]


def test_a_place_that_is_no_place(tmp_path: Path) -> None:
    """The folder vanished, a folder or file is in the way, links lead nowhere or in a ring."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to("not there")
    (tmp_path / "ring").symlink_to("ring")
    for place in ("gone/a", "folder", "file/a", "nowhere/a", "ring/a", "x" * 300):
        with pytest.raises(DiskError, match="did not do what was asked") as raised:
            files.write_atomically(tmp_path / place, lambda stream: stream.write(NEW))
        assert raised.value.code == "RC603", place
        assert raised.value.place == str(tmp_path / place)
    for place in ("file", "ring", "nowhere"):
        with pytest.raises(DiskError) as raised:
            files.require_writable(tmp_path / place)
        assert raised.value.code == "RC603", place
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "nowhere", "ring"]
