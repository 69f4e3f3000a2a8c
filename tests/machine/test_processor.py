"""The processor: torch is asked first, then Linux; where neither knows, nothing is assumed."""

import os
from pathlib import Path

import pytest
import torch

from frcnn import machine
from frcnn.machine import processor

INTEL = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)  Platinum 8480+\nflags\t\t: fpu {flags}\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {flags}\n"


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose torch cannot say, with a /proc/cpuinfo of our own."""
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "_CPUINFO", path)
    return path


@pytest.mark.parametrize(
    ("known", "native"),
    [
        ({"architecture": "x86_64", "avx512_bf16": True}, True),
        ({"architecture": "x86_64", "amx_bf16": True}, True),
        ({"architecture": "x86_64", "avx512_f": True, "avx512_bf16": False}, False),
        ({"architecture": "arm64", "bf16": True}, True),
        ({"architecture": "arm64", "sve_bf16": True}, True),
        ({"architecture": "arm64", "neon": True}, False),
    ],
)
def test_torch_is_asked(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, object], *, native: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known, raising=False)
    assert machine.has_native_bfloat16() is native


@pytest.mark.parametrize(
    ("text", "native"),
    [
        (INTEL.format(flags="avx512f avx512_bf16"), True),
        (INTEL.format(flags="amx_bf16 amx_tile"), True),
        (INTEL.format(flags="avx2 avx512f"), False),
        (ARM.format(flags="bf16 i8mm"), True),
        (ARM.format(flags="asimdhp"), False),
        ("", False),
    ],
)
def test_linux_is_asked_next(linux: Path, text: str, *, native: bool) -> None:
    linux.write_text(text)
    assert machine.has_native_bfloat16() is native


def test_where_nobody_knows(linux: Path) -> None:
    assert not linux.exists()
    assert machine.has_native_bfloat16() is False
    assert machine.processor_name()


def test_a_torch_that_does_not_know_the_processor(
    monkeypatch: pytest.MonkeyPatch, linux: Path
) -> None:
    def unknown() -> None:
        raise RuntimeError("cpuinfo failed to initialise")

    monkeypatch.setattr(torch.cpu, "get_capabilities", unknown, raising=False)
    linux.write_text(INTEL.format(flags="avx512_bf16"))
    assert machine.has_native_bfloat16() is True


def test_this_machine_agrees_with_itself() -> None:
    """What torch says and what Linux says are the same, where both say something."""
    known, flags = processor._capabilities(), processor._cpuinfo_flags()
    if "avx512_bf16" in known and flags:
        assert bool(known["avx512_bf16"]) == ("avx512_bf16" in flags)


def test_name_as_linux_has_it(linux: Path) -> None:
    linux.write_text(INTEL.format(flags=""))
    assert machine.processor_name() == "Intel(R) Xeon(R) Platinum 8480+"


def test_name_as_torch_has_it(monkeypatch: pytest.MonkeyPatch, linux: Path) -> None:
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: {"cpu_name": "Apple M3"}, raising=False
    )
    assert machine.processor_name() == "Apple M3"


def test_cores() -> None:
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


def test_cores_where_there_is_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.cores() == 1
