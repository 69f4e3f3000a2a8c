"""Memory: figures that can be true, and the switch that only glibc has."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from frcnn import machine
from frcnn.machine import memory


def test_peak_grows_with_what_is_used() -> None:
    """In a process of its own, whose peak is small."""
    code = """
from frcnn import machine
before = machine.peak_memory()
block = bytearray(before + 50 * 2**20)
block[::4096] = b"x" * len(block[::4096])
del block
assert machine.peak_memory() >= before + 40 * 2**20, before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_peak_is_in_bytes_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    in_kib = machine.peak_memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert machine.peak_memory() < in_kib / 500


def test_peak_where_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert machine.peak_memory() == 0


def test_total_is_the_machines() -> None:
    assert 0 < machine.total_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("limit", "want"), [("1048576\n", 1048576), ("max\n", None), ("", None)])
def test_total_in_a_container(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, want: int | None
) -> None:
    path = tmp_path / "memory.max"
    path.write_text(limit)
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", path)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.total_memory() == (want or whole)


def test_total_where_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert machine.total_memory() == 0


FAULTS = """
import resource, sys
from frcnn import machine
kept = machine.keep_freed_memory() if sys.argv[1] == "keep" else None
def faults():
    for _ in range(20):
        block = bytearray(16 * 2**20)
        block[::4096] = b"x" * 4096
        del block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()
before = faults()
print(kept, faults() - before)
"""


def _faults(mode: str) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, mode], capture_output=True, text=True, check=True
    )
    kept, count = done.stdout.split()
    return kept, int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc only")
def test_freed_memory_is_used_again() -> None:
    kept, few = _faults("keep")
    _, many = _faults("plain")
    assert kept == "True"
    assert few < 1000
    assert few <= many


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert machine.keep_freed_memory() is False


@pytest.mark.parametrize(
    ("error", "says_so"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't"), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("could not create a primitive"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_who_ran_out_of_memory_says_it_in_its_own_words(error: Exception, *, says_so: bool) -> None:
    assert machine.is_out_of_memory(error) is says_so


class _Library:
    """A C library with a mallopt that refuses what it is told to refuse."""

    def __init__(self, refused: set[int]) -> None:
        self.refused, self.asked = refused, list[tuple[int, int]]()

    def mallopt(self, number: int, value: int) -> int:
        self.asked.append((number, value))
        return int(number not in self.refused)


@pytest.mark.parametrize(
    ("refused", "done", "asked"), [(set(), True, 2), ({-3}, True, 3), ({-3, -4}, False, 3)]
)
def test_older_versions(
    monkeypatch: pytest.MonkeyPatch, refused: set[int], asked: int, *, done: bool
) -> None:
    library = _Library(refused)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.17"))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: library)
    assert machine.keep_freed_memory() is done
    assert len(library.asked) == asked


def test_a_library_without_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    assert machine.keep_freed_memory() is False
