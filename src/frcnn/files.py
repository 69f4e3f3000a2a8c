"""Files that are whole or absent: atomic writes, and honest disk errors.

A file is written beside its place as `.NAME.PID.tmp` (NAME cut where it is long), forced to the
disk, renamed over the old one, and then the folder is forced to the disk. Kill the process anywhere
and the path holds the old bytes or the new ones, never half of either.

At each of `POINTS` every function in `hooks` is called with the point's name. The list is empty but
in tests, which put a function there that ends the process. Writers may add points of their own
between two writes (`reached("mid_write")`).
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from frcnn.errors import DiskError, FrcnnError

POINTS = ("before_write", "before_fsync", "before_rename", "after_rename", "after_folder_fsync")
"""Instants of `write_atomically`, in this order; `after_rename` is before the folder's fsync."""

hooks: list[Callable[[str], None]] = []
"""Called at every point; for tests alone."""

MIB = 1024 * 1024
_TEMPORARY = re.compile(r"\..+\.\d+\.tmp(\.\w+)?", re.DOTALL)
_LONGEST = 240  # bytes of a name, so that a dot, the PID and `.tmp` fit into 255
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def reached(point: str) -> None:
    """Tell the hooks where the program is: one of `POINTS`, or a writer's own name."""
    for hook in hooks:
        hook(point)


def write_atomically(path: Path, write: Callable[[BinaryIO], object], *, size: int = 0) -> None:
    """Put a file in its place whole, or leave the place as it was.

    1. open `.NAME.PID.tmp` beside it
    2. write and force it to the disk
    3. rename it over `path`
    4. force the folder to the disk, so that the new name outlives a power cut

    Args:
        path: the place; a file that is there is replaced, a link is replaced and not followed.
        write: gets the open file and writes all bytes.
        size: how many they will be, where that is known; a full disk's message tells it.

    Raises:
        DiskError: no space (RC601), no permission (RC602), or another fault of the disk (RC603).
            The old file is intact and the temporary one gone, as they are when `write` raises.
    """
    temporary = _temporary(path)
    try:
        _write(temporary, write)
        reached("before_rename")
        temporary.replace(path)
        reached("after_rename")
        _force(path.parent)
        reached("after_folder_fsync")
    except OSError as error:
        written = _size(temporary)
        _discard(temporary)
        if isinstance(error, DiskError):  # raised by `write`, in our words already
            raise
        raise disk_error(error, path, needed=max(size, written)) from error
    except BaseException:
        _discard(temporary)
        raise


def temporary_beside(path: Path) -> Path:
    """Name a temporary file for a writer that opens it by its name, whose ending it looks at.

    Args:
        path: a place in the folder where the file will be.

    Returns:
        `.NAME.PID.tmp` with the ending of the place; `remove_leftovers` knows it.
    """
    temporary = _temporary(path)
    return temporary.with_name(temporary.name + path.suffix)


def write_text(path: Path, text: str) -> None:
    """Put a UTF-8 text in its place whole, or leave the place as it was.

    Args:
        path: the place.
        text: all of it.

    Raises:
        DiskError: as `write_atomically`.
    """
    write_atomically(path, lambda stream: stream.write(text.encode()))


def force(path: Path) -> None:
    """Force a file's bytes to the disk, or a folder's names.

    Args:
        path: of the file or folder; what relies on it is written afterwards.

    Raises:
        DiskError: it is not there, or the disk fails.
    """
    try:
        _force(path)
    except OSError as error:
        raise disk_error(error, path) from error


def require_writable(folder: Path, needed: int = 0) -> None:
    """Find out before the work, not after it, whether results can be kept.

    Args:
        folder: made when it is not there; a file of a few bytes is written there and removed.
        needed: bytes that the work will write.

    Raises:
        DiskError: the folder cannot be made or written to, or has less than `needed` bytes left.
    """
    probe = _temporary(folder / "probe")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(probe, lambda stream: stream.write(b"frcnn"))
        free = free_bytes(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        _discard(probe)
    if free < needed:
        raise _no_space(folder, needed, "too little for this work")


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove what killed writers left behind, and nothing else.

    Args:
        folder: where; not the folders in it. The caller holds the run's lock, so that no
            living writer's file is taken for a leftover.

    Returns:
        The files removed, sorted.

    Raises:
        DiskError: the folder cannot be looked into, or a file not removed.
    """
    if not folder.is_dir():
        return []
    try:
        found = sorted(path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name))
        found = [path for path in found if path.is_symlink() or path.is_file()]
        for path in found:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    return found


def open_regular(path: Path, refused: Callable[[str], FrcnnError]) -> BinaryIO:
    """Open a regular file for reading, and nothing that would block or never end.

    Args:
        path: a file or a link to one.
        refused: makes the error from the reason: there is no such file, it may not be read, or it
            is a folder, a pipe or a device.

    Returns:
        The open file; the caller closes it.
    """
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115  # the caller closes it
    except IsADirectoryError as error:
        raise refused("not a regular file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise refused(getattr(error, "strerror", None) or str(error)) from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise refused("not a regular file")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for a writer


def free_bytes(folder: Path) -> int:
    """Ask how many bytes may still be written into a folder that exists."""
    return shutil.disk_usage(folder).free


def sha256_of_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, as 64 lower-case hexadecimal digits."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path, *, needed: int = 0) -> DiskError:
    """Put the operating system's complaint in our words.

    Args:
        error: what it said.
        path: the file or folder that was wanted.
        needed: bytes that were to be written, as far as that is known.

    Returns:
        RC601 where space ran out, RC602 where permission is missing, RC603 for all else.
    """
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return _no_space(path, needed, reason)
    if error.errno in _FORBIDDEN:
        return DiskError(
            "RC602",
            str(path),
            "this user may not read or write here",
            got=reason,
            want="a place with permission",
            fix="choose another folder, or change its permissions (`ls -ld` shows them)",
        )
    return DiskError(
        "RC603",
        str(path),
        "the disk did not do what was asked",
        got=reason,
        want="a folder that is there, on a disk that works",
        fix="look at the path: a folder missing, a file in its way, a link that leads nowhere",
    )


def _no_space(path: Path, needed: int, reason: str) -> DiskError:
    return DiskError(
        "RC601",
        str(path),
        "no space left on the disk",
        got=f"{_free_near(path) / MIB:.1f} MiB free ({reason})",
        want=f"{needed / MIB:.1f} MiB or more",
        fix="free some space, raise the limit (`ulimit -f`, quota) or choose another disk",
    )


def _temporary(path: Path) -> Path:
    name = path.name
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return path.with_name(f".{name}.{os.getpid()}.tmp")


def _write(temporary: Path, write: Callable[[BinaryIO], object]) -> None:
    temporary.unlink(missing_ok=True)  # left by a killed process with the same number
    with temporary.open("xb") as stream:  # never through a link that somebody put there
        reached("before_write")
        write(stream)
        stream.flush()
        reached("before_fsync")
        os.fsync(stream.fileno())


def _force(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free_near(path: Path) -> int:
    """Free bytes of the nearest folder that exists."""
    for folder in (path, *path.parents):
        with contextlib.suppress(OSError):
            return free_bytes(folder)
    return 0
