"""describe: everything that `env.json` and the doctor tell about the machine."""

import json
import platform

import torch

import frcnn
from frcnn import machine


def test_golden_names() -> None:
    about = machine.describe()
    assert list(about) == [
        "frcnn",
        "python",
        "system",
        "torch",
        "torchvision",
        "numpy",
        "processor",
        "cores",
        "threads",
        "memory",
        "native_bfloat16",
        "devices",
    ]


def test_values_are_plain_and_true() -> None:
    about = machine.describe()
    assert json.loads(json.dumps(about, allow_nan=False)) == about
    assert about["frcnn"] == frcnn.__version__
    assert about["python"] == platform.python_version()
    assert about["torch"] == torch.__version__
    assert about["threads"] == torch.get_num_threads()
    assert isinstance(about["devices"], list)


def test_versions_without_import() -> None:
    assert machine.version_of("torch") == torch.__version__.partition("+")[0]
    assert machine.version_of("no-such-package-anywhere") is None
