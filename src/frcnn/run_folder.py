"""The run folder: where everything about one training is, and who may write there.

`runs/<name>-001`, `-002`, ...: a number is never given twice, so no run is ever overwritten;
`runs/latest` is a link to the newest. In it:

config.yaml  env.json  data_check.json     what was asked, on which machine, on which data
metrics.csv  metrics.jsonl  plots/  eval/  how it went
best.safetensors  last.safetensors         weights, with class names and settings in the header
state/                                     checkpoints to resume from
step-1/ ... step-3/                        earlier steps of alternating training
proposals.safetensors                      what the scheme `head` learns on, out of a pickle
failing_batch.safetensors                  a batch whose loss was not finite
MODEL_CARD.md                              for people
lock                                       held by the one process that writes here
"""

import functools
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from frcnn import files
from frcnn.errors import ConfigError, DiskError

_LATEST = "latest"
_UNFIT = re.compile(r"[^\w.]+")  # letters and digits of any script, underscore and dot stay
_LONGEST = 80  # bytes of a name, so that numbers and suffixes fit behind it
_held: set[int] = set()
"""File descriptors of the locks that this process holds."""


@dataclass(frozen=True)
class RunFolder:
    """One run's folder; the properties are its files and folders, whether they exist or not."""

    path: Path

    @classmethod
    def create(cls, root: Path, name: str) -> "RunFolder":
        """Make a new run folder, numbered after the last one of that name.

        Args:
            root: the folder of all runs, made when it is not there.
            name: of the data or the experiment; what does not fit into a file name becomes `-`.

        Returns:
            The folder, empty; `root/latest` leads to it (where `latest` is a link or free, and
            the file system has links).

        Raises:
            DiskError: the root cannot be written to.
        """
        run = cls(make_numbered(root, name))
        _point_latest(root, run.path)
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Find a run folder that is there.

        Args:
            path: the folder, or a link to it such as `runs/latest`.

        Returns:
            The folder, links resolved.

        Raises:
            ConfigError: there is no such folder, or no run is in it (RC370).
        """
        try:
            run = cls(path.resolve(strict=True))
        except OSError as error:  # nothing there, a link to nowhere, links in a ring
            raise _not_a_run(path, error.strerror or "nothing there") from error
        except RuntimeError as error:  # links in a ring, before Python 3.13
            raise _not_a_run(path, "links that lead in a ring") from error
        if not run.path.is_dir():
            raise _not_a_run(path, "a file")
        if not any(file.is_file() for file in (run.config, run.best, run.last)):
            raise _not_a_run(path, "a folder without config.yaml, best or last weights")
        return run

    @property
    def best(self) -> Path:
        """Weights of the best evaluation."""
        return self.path / "best.safetensors"

    @property
    def last(self) -> Path:
        """Weights of the last step."""
        return self.path / "last.safetensors"

    @property
    def state(self) -> Path:
        """Folder of the checkpoints that a resume starts from; it holds the generations."""
        return self.path / "state"

    @property
    def config(self) -> Path:
        """Every setting of the run."""
        return self.path / "config.yaml"

    @property
    def env(self) -> Path:
        """Versions, processor, devices, seed."""
        return self.path / "env.json"

    @property
    def data_check(self) -> Path:
        """What was found wrong with the data."""
        return self.path / "data_check.json"

    @property
    def metrics_csv(self) -> Path:
        """One row for each evaluation."""
        return self.path / "metrics.csv"

    @property
    def metrics_jsonl(self) -> Path:
        """One line for each step."""
        return self.path / "metrics.jsonl"

    @property
    def plots(self) -> Path:
        """Folder of curves."""
        return self.path / "plots"

    @property
    def eval(self) -> Path:
        """Folder of evaluations."""
        return self.path / "eval"

    @property
    def model_card(self) -> Path:
        """What the model is, for people."""
        return self.path / "MODEL_CARD.md"

    @contextmanager
    def lock(self) -> Iterator[str]:
        """Hold the folder against a second trainer, and remove what a killed one left half done.

        The lock belongs to this process and ends with it, however it ends. Processes forked
        from this one do not hold it (else a loader's worker that outlives a killed trainer
        would keep everybody out).

        Yields:
            Who held the lock last and was killed before giving it back, as `pid 12 on host`;
            empty after an orderly end.

        Raises:
            DiskError: another process holds it (RC605), or the folder cannot be written to.
        """
        file = self.path / "lock"
        try:
            stream = file.open("a+b", buffering=0)
        except OSError as error:
            raise files.disk_error(error, file) from error
        with stream:
            _take(stream, file)
            _held.add(stream.fileno())
            try:
                for folder in (self.path, self.state, self.plots, self.eval):
                    files.remove_leftovers(folder)
                yield _sign(stream, file)
            finally:
                with suppress(OSError):
                    stream.truncate(0)
                _held.discard(stream.fileno())


def make_numbered(root: Path, name: str) -> Path:
    """Make a new folder, numbered after the last one of that name; `latest` stays where it leads.

    Args:
        root: the folder of all runs, made when it is not there.
        name: what does not fit into a file name becomes `-`.

    Returns:
        The folder, empty, as `root/name-001`.

    Raises:
        DiskError: the root cannot be written to.
    """
    files.require_writable(root)
    stem = _UNFIT.sub("-", name).encode()[:_LONGEST].decode(errors="ignore").strip("-.") or "run"
    pattern = re.compile(re.escape(stem) + r"-(\d{3,})")
    taken = [pattern.fullmatch(entry.name) for entry in root.iterdir()]
    number = max((int(match[1]) for match in taken if match), default=0)
    while True:  # another process may take a number between the look and the making
        number += 1
        path = root / f"{stem}-{number:03d}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise files.disk_error(error, path) from error
        return path


def _point_latest(root: Path, run: Path) -> None:
    """Lead `latest` to the run; it is a convenience, so what stands in its way stays."""
    latest = root / _LATEST
    if latest.exists() and not latest.is_symlink():
        return
    fresh = root / f".{_LATEST}.{os.getpid()}.tmp"
    with suppress(OSError):  # a file system without links
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(run.name, target_is_directory=True)
        fresh.replace(latest)


def _not_a_run(path: Path, got: str) -> ConfigError:
    return ConfigError(
        "RC370",
        str(path),
        "not a run folder",
        got=got,
        want="a folder that `frcnn train` made",
        fix="name the run's folder, for instance runs/latest",
    )


def _take(stream: BinaryIO, file: Path) -> None:
    import fcntl  # POSIX only; here, so that the rest of the module works without it

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DiskError(
            "RC605",
            str(file.parent),
            "another training is at work in this folder",
            got=_holder(stream) or "a process that did not sign",
            want="one trainer for a run",
            fix="wait for it or stop it, or train into a new run folder",
        ) from error
    except OSError as error:
        raise files.disk_error(error, file) from error
    _let_go_in_children()


def _sign(stream: BinaryIO, file: Path) -> str:
    """Write who holds the lock, and give who held it before without giving it back."""
    before = _holder(stream)
    mine = {"pid": os.getpid(), "host": socket.gethostname()}
    try:
        stream.truncate(0)
        stream.write(json.dumps(mine).encode())
    except OSError as error:
        raise files.disk_error(error, file) from error
    return before


def _holder(stream: BinaryIO) -> str:
    stream.seek(0)
    try:
        found = json.loads(stream.read(4096) or b"null")
        return f"pid {int(found['pid'])} on {found['host']}" if found else ""
    except (ValueError, TypeError, KeyError):
        return "an unreadable signature"


@functools.cache
def _let_go_in_children() -> None:
    """Register `_let_go`, once for a process; not at import, which has no effects."""
    os.register_at_fork(after_in_child=_let_go)


def _let_go() -> None:
    """Put the null device in place of a forked child's copies of the locks."""
    with open(os.devnull, "rb") as null:
        for descriptor in _held:
            os.dup2(null.fileno(), descriptor)  # the number stays taken, so nobody closes another's
    _held.clear()
