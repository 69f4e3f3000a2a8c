"""`import frcnn` does nothing: no torch, no files, no network, no changed switches."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import frcnn

HEAVY = {"torch", "torchvision", "numpy", "PIL", "matplotlib", "cyclopts", "rich", "yaml"}

WATCHED = """
import json, sys
seen = []
WATCH = ("open", "socket.", "subprocess.", "os.system", "os.mkdir", "os.remove", "os.rename",
         "os.putenv", "ctypes.dlopen", "urllib.")
def watch(event, arguments):
    if not event.startswith(WATCH):
        return
    if event == "open":
        path, mode, flags = arguments
        by_mode = isinstance(mode, str) and set(mode) & set("wax+")
        writes = (flags or 0) & 3 or by_mode
        if not writes or "__pycache__" in str(path):
            return
    seen.append([event, str(arguments)[:200]])
sys.addaudithook(watch)
"""

SWITCHES = """
def switches():
    import locale, logging, os, random, signal, socket, sys, threading, warnings
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
        "logging": [logging.root.level, len(logging.root.handlers)],
        "locale": locale.setlocale(locale.LC_ALL),
        "recursion": sys.getrecursionlimit(),
        "hooks": [str(sys.excepthook), str(threading.excepthook)],
        "socket": socket.getdefaulttimeout(),
        "random": hash(random.getstate()),
        "warnings": [str(each) for each in warnings.filters],
        "path": sys.path,
    }
"""

TORCH_SWITCHES = """
def torch_switches():
    import torch, numpy
    from PIL import Image, ImageFile
    return {
        "threads": torch.get_num_threads(),
        "dtype": str(torch.get_default_dtype()),
        "gradient": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "matmul": torch.get_float32_matmul_precision(),
        "cudnn": [torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic],
        "random": torch.random.get_rng_state().tolist() == torch.Generator().get_state().tolist(),
        "seed": torch.initial_seed(),
        "numpy": str(numpy.geterr()),
        "pixels": Image.MAX_IMAGE_PIXELS,
        "truncated": ImageFile.LOAD_TRUNCATED_IMAGES,
    }
"""


def run(code: str, folder: Path, **environment: str) -> Any:
    """Run code in a fresh process and give what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_import_brings_nothing_heavy(tmp_path: Path) -> None:
    code = "import frcnn, sys, json; print(json.dumps(sorted(sys.modules)))"
    modules = {name.partition(".")[0] for name in run(code, tmp_path)}
    assert not modules & HEAVY


@pytest.mark.parametrize(
    "module",
    ["errors", "files", "run_folder", "settings", "machine", "cli", "cli.app", "cli.verbs"],
)
def test_the_quick_rooms_leave_torch_alone(tmp_path: Path, module: str) -> None:
    code = f"import frcnn.{module}, sys, json; print(json.dumps('torch' in sys.modules))"
    assert run(code, tmp_path) is False


def test_importing_writes_and_connects_nothing(tmp_path: Path) -> None:
    code = WATCHED + "import frcnn\nprint(json.dumps(seen))"
    assert run(code, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_importing_moves_no_switch(tmp_path: Path) -> None:
    code = SWITCHES + (
        "import json, logging, random, signal\n"
        "before = switches()\nimport frcnn\nafter = switches()\n"
        "print(json.dumps([k for k in before if before[k] != after[k]]))"
    )
    assert run(code, tmp_path) == []


def test_the_rooms_change_no_switch_of_torch(tmp_path: Path) -> None:
    rooms = ("ops.roi", "model.faster_rcnn", "data.dataset", "weights.file", "training.fit", "api")
    code = (
        "import torch, torchvision, numpy, PIL.Image, PIL.ImageFile, importlib\n"
        "import faster_coco_eval\n"  # imports OpenCV where it is there, which sets a search path
        + WATCHED
        + TORCH_SWITCHES
        + "before = torch_switches(); seen.clear()\n"
        f"for room in {rooms}: importlib.import_module('frcnn.' + room)\n"
        "after = torch_switches()\n"
        "changed = [k for k in before if before[k] != after[k]]\n"
        "print(json.dumps([changed, [s for s in seen if s[0] != 'ctypes.dlopen']]))"
    )
    assert run(code, tmp_path) == [[], []]


def test_public_names_are_listed_and_fetched_late(tmp_path: Path) -> None:
    code = (
        "import frcnn, sys, json; names = dir(frcnn); "
        "print(json.dumps([names, 'torch' in sys.modules]))"
    )
    names, with_torch = run(code, tmp_path)
    assert set(frcnn.__all__) <= set(names)
    assert not with_torch


def test_every_public_name_has_a_home() -> None:
    assert set(frcnn._HOMES) | {"__version__"} == set(frcnn.__all__)
    for name, home in frcnn._HOMES.items():
        assert getattr(frcnn, name) is getattr(sys.modules[home], name)


def test_rooms_are_reached_through_the_package() -> None:
    import importlib

    for room in frcnn._ROOMS:
        assert getattr(frcnn, room) is importlib.import_module(f"frcnn.{room}")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        frcnn.trian  # noqa: B018
