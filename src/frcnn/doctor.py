"""The doctor: what is installed, what the machine has, and whether the delicate parts work here.

Broken installations mostly show in three places: a torchvision built for another torch, a missing
package, and a folder that cannot be written. Native operators are run on cases small enough to know
the answer by heart.
"""

import importlib.metadata
import io
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from frcnn import files, machine
from frcnn.errors import FrcnnError
from frcnn.ops import nms, pictures, roi
from frcnn.types import Size

NEEDED = (
    "torch",
    "torchvision",
    "numpy",
    "pillow",
    "safetensors",
    "pyyaml",
    "cyclopts",
    "faster-coco-eval",
    "matplotlib",
    "defusedxml",
    "msgspec",
)
"""Packages that frcnn cannot do without."""
EXTRAS = {
    "supervision": "Result.to_supervision",
    "tifffile": "TIFF pictures read in windows",
    "opencv-python-headless": "videos, cameras and streams",
}
"""Packages that add something, and what."""
OLDEST_PYTHON = (3, 11)
SMALL_DISK = 1024 * files.MIB

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    fix: str = ""
    """What to do; empty where nothing needs doing."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that the doctor found."""

    machine: Mapping[str, object]
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 when nothing is broken, else 2: the installation, not the data, is at fault."""
        return 2 if any(check.state == "broken" for check in self.checks) else 0

    def to_json(self) -> dict[str, object]:
        """Give everything as plain values."""
        checks = [asdict(check) for check in self.checks]
        return {"ok": self.exit_code == 0, "machine": dict(self.machine), "checks": checks}

    def __str__(self) -> str:
        """One line for each check, and a second one for what to do."""
        width = max(len(check.name) for check in self.checks)
        lines = []
        for check in self.checks:
            lines.append(f"{check.state:7}  {check.name:{width}}  {check.found}")
            lines += [f"{'':7}  {'':{width}}  fix: {check.fix}"] * bool(check.fix)
        broken = sum(check.state == "broken" for check in self.checks)
        lines.append(f"{broken} broken" if broken else "all that was tried works")
        return "\n".join(lines)


def examine(folder: Path | None = None) -> Findings:
    """Look at everything.

    Args:
        folder: where results would be written; None: the current folder.

    Returns:
        What was found. Nothing is raised for what is broken: it is a finding.
    """
    about = machine.describe()
    tried = [_tried(name, attempt) for name, attempt in _ATTEMPTS.items()]
    checks = [
        _python(),
        *(_package(name) for name in NEEDED),
        _pair(),
        *(_extra(name, use) for name, use in EXTRAS.items()),
        *_devices(about),
        *tried,
        _disk(folder or Path()),
        _network(),
    ]
    return Findings(machine=about, checks=tuple(checks))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        fix = "make the virtual environment with Python 3.11 or newer"
        return Check(name="python", state="broken", found=version, fix=fix)
    return Check(name="python", state="ok", found=version)


def _package(name: str) -> Check:
    version = machine.version_of(name)
    if version is None:
        return Check(
            name=name,
            state="broken",
            found="not installed",
            fix=f'pip install "{name}", or frcnn anew',
        )
    return Check(name=name, state="ok", found=version)


def _pair() -> Check:
    """Find out whether torchvision was built for this torch: its operators fail otherwise."""
    name, torch_version = "torch and torchvision", torch.__version__.partition("+")[0]
    try:
        required = importlib.metadata.requires("torchvision") or []
    except importlib.metadata.PackageNotFoundError:
        required = []
    wanted = [found.group(1) for row in required if (found := re.match(r"torch==([\d.]+)", row))]
    if wanted and wanted[0] != torch_version:
        return Check(
            name=name,
            state="broken",
            found=f"torchvision is built for torch {wanted[0]}, here is {torch_version}",
            fix="install both together: pip install --upgrade torch torchvision",
        )
    return Check(name=name, state="ok", found="fit each other")


def _extra(name: str, use: str) -> Check:
    version = machine.version_of(name)
    found = version or f"not installed; only needed for {use}"
    return Check(name=name, state="ok", found=found)


def _devices(about: Mapping[str, object]) -> list[Check]:
    rows = about["devices"]
    checks = []
    for row in rows if isinstance(rows, list) else []:
        gib = row["memory"] / 1024**3
        found = f"{row['name']}, {gib:.1f} GiB, precision auto = {row['auto_precision']}"
        if row["device"] == "cpu":
            found += f", {about['cores']} cores"
        checks.append(Check(name=f"device {row['device']}", state="ok", found=found))
    return checks


def _disk(folder: Path) -> Check:
    try:
        files.require_writable(folder)
        free = files.free_bytes(folder)
    except (FrcnnError, OSError) as error:
        what = error.got if isinstance(error, FrcnnError) else str(error)
        return Check(
            name="folder",
            state="warning",
            found=f"{folder} cannot be written: {what}",
            fix="go to another folder, or choose one with --out",
        )
    if free < SMALL_DISK:
        found = f"{folder} has {free / files.MIB:.0f} MiB left"
        return Check(name="folder", state="warning", found=found, fix="free some space")
    return Check(name="folder", state="ok", found=f"{folder}, {free / 1024**3:.1f} GiB free")


def _network() -> Check:
    offline = machine.is_offline()
    found = "FRCNN_OFFLINE is set: nothing is downloaded" if offline else "downloads are allowed"
    return Check(name="network", state="ok", found=found)


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    """Run one attempt; whatever it raises is a finding."""
    fix = "install torch, torchvision and frcnn anew in a fresh virtual environment"
    try:
        wrong = attempt()
    except Exception as error:  # a broken installation can raise anything
        wrong = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if wrong:
        return Check(name=name, state="broken", found=wrong, fix=fix)
    return Check(name=name, state="ok", found="gives what it should")


def _try_nms() -> str:
    """Two boxes that overlap by 0.9, and one apart: the second goes."""
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]], dtype=torch.float32)
    kept = nms.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
    return "" if kept == [0, 2] else f"kept {kept}, want [0, 2]"


def _try_roi_pool() -> str:
    """The largest of the four cells of a 2 x 2 map."""
    got = roi.roi_pool(_MAP, _BOX, _FIRST, output=Size(1, 1), scale=1.0).item()
    return "" if got == 4.0 else f"pooled {got}, want 4"


def _try_roi_align() -> str:
    """The mean of the four cells of a 2 x 2 map."""
    got = roi.roi_align(
        _MAP, _BOX, _FIRST, output=Size(1, 1), scale=1.0, sampling=2, aligned=True
    ).item()
    return "" if abs(got - 2.5) < 1e-6 else f"pooled {got}, want 2.5"


def _try_convolution() -> str:
    """Ones under a kernel of ones, in the numbers that `auto` takes here."""
    device = torch.device("cpu")
    dtype = machine.resolve_precision("auto", device)
    ones = torch.ones(1, 1, 5, 5, dtype=dtype)
    got = torch.nn.functional.conv2d(ones, torch.ones(1, 1, 3, 3, dtype=dtype))
    return "" if bool((got == 9).all()) else f"gave {got.flatten()[0].item()}, want 9"


def _try_pictures() -> str:
    """One colour through PNG and back."""
    colour, stream = (10, 200, 30), io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(stream, "PNG")
    pixels = pictures.decode(stream.getvalue()).pixels
    good = pixels.shape == (3, 4, 3) and bool(np.all(pixels == np.array(colour)))
    return "" if good else f"decoded {list(pixels.shape)}, {pixels.reshape(-1, 3)[0].tolist()}"


_MAP = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
_BOX = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
_FIRST = torch.zeros(1, dtype=torch.int64)
_ATTEMPTS: dict[str, Callable[[], str]] = {
    "nms": _try_nms,
    "roi_pool": _try_roi_pool,
    "roi_align": _try_roi_align,
    "convolution": _try_convolution,
    "pictures": _try_pictures,
}
