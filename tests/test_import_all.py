"""Importing any module of ours has no effects: nothing written or sent, no switch moved."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import frcnn

SOURCE = Path(frcnn.__path__[0])
MODULES = sorted(
    ".".join(("frcnn", *path.relative_to(SOURCE).with_suffix("").parts))
    for path in SOURCE.rglob("*.py")
    if not path.name.startswith("__")
)
THEIRS = [  # libraries of others that our modules need: what these do is not ours
    "cyclopts",
    "defusedxml.ElementTree",
    "faster_coco_eval",
    "msgspec",
    "rich.progress",
    "safetensors.torch",
    "torchvision.models",
    "torch.utils.data",
    "yaml",
]
IMPORT_ALL = """
import importlib, json, os, random, sys, threading, warnings
import numpy, PIL.Image, PIL.ImageFile, torch
watched = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.remove")
seen = []

def watch(event, arguments):
    if event in watched:
        seen.append(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"written {arguments[0]}")

def switches():
    return {
        "environment": dict(os.environ), "folder": os.getcwd(), "path": list(sys.path),
        "random": repr(random.getstate()), "numpy": repr(numpy.random.get_state()),
        "torch": torch.get_rng_state().tolist(), "threads": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(), "dtype": str(torch.get_default_dtype()),
        "precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "benchmark": torch.backends.cudnn.benchmark, "warnings": repr(warnings.filters),
        "hooks": [repr(sys.excepthook), repr(threading.excepthook)],
        "pillow": [PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES],
        "alive": threading.active_count(),
    }

modules, theirs = json.loads(sys.argv[1])
for name in theirs:
    importlib.import_module(name)
before = switches()
sys.addaudithook(watch)
for name in modules:
    importlib.import_module(name)
after = switches()
print(json.dumps({"seen": seen, "moved": [k for k in before if before[k] != after[k]]}))
"""


@pytest.fixture(scope="module")
def effects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a process that imports every module of ours did beside importing."""
    folder = tmp_path_factory.mktemp("empty")
    command = [sys.executable, "-B", "-c", IMPORT_ALL, json.dumps([MODULES, THEIRS])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert not os.listdir(folder), "importing left files"
    return json.loads(done.stdout)


def test_importing_writes_and_connects_nothing(effects: dict[str, list[str]]) -> None:
    assert effects["seen"] == []


def test_importing_moves_no_switch(effects: dict[str, list[str]]) -> None:
    assert effects["moved"] == []
