"""A server of fresh processes: one process imports everything once and forks one for each order.

The forked ones run the command line as `python -m frcnn` does. The server itself never trains, so
that nothing of torch's threads is in the way of a fork.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

SERVER = r"""
import ctypes, json, os, resource, signal, sys, traceback

import torch
torch.set_num_threads(1)
import matplotlib.figure
from frcnn import api, cli, files
from frcnn.cli import app, verbs
from frcnn.training import checkpoint

def kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)

def watch_saves(order):
    # "1" stands in the file `mark` as long as a checkpoint is being saved
    mark = os.open(order["mark"], os.O_CREAT | os.O_WRONLY)
    os.pwrite(mark, b"0", 0)
    real, seen = checkpoint.save, {"save": 0, "inside": False}
    def save(*arguments):
        seen["save"] += 1
        seen["inside"] = True
        os.pwrite(mark, b"1", 0)
        try:
            return real(*arguments)
        finally:
            seen["inside"] = False
            os.pwrite(mark, b"0", 0)
    def hook(point):
        if seen["inside"] and [seen["save"], point] == order["at"]:
            kill_myself()
    checkpoint.save = save
    files.hooks.append(hook)

def make_read_only(folder):
    # for this process alone: a mount of the folder on itself (Linux, as root)
    libc = ctypes.CDLL(None, use_errno=True)
    new_namespace, private, bind, remount, read_only = 0x20000, 0x44000, 0x1000, 0x20, 0x1
    path = os.fsencode(folder)
    failed = libc.unshare(new_namespace)
    failed = failed or libc.mount(None, b"/", None, private, None)
    failed = failed or libc.mount(path, path, None, bind, None)
    failed = failed or libc.mount(None, path, None, bind | remount | read_only, None)
    if failed:
        os._exit(98)

def run(order):
    log = os.open(order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o666)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((0, null), (1, log), (2, log)):
        os.dup2(target, number)
    watch_saves(order)
    if order["limit"]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    if order["read_only"]:
        make_read_only(order["read_only"])
    return cli.main(order["words"])

print(0, flush=True)
for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        _, status = os.waitpid(order["wait"], 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = run(order)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    print(child, flush=True)
"""


class Server:
    """Starts command lines and tells how they ended."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "FRCNN_OFFLINE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._answer()

    def start(
        self,
        words: Sequence[str],
        *,
        at: tuple[int, str] | None = None,
        limit: int = 0,
        read_only: Path | None = None,
    ) -> "Started":
        """Start `frcnn WORDS`.

        Args:
            words: the command line.
            at: kill it with -9 inside its n-th save, at this point.
            limit: no file may grow past so many bytes.
            read_only: a folder that it may not write to; exit code 98 where that cannot be had.
        """
        self.count += 1
        log = self.folder / f"log-{self.count:03}"
        mark = self.folder / f"mark-{self.count:03}"
        order = {"words": list(words), "at": at and list(at), "limit": limit}
        order |= {"read_only": read_only and str(read_only), "log": str(log), "mark": str(mark)}
        pid = self._ask(order)
        return Started(self, pid, log, mark)

    def _ask(self, order: dict[str, Any]) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


class Started:
    """One process of the server's."""

    def __init__(self, server: Server, pid: int, log: Path, mark: Path) -> None:
        self.server, self.pid, self._log, self._mark = server, pid, log, mark

    def signal(self, number: int) -> None:
        """Send a signal; nobody waits for the process before `wait`, so its number is its own."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Give the exit code, or minus the signal's number."""
        return self.server._ask({"wait": self.pid})

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def is_saving(self) -> bool:
        """Whether it is, or was when it was killed, inside a checkpoint's save."""
        return self._mark.exists() and self._mark.read_bytes() == b"1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of fresh processes."""
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.process.kill()
    made.process.communicate()
