"""Memory: how much there is, how much was used, and how to keep what was freed."""

import ctypes
import os
import platform
import sys
from pathlib import Path

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")

# Numbers of glibc's mallopt (malloc.h), and the largest value that it takes.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -3, -4
_LARGEST_INT = 2**31 - 1

_OUT_OF_MEMORY = ("alloc", "out of memory", "could not create a primitive")
"""What is in the text of PyTorch's errors: its CPU allocator's, CUDA's and MPS's, oneDNN's."""


def keep_freed_memory() -> bool:
    """Let this process keep memory that tensors gave back, and use it for the next ones.

    glibc returns each large block to the system at once and asks for it anew, and the system then
    clears every page again, which costs a CPU a good part of a step. Called by verbs that compute,
    never at import; it changes the whole process, until it ends.

    Returns:
        Whether it was done; elsewhere than on glibc there is nothing to do.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    trim = mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)
    # older versions refuse a large threshold; there, mmap is switched off for malloc altogether
    large = mallopt(_M_MMAP_THRESHOLD, _LARGEST_INT) or mallopt(_M_MMAP_MAX, 0)
    return bool(trim and large)


def peak_memory() -> int:
    """Give the largest resident size of this process so far, in bytes; 0 where nobody knows."""
    try:
        import resource
    except ImportError:  # not a Unix
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # KiB everywhere but there


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, whoever raised it.

    Args:
        error: Python's own, or PyTorch's, which has a kind of its own on CUDA alone.

    Returns:
        False also where the text says nothing of it.
    """
    if isinstance(error, RuntimeError):
        return any(words in str(error) for words in _OUT_OF_MEMORY)
    return isinstance(error, MemoryError)


def total_memory() -> int:
    """Give the bytes of memory that this process may use: the machine's, or its container's."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
    try:
        limit = int(_CGROUP_LIMIT.read_text())
    except (OSError, ValueError):  # no such container, or "max"
        return whole
    return min(whole, limit)
