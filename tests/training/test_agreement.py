"""What a number of processes must fit."""

import pytest
import torch

from frcnn.errors import ConfigError, ModelFileError
from frcnn.training.agreement import (
    require_pictures_for_all,
    require_room,
    require_same_processes,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize(("processes", "cores"), [(1, 1), (2, 2), (8, 8), (99, None)])
def test_as_many_processes_as_cores(processes: int, cores: int | None) -> None:
    require_room(processes, CPU, cores)


def test_more_processes_than_cores() -> None:
    with pytest.raises(ConfigError, match="more processes than cores") as caught:
        require_room(8, CPU, 2)
    error = caught.value
    assert (error.code, error.place, error.exit_code) == ("RC364", "--processes", 2)
    assert error.got == "8 processes on cpu, 2 cores"
    assert error.want == "1 ... 2"
    assert "many_machines" in error.fix


def test_more_processes_than_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    require_room(4, torch.device("cuda"), 2)
    with pytest.raises(ConfigError, match="5 processes on cuda, 4 cards"):
        require_room(5, torch.device("cuda"), 64)
    with pytest.raises(ConfigError, match="2 processes on mps, 1 cards"):
        require_room(2, torch.device("mps"))


def test_one_card_by_its_number_is_not_for_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(ConfigError, match="a device without a number"):
        require_room(2, torch.device("cuda", 1))


def test_a_batch_has_a_picture_for_every_process() -> None:
    require_pictures_for_all(2, 2)
    with pytest.raises(ConfigError, match="3 pictures, 4 processes") as caught:
        require_pictures_for_all(4, 3)
    assert (caught.value.code, caught.value.place) == ("RC350", "training.batches.size")
    assert "--batch 4" in caught.value.fix


def test_a_run_goes_on_with_as_many_processes_as_it_had() -> None:
    require_same_processes("step.safetensors", 2, 2)
    with pytest.raises(ModelFileError, match="2 trained it, 1 now") as caught:
        require_same_processes("step.safetensors", 2, 1)
    assert (caught.value.code, caught.value.exit_code) == ("RC538", 5)
    assert "--processes 2" in caught.value.fix
