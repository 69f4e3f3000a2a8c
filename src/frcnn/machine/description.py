"""The machine in plain values, for `env.json` and the doctor."""

import importlib.metadata
import platform

from frcnn._version import __version__
from frcnn.machine.devices import list_devices
from frcnn.machine.memory import total_memory
from frcnn.machine.processor import cores, has_native_bfloat16, processor_name


def describe() -> dict[str, object]:
    """Describe the machine for `env.json` and the doctor.

    Returns:
        Plain values by name: versions, processor, cores, memory in bytes, and the devices, each
        with its name, memory in bytes and what `auto` precision means on it.
    """
    import torch

    return {
        "frcnn": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "torch": torch.__version__,
        "torchvision": version_of("torchvision"),
        "numpy": version_of("numpy"),
        "processor": processor_name(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "memory": total_memory(),
        "native_bfloat16": has_native_bfloat16(),
        "devices": list_devices(),
    }


def version_of(package: str) -> str | None:
    """Give an installed package's version without importing it; None when it is not there."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
