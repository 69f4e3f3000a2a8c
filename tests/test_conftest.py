"""What every test leans on can fail: the shut network, the contracts, the scripts."""

import os
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from frcnn.types import Detections, Size

SIZE = Size(height=10, width=20)


def found(boxes: list[list[float]], scores: list[float]) -> Detections:
    labels = torch.zeros(len(boxes), dtype=torch.int64)
    return Detections(boxes=torch.tensor(boxes), scores=torch.tensor(scores), labels=labels)


@pytest.mark.parametrize("address", ["https://example.org/", "http://192.0.2.1/"])
def test_the_tests_have_no_network(address: str) -> None:
    with pytest.raises(urllib.error.URLError, match="no network"):
        urllib.request.urlopen(address, timeout=5)


def test_this_machine_itself_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].close())
        answer.start()
        with socket.create_connection(server.getsockname(), timeout=5) as connection:
            assert connection.recv(1) == b""
        answer.join()


def test_one_thread() -> None:
    assert torch.get_num_threads() == 1


def test_the_generator_starts_the_same(generator: torch.Generator) -> None:
    assert generator.initial_seed() == 0


@pytest.mark.parametrize(
    "boxes",
    [
        torch.zeros(4),
        torch.zeros(2, 5),
        torch.zeros(2, 4, dtype=torch.float64),
        torch.tensor([[0.0, 0.0, float("nan"), 1.0]]),
        torch.tensor([[5.0, 0.0, 1.0, 1.0]]),
        torch.tensor([[0.0, 0.0, 21.0, 1.0]]),
        torch.tensor([[-1.0, 0.0, 2.0, 1.0]]),
    ],
)
def test_what_is_no_box_breaks_the_contract(
    boxes: torch.Tensor, assert_boxes: Callable[..., None]
) -> None:
    with pytest.raises(AssertionError):
        assert_boxes(boxes, SIZE)


def test_boxes_that_keep_the_contract(assert_boxes: Callable[..., None]) -> None:
    assert_boxes(torch.tensor([[0.0, 0.0, 20.0, 10.0], [1.0, 1.0, 1.0, 1.0]]), SIZE)
    assert_boxes(torch.zeros(0, 4), SIZE)


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [
        ([[0.0, 0.0, 0.0, 5.0]], [0.5]),
        ([[0.0, 0.0, 5.0, 5.0]], [1.5]),
        ([[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, 5.0, 5.0]], [0.5, 0.6]),
    ],
)
def test_what_is_no_detection_breaks_the_contract(
    boxes: list[list[float]], scores: list[float], assert_detections: Callable[..., None]
) -> None:
    with pytest.raises(AssertionError):
        assert_detections(found(boxes, scores), SIZE, classes=1)


def test_detections_that_keep_the_contract(assert_detections: Callable[..., None]) -> None:
    boxes = [[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, 20.0, 10.0]]
    assert_detections(found(boxes, [0.6, 0.6]), SIZE, classes=1)
    assert_detections(Detections.empty(), SIZE, classes=1)


@pytest.mark.parametrize("script", ["check", ".ci/run"])
def test_scripts_can_be_run_and_are_well_formed(script: str, repository: Path) -> None:
    path = repository / script
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_check_refuses_what_it_does_not_know(repository: Path) -> None:
    command = [str(repository / "check"), "everything"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "format, lint, types, tests" in done.stderr
