"""What every test may lean on: folders, one thread, a generator, no network, and contracts.

Contracts are assertions as fixtures: one call proves that boxes, detections or a data set keep what
the library promises of them (`assert_boxes`, `assert_detections`, `assert_dataset`).
"""

import errno
import multiprocessing
import os
import pickle
import shutil
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.distributed import TCPStore

from frcnn.model import backbone
from frcnn.training.distributed import World
from frcnn.training.joining import joined
from frcnn.types import Detections, Size, Target

ROOT = Path(__file__).resolve().parents[1]

hypothesis.settings.register_profile(
    "frcnn",
    deadline=None,  # no test depends on time
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("frcnn")


def pytest_configure() -> None:
    """Shut the network for the whole run: the tests see what a machine without one would show.

    A relative PYTHONPATH is made absolute, so that child processes in other folders find us.
    """
    sys.addaudithook(_offline)
    # one thread, here and in child processes, before any fixture trains: bits depend on it
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    if paths := os.environ.get("PYTHONPATH"):
        os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, paths.split(os.pathsep)))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Give the whole suite two processes; what is named, and slow evidence, runs in this one."""
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return 2 if is_whole and "not slow" in config.option.markexpr else 0


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """One thread again, should a test have asked for more."""
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and weights, which are not part of the repository."""
    folder = Path(os.environ.get("FRCNN_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data: {folder.name}/data is not there; FRCNN_SHARED names its folder")
    return folder


@pytest.fixture(scope="session")
def bccd(shared: Path) -> Path:
    """BCCD, 364 microscope pictures in PASCAL VOC layout (github.com/Shenggan/BCCD_Dataset)."""
    folder = shared / "data" / "bccd"
    if not folder.is_dir():
        pytest.skip("BCCD is not among the real data")
    return folder


@pytest.fixture(scope="session")
def rectangles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures to train on and three to validate, 64 x 48, two coloured boxes in each."""
    root = tmp_path_factory.mktemp("data") / "rectangles"
    for split, count in (("train", 10), ("val", 3)):
        names = [f"{split}{number:02}" for number in range(count)]
        for number, name in enumerate(names):
            _draw_rectangles(root, name, number)
        listing = root / "ImageSets" / "Main" / f"{split}.txt"
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text("".join(f"{name}\n" for name in names))
    return root


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    """Settings, as `--set` takes them, that make six quick steps of any preset on `rectangles`."""
    return (
        "model.pictures.shorter_side=48",
        "model.pictures.longer_side=64",
        "model.anchors.sides=[16.0, 24.0]",
        "model.rpn.channels=16",
        "model.proposals_train.after_nms=50",
        "model.proposals_test.after_nms=20",
        "model.roi_sampling.count=16",
        "model.box_head.width=16",
        "training.batches.size=2",
        "training.schedule.steps=6",
        "training.schedule.warmup_steps=2",
        "training.evaluation.every_epochs=0.6",
        "training.checkpoint.minutes=1000",
        "training.precision=float32",
    )


@pytest.fixture
def thin_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet-18 with one narrow convolution for each stage, under the same names."""
    monkeypatch.setattr(backbone, "resnet18", _thin_resnet18)


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A file of 4000 bytes, alone in its folder, to be replaced or left as it is."""
    path = tmp_path / "weights.bin"
    path.write_bytes(b"old " * 1000)
    return path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def fork() -> Callable[[Callable[[], object]], int]:
    """Start a process that ends with 0 when the work does; it gives the process's number."""
    return _fork


@pytest.fixture(scope="session")
def in_child() -> Callable[[Callable[[], object]], int]:
    """Run in a forked process; it gives what `waitpid` says, 0 for a good end."""
    return lambda work: os.waitpid(_fork(work), 0)[1]


@pytest.fixture
def generator() -> torch.Generator:
    """A generator on the CPU that starts the same in every test."""
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def assert_boxes() -> Callable[..., None]:
    """Boxes are [N, 4] float32, finite, the right way round, and inside the picture if given."""
    return _assert_boxes


@pytest.fixture(scope="session")
def assert_detections() -> Callable[..., None]:
    """Detections are what `types.Detections` says, best first, and inside the picture."""
    return _assert_detections


@pytest.fixture(scope="session")
def assert_dataset() -> Callable[..., None]:
    """A split gives samples whose picture, size, name and target agree with its records."""
    return _assert_dataset


def _fork(work: Callable[[], object]) -> int:
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def _assert_boxes(boxes: Tensor, size: Size | None = None) -> None:
    assert boxes.ndim == 2
    assert boxes.shape[1] == 4
    assert boxes.dtype == torch.float32
    assert boxes.isfinite().all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all(), "x1 <= x2 and y1 <= y2"
    if size is not None:
        limit = torch.tensor([size.width, size.height] * 2, dtype=torch.float32)
        assert (boxes >= 0).all()
        assert (boxes <= limit).all()


def _assert_detections(found: Detections, size: Size, classes: int) -> None:
    _assert_boxes(found.boxes, size)
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all(), "a detection has an area"
    assert found.scores.isfinite().all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert (found.scores[1:] <= found.scores[:-1]).all(), "highest score first"
    assert ((found.labels >= 0) & (found.labels < classes)).all()
    if found.probabilities is not None:
        own = found.probabilities.gather(1, found.labels[:, None])[:, 0]
        torch.testing.assert_close(own, found.scores)
        assert (found.probabilities.sum(dim=1) <= 1 + 1e-5).all()


def _assert_dataset(split: Sequence[Any]) -> None:
    records, classes = split.records, split.classes  # type: ignore[attr-defined]
    assert len(split) == len(records)
    assert len(set(classes)) == len(classes)
    for sample, record in zip(split, records, strict=True):
        target: Target = sample.target
        assert sample.name == record.name
        assert sample.picture.dtype == torch.uint8
        assert sample.picture.shape == (3, *record.size)
        _assert_boxes(target.boxes, record.size)
        torch.testing.assert_close(target.boxes, record.target.boxes)
        assert ((target.labels >= 0) & (target.labels < len(classes))).all()
        assert (target.boxes[:, 2:] > target.boxes[:, :2]).all(), "a true box has an area"


def _offline(event: str, arguments: tuple[Any, ...]) -> None:
    """Answer as a machine without network does; only this machine itself can be reached."""
    if event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "the tests have no network")
    to_host = event == "socket.connect" and isinstance(arguments[1], tuple)
    if to_host and not _is_here(arguments[1][0]):
        raise OSError(errno.ENETUNREACH, "the tests have no network")


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _draw_rectangles(root: Path, name: str, number: int) -> None:
    """Write a picture with a red and a blue box, every third one upright, and its annotation."""
    width, height = (48, 64) if number % 3 == 0 else (64, 48)
    picture = Image.new("RGB", (width, height), (110, 120 + number, 10 * len(name)))
    objects = ""
    for row, colour in enumerate(("red", "blue")):
        left, top = 3 + 5 * number % 8 + 22 * row, 4 + 7 * number % 13
        right, bottom = left + 14 + row, top + 17 + number % 4
        ImageDraw.Draw(picture).rectangle((left, top, right, bottom), fill=colour)
        edges = {"xmin": left + 1, "ymin": top + 1, "xmax": right + 1, "ymax": bottom + 1}
        box = "".join(f"<{edge}>{at}</{edge}>" for edge, at in edges.items())
        objects += f"<object><name>{colour}</name><bndbox>{box}</bndbox></object>"
    size = f"<size><width>{width}</width><height>{height}</height></size>"
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    picture.save(root / "JPEGImages" / f"{name}.png")
    annotation = f"<annotation><filename>{name}.png</filename>{size}{objects}</annotation>"
    (root / "Annotations" / f"{name}.xml").write_text(annotation)


def _thin_resnet18(weights: None) -> nn.Module:
    del weights

    def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        conv = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())

    first = stage(3, 8, 2)
    return nn.ModuleDict(
        {
            "conv1": first[0],
            "bn1": first[1],
            "relu": first[2],
            "maxpool": nn.MaxPool2d(kernel_size=2),
            "layer1": stage(8, 8, 1),
            "layer2": stage(8, 16, 2),
            "layer3": stage(16, 256, 2),
        }
    )


@dataclass(frozen=True)
class Ended:
    """How one of several processes ended."""

    code: int
    """Exit code; minus the signal's number where one ended it."""
    value: Any = None
    """What it made, or the error it raised as text."""
    kind: str = ""
    """The error's class."""
    seconds: float = 0.0
    """From the moment that its work began."""


@pytest.fixture(scope="session")
def in_processes() -> Callable[..., list[Ended]]:
    """Forks processes that join each other over gloo: `in_processes(work)` calls `work(world)`.

    The work may be any local function: a forked process knows all that the test knows.
    """
    return _in_processes


def _in_processes(work: Callable[[World], Any], size: int = 2) -> list[Ended]:
    context = multiprocessing.get_context("fork")
    started = []
    for rank in range(size):
        ours, theirs = context.Pipe()
        process = context.Process(target=_one_of_them, args=(rank, size, work, theirs))
        process.start()
        theirs.close()
        started.append((process, ours))
    # only now: a fork while the store's thread looks up a name would inherit libc's lock, taken
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # as torchrun's
    for _, pipe in started:
        pipe.send(store.port)
    try:
        return [_end_of(*each) for each in started]
    finally:
        for process, _ in started:
            process.kill()


def _end_of(process: Any, pipe: Connection) -> Ended:
    told = {}
    if pipe.poll(200):
        try:
            told = pickle.loads(pipe.recv_bytes())
        except EOFError:  # killed before it said anything
            told = {}
    process.join(30)
    assert process.exitcode is not None, "it hangs"
    return Ended(code=process.exitcode, **told)


def _one_of_them(rank: int, size: int, work: Callable, pipe: Connection) -> None:
    port = pipe.recv()
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        "GROUP_RANK": "0",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    code, told, began = 0, {}, time.monotonic()
    torch.set_num_threads(1)  # the threads of the test's process are not here
    try:
        with joined() as world:
            began = time.monotonic()
            told = {"value": work(world)}
    except BaseException as error:
        told = {"value": str(error), "kind": type(error).__name__}
        code = getattr(error, "exit_code", getattr(error, "code", 1))
    told["seconds"] = time.monotonic() - began
    pipe.send_bytes(
        pickle.dumps(told)
    )  # tensors by value: their process is gone when they are read
    os._exit(code)
