"""Devices and the numbers they compute in: what a person names, turned into what torch wants."""

import re
from typing import TYPE_CHECKING

from frcnn.errors import ConfigError
from frcnn.machine.memory import total_memory
from frcnn.machine.processor import has_native_bfloat16, processor_name

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def split_device(name: str) -> tuple[str, int | None]:
    """Read a device's name, without asking whether it is here.

    Args:
        name: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    Returns:
        The kind, and N where there is one.

    Raises:
        ConfigError: no device is called so (RC360).
    """
    found = re.fullmatch(r"(auto|cpu|cuda|mps)|cuda:([0-9]{1,3})", name)
    if found is None:
        raise ConfigError(
            "RC360",
            "--device",
            "no device of that name",
            got=repr(name),
            want=", ".join(DEVICES) + ", or cuda:N for one of several",
            fix="`frcnn doctor` lists the devices that are here",
        )
    return (found.group(1), None) if found.group(1) else ("cuda", int(found.group(2)))


def resolve_device(name: str) -> "torch.device":
    """Choose the device to compute on.

    Args:
        name: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: the first that is here of cuda, mps, cpu.

    Returns:
        The device; it can be used.

    Raises:
        ConfigError: no device is called so (RC360), or this machine has none (RC361).
    """
    import torch

    kind, number = split_device(name)
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
    if kind == "cuda":
        return _cuda(name, number)
    if kind == "mps" and not _has_mps():
        raise _absent(name, "no Metal device of Apple's, or a torch built without MPS")
    return torch.device(kind)


def require_precision_name(name: str) -> None:
    """Refuse a number format that nobody has heard of.

    Args:
        name: one of `PRECISIONS`.

    Raises:
        ConfigError: no number format is called so (RC362).
    """
    if name not in PRECISIONS:
        raise ConfigError(
            "RC362",
            "--precision",
            "no number format of that name",
            got=repr(name),
            want=", ".join(PRECISIONS),
            fix="leave the option out: auto takes the fastest that the device has",
        )


def resolve_precision(name: str, device: "torch.device") -> "torch.dtype":
    """Choose the numbers for convolutions and matrix products.

    Args:
        name: `float32`, `bfloat16`, `float16`, or `auto`: the fastest that the device has natively.
        device: where they are computed.

    Returns:
        torch.float32, torch.bfloat16 or torch.float16. On a CPU `auto` is bfloat16 where the
        processor multiplies it natively, else float32; on CUDA bfloat16 or, on older cards,
        float16; on MPS float16.

    Raises:
        ConfigError: no number format is called so (RC362), or the device does not have it (RC363).
    """
    import torch

    require_precision_name(name)
    if name != "auto":
        _require_precision(name, device)
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[
            name
        ]
    if device.type == "cpu":
        return torch.bfloat16 if has_native_bfloat16() else torch.float32
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float16


def resolve_memory_format(name: str, device: "torch.device") -> "torch.memory_format":
    """Choose how pictures and the weights of convolutions lie in memory.

    Args:
        name: `channels_last`, `contiguous`, or `auto`: what convolutions are faster in.
        device: where they are computed.

    Returns:
        torch.channels_last or torch.contiguous_format. `auto` is channels last on CPU and CUDA,
        whose libraries compute in it, and contiguous on MPS, which would copy back and forth.
    """
    import torch

    is_last = name == "channels_last" or (name == "auto" and device.type != "mps")
    return torch.channels_last if is_last else torch.contiguous_format


def list_devices() -> list[dict[str, object]]:
    """List the devices that are here.

    Returns:
        One row each: `device`, `name`, `memory` in bytes, and `auto_precision`, the number format
        that `auto` means on it.
    """
    import torch

    from frcnn.types import name_of  # needs torch, which is imported only where it is used

    rows: list[dict[str, object]] = [
        {"device": "cpu", "name": processor_name(), "memory": total_memory()}
    ]
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        card = torch.cuda.get_device_properties(number)
        rows.append({"device": f"cuda:{number}", "name": card.name, "memory": card.total_memory})
    if _has_mps():
        rows.append({"device": "mps", "name": processor_name(), "memory": total_memory()})
    for row in rows:
        dtype = resolve_precision("auto", torch.device(str(row["device"])))
        row["auto_precision"] = name_of(dtype)
    return rows


def _cuda(name: str, number: int | None) -> "torch.device":
    import torch

    if not torch.cuda.is_available():
        built = "for CUDA" if torch.version.cuda else "without CUDA"
        raise _absent(name, f"torch {torch.__version__} is built {built} and finds no such card")
    count = torch.cuda.device_count()
    if number is not None and number >= count:
        raise _absent(name, f"{count} card(s), counted from cuda:0")
    return torch.device("cuda") if number is None else torch.device("cuda", number)


def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()


def _absent(name: str, got: str) -> ConfigError:
    return ConfigError(
        "RC361",
        f"--device {name}",
        "this machine has no such device",
        got=got,
        want="a device that `frcnn doctor` lists",
        fix="use --device auto, or --device cpu",
    )


def _require_precision(name: str, device: "torch.device") -> None:
    import torch

    why = ""
    if name == "float16" and device.type == "cpu":
        why = "a CPU computes float16 more slowly than float32"
    if name == "bfloat16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        why = "this card has no bfloat16"
    if why:
        raise ConfigError(
            "RC363",
            f"--precision {name}",
            f"not on {device.type}",
            got=why,
            want="auto, float32, or what the device has",
            fix="leave the option out: auto takes the fastest that the device has",
        )
