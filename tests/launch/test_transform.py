"""A function of the user's and the run that remembers its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.transforms import v2

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.launch.run import launch, train
from frcnn.launch.transform import asked_name, require_transform, with_transform
from frcnn.presets import RunConfig, resnet18
from frcnn.run_folder import RunFolder
from frcnn.training.progress import Quiet


def darker(picture: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
    """A user's own."""
    return picture // 2, target


def refused(code: str, *arguments: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        require_transform(*arguments)
    assert caught.value.code == code
    return caught.value


def test_the_settings_keep_the_name() -> None:
    config = with_transform(resnet18(), {"augment": darker})
    assert config.training.augmentation.own == asked_name({"augment": darker})
    assert asked_name({"augment": darker}).endswith("test_transform.darker")
    assert with_transform(resnet18(), {}) == resnet18()
    require_transform(config, {"augment": darker})
    require_transform(resnet18(), {})


def test_a_run_goes_on_with_its_own_function_alone() -> None:
    config = with_transform(resnet18(), {"augment": darker})
    error = refused("RC312", config, {})
    assert error.got == "none"
    assert error.want.endswith("darker")
    assert "augment=THE_FUNCTION" in error.fix
    refused("RC312", config, {"augment": v2.Pad(2)})
    assert "leave augment out" in refused("RC312", resnet18(), {"augment": darker}).fix


@pytest.mark.parametrize("scheme", ["alternating", "unshared", "head"])
def test_schemes_on_stored_proposals_have_no_use_for_it(scheme: str) -> None:
    config = settings.apply_overrides(resnet18(), [f"training.scheme={scheme}"])
    config = with_transform(config, {"augment": darker})
    assert scheme in refused("RC313", config, {"augment": darker}).got


def test_pictures_go_through_it_and_the_run_can_be_resumed(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    seen = []

    def count(picture: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
        seen.append(picture.shape)
        return picture, target

    asked = options("training.schedule.steps=2", backbone_weights="none", augment=count)
    launched = launch(rectangles, asked, said.append)
    train(launched, Quiet())
    assert len(seen) >= 2
    run: RunFolder = launched.job.run
    kept = settings.read_yaml(run.config, RunConfig)
    assert kept.training.augmentation.own.endswith("count")
    again = {"resume": run.path, "device": "cpu"}
    with pytest.raises(ConfigError, match="RC312"):
        launch(None, again, said.append)
    before = len(seen)
    train(
        launch(
            None,
            {**again, "augment": count, "settings": ["training.schedule.steps=3"]},
            said.append,
        ),
        Quiet(),
    )
    assert len(seen) > before


def test_the_settings_alone_vary_nothing_by_name(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    asked = options("training.augmentation.own=mine.jitter", backbone_weights="none")
    with pytest.raises(ConfigError, match="RC312"):
        launch(rectangles, asked, said.append)
    assert not list(asked["out"].glob("*"))
