"""The processor: its name, its cores, and whether it multiplies bfloat16 itself."""

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

# Instructions that multiply bfloat16 natively, as torch and Linux call them. Without one of them
# bfloat16 is emulated, and slower than float32.
_NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
_CPUINFO = Path("/proc/cpuinfo")


def has_native_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself (AVX-512 BF16, AMX, or BF16 of ARM)."""
    known = _capabilities()
    if known:
        return any(known.get(name) for name in _NATIVE_BFLOAT16)
    return any(name in _cpuinfo_flags() for name in _NATIVE_BFLOAT16)


def cores() -> int:
    """Give the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_name() -> str:
    """Give the processor's name as its maker wrote it."""
    known = _capabilities().get("cpu_name")
    found = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    named = found.group(1) if found else str(known or platform.processor())
    return " ".join(named.split()) or platform.machine()


def _capabilities() -> Mapping[str, object]:
    """Ask torch what the processor can do; empty where this torch cannot say."""
    import torch

    ask = getattr(torch.cpu, "get_capabilities", None)
    try:
        return dict(ask()) if ask is not None else {}
    except RuntimeError:  # an unknown processor
        return {}


def _cpuinfo_flags() -> set[str]:
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return set(found.group(1).split()) if found else set()


def _cpuinfo() -> str:
    try:
        return _CPUINFO.read_text(errors="replace")
    except OSError:
        return ""
