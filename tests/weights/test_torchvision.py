"""Published weights: fetched once, checked to the last bit, from a server on this machine."""

import contextlib
import hashlib
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torchvision import models

from frcnn.errors import DiskError, ModelFileError
from frcnn.model.batch import TORCHVISION
from frcnn.weights import torchvision
from frcnn.weights.backbone import ARCHITECTURES
from frcnn.weights.torchvision import (
    DEFAULTS,
    PUBLISHED,
    UNAVAILABLE,
    fetch,
    is_published_name,
    promised,
    read_published,
)

CONTENT = b"weights" * 300_000  # two chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Answers by the path: /ok/, /unsized/, /short/, /moved/, /huge/, /odd/; else 404."""

    content = CONTENT
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind = self.path.split("/")[1]
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/ok/a.pth")
            self.end_headers()
            return
        if kind not in ("ok", "unsized", "short", "huge", "odd"):
            self.send_error(404)
            return
        sizes = {"huge": str(2**40), "odd": "many"}
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", sizes.get(kind, str(len(self.content))))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked may have left
            self.wfile.write(self.content[:1000] if kind == "short" else self.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("FRCNN_OFFLINE", raising=False)
    handler = type("Handler", (Server,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        handler.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield handler
        listening.shutdown()
        thread.join()


def refusal(url: str, folder: Path, sha256: str = SHA256) -> ModelFileError:
    with pytest.raises(ModelFileError) as raised:
        fetch(url, sha256, folder, say=lambda line: None)
    assert not folder.exists() or not os.listdir(folder), "nothing half-fetched stays"
    return raised.value


# golden


@pytest.mark.parametrize("kind", ["ok", "unsized", "moved"])
def test_a_file_is_fetched_said_and_kept(server, tmp_path: Path, kind: str) -> None:
    said: list[str] = []
    steps: list[tuple[int, int]] = []
    folder, url = tmp_path / "hub" / "checkpoints", f"{server.url}/{kind}/a.pth"

    path = fetch(
        url, SHA256, folder, say=said.append, progress=lambda done, all: steps.append((done, all))
    )

    assert path == folder / "a.pth"
    assert path.read_bytes() == CONTENT
    assert said == [f"downloading {url} to {path}"]
    assert steps[-1] == (len(CONTENT), 0 if kind == "unsized" else len(CONTENT))
    assert len(steps) >= 2
    assert steps == sorted(steps)
    assert os.listdir(folder) == ["a.pth"]


def test_what_is_in_the_cache_is_not_fetched_again(server, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        fetch(f"{server.url}/ok/a.pth", SHA256, tmp_path, say=said.append)
    assert server.asked == ["/ok/a.pth"]
    assert len(said) == 1


def test_the_cache_is_enough_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    (tmp_path / "a.pth").write_bytes(CONTENT)
    found = fetch("https://example.org/b/a.pth", SHA256, tmp_path, say=pytest.fail)
    assert found == tmp_path / "a.pth"


def test_published_weights_are_read(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way, with a made ResNet-18 in the place of the real one."""
    name = "ResNet18_Weights.IMAGENET1K_V1"
    state = models.resnet18(weights=None).state_dict()
    torch.save({n: t for n, t in state.items() if not n.startswith("layer4")}, tmp_path / "made")
    server.content = (tmp_path / "made").read_bytes()
    digest = hashlib.sha256(server.content).hexdigest()
    entry = torchvision.Published(architecture="resnet18", sha256=digest)
    real = models.get_weight(name)

    class Weight:
        url = f"{server.url}/ok/resnet18-f37072fd.pth"
        transforms = staticmethod(real.transforms)

    monkeypatch.setitem(PUBLISHED, name, entry)
    monkeypatch.setattr(models, "get_weight", lambda asked: Weight if asked == name else None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))

    found = read_published(name, say=lambda line: None)

    assert found.preprocessing == TORCHVISION
    assert found.origin == f"torchvision {name}, resnet18-f37072fd.pth, SHA-256 {digest}"
    assert torch.equal(found.tensors["conv1.weight"], state["conv1.weight"])
    assert (tmp_path / "home/hub/checkpoints/resnet18-f37072fd.pth").is_file()


# what always holds


@pytest.mark.parametrize("name", PUBLISHED)
def test_sums_agree_with_torchvisions_own_names(name: str) -> None:
    """Each file's name carries the first eight digits of its SHA-256."""
    weight = models.get_weight(name)
    entry = PUBLISHED[name]
    assert len(entry.sha256) == 64
    assert set(entry.sha256) <= set("0123456789abcdef")
    assert weight.url.startswith("https://")
    assert weight.url.endswith(f"-{entry.sha256[:8]}.pth")
    assert name.lower().replace("_", "").startswith(entry.architecture.replace("_", ""))
    transform = weight.transforms()
    assert (tuple(transform.mean), tuple(transform.std)) == (TORCHVISION.mean, TORCHVISION.std)


def test_every_network_of_torchvision_has_a_default() -> None:
    assert set(DEFAULTS) == set(ARCHITECTURES) - {"zf"}
    assert all(PUBLISHED[name].architecture == network for network, name in DEFAULTS.items())


# wrong in


def test_a_name_that_is_not_published() -> None:
    with pytest.raises(ModelFileError, match="RC542") as raised:
        read_published("VGG16_Weights.IMAGENET1K_FEATURES", say=pytest.fail)
    assert "VGG16_Weights.IMAGENET1K_V1" in raised.value.want


def test_what_is_promised_is_what_would_be_read_but_for_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("FRCNN_OFFLINE", "0")
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("a download"))
    for name in PUBLISHED:
        weights = promised(name)
        assert (weights.tensors, weights.preprocessing) == ({}, TORCHVISION)
        assert name in weights.origin
    with pytest.raises(ModelFileError, match="RC542"):
        promised("VGG16_Weights.IMAGENET1K_FEATURES")
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    with pytest.raises(ModelFileError, match=UNAVAILABLE):
        promised("ResNet18_Weights.IMAGENET1K_V1")
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth").touch()
    assert promised("ResNet18_Weights.IMAGENET1K_V1").tensors == {}


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_offline_is_honoured(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", value)
    error = refusal(f"{server.url}/ok/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE == "RC540"
    assert "FRCNN_OFFLINE" in error.got
    assert "from scratch" in error.fix
    assert server.asked == []


@pytest.mark.parametrize("value", ["0", ""])
def test_offline_may_be_switched_off(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", value)
    assert fetch(f"{server.url}/ok/a.pth", SHA256, tmp_path, say=len).is_file()


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("missing", "404"),
        ("short", "ended after 1000 of"),
        ("huge", str(2**40)),
        ("odd", "many"),
    ],
)
def test_a_server_that_does_not_give_it(server, tmp_path: Path, kind: str, word: str) -> None:
    error = refusal(f"{server.url}/{kind}/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert word in error.got


def test_more_than_the_cap_is_not_fetched(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision, "_SIZE_CAP", 1000)
    error = refusal(f"{server.url}/unsized/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert "more than 1000 bytes" in error.got


def test_no_network(tmp_path: Path) -> None:
    error = refusal("https://download.example/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert error.place == "https://download.example/a.pth"


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refusal(f"http://127.0.0.1:{taken.getsockname()[1]}/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert "refused" in error.got


def test_a_connection_that_breaks_is_no_fault_of_the_disk(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(response: http.client.HTTPResponse, count: int) -> bytes:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr("http.client.HTTPResponse.read", broken)
    error = refusal(f"{server.url}/ok/a.pth", tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert "reset" in error.got


@pytest.mark.parametrize(
    "url",
    ["http://example.org/a.pth", "file:///etc/passwd", "ftp://127.0.0.1/a", "a.pth", "http:///a"],
)
def test_addresses_that_are_not_safe(tmp_path: Path, url: str) -> None:
    error = refusal(url, tmp_path / "new")
    assert error.code == UNAVAILABLE
    assert "https" in error.got


def test_other_bytes_than_published(server, tmp_path: Path) -> None:
    wanted = "0" * 64
    error = refusal(f"{server.url}/ok/a.pth", tmp_path / "new", wanted)
    assert error.code == "RC541"
    assert SHA256 in error.got
    assert error.want == wanted


def test_a_damaged_file_in_the_cache_is_named_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="RC541") as raised:
        fetch("https://example.org/a.pth", SHA256, tmp_path, say=pytest.fail)
    assert raised.value.place == str(tmp_path / "a.pth")
    assert "delete" in raised.value.fix
    assert (tmp_path / "a.pth").read_bytes() == b"damaged"


def test_a_cache_that_cannot_be_written(server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskError) as raised:
        fetch(f"{server.url}/ok/a.pth", SHA256, tmp_path / "file", say=lambda line: None)
    assert raised.value.code == "RC603"


@pytest.mark.parametrize(
    ("named", "published"),
    [
        ("VGG16_Weights.IMAGENET1K_V1", True),
        ("VGG16_Weights.IMAGENET1K_FEATURES", True),
        ("resnet18_weights.imagenet1k_v1", True),
        ("my_weights.pth", False),
        ("my_weights.safetensors", False),
        ("runs/VGG16_Weights.IMAGENET1K_V1", False),
        ("vgg16", False),
    ],
)
def test_a_name_is_told_from_a_path(named: str, *, published: bool) -> None:
    assert is_published_name(named) is published


def test_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("VGG16_Weights.MINE").touch()
    assert not is_published_name("VGG16_Weights.MINE")


@pytest.mark.parametrize(
    ("named", "near"),
    [
        ("VGG16_Weights.IMAGENET1K_FEATURES", "VGG16_Weights.IMAGENET1K_V1"),
        ("resnet18_weights.imagenet1k_v1", "ResNet18_Weights.IMAGENET1K_V1"),
    ],
)
def test_the_nearest_name_is_given(named: str, near: str) -> None:
    with pytest.raises(ModelFileError, match="RC542") as raised:
        read_published(named, say=print)
    assert raised.value.fix == f"did you mean {near}?"
    assert near in raised.value.want
