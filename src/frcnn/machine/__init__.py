"""What this machine can do: devices, native number formats, memory.

file              what it does
devices.py        `auto`, `cpu`, `cuda:1`, `bfloat16`, ... into what torch wants, or a clear error
processor.py      name, cores, native bfloat16
memory.py         how much there is, how much was used, keeping what was freed
network.py        whether the network may be used
description.py    all of it in plain values

torch is imported inside the functions, so that the command line answers quickly; nothing here runs
at import.
"""

from frcnn.machine.description import describe, version_of
from frcnn.machine.devices import (
    DEVICES,
    PRECISIONS,
    list_devices,
    require_precision_name,
    resolve_device,
    resolve_memory_format,
    resolve_precision,
    split_device,
)
from frcnn.machine.memory import is_out_of_memory, keep_freed_memory, peak_memory, total_memory
from frcnn.machine.network import is_offline
from frcnn.machine.processor import cores, has_native_bfloat16, processor_name

__all__ = [
    "DEVICES",
    "PRECISIONS",
    "cores",
    "describe",
    "has_native_bfloat16",
    "is_offline",
    "is_out_of_memory",
    "keep_freed_memory",
    "list_devices",
    "peak_memory",
    "processor_name",
    "require_precision_name",
    "resolve_device",
    "resolve_memory_format",
    "resolve_precision",
    "split_device",
    "total_memory",
    "version_of",
]
