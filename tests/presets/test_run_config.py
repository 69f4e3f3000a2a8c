"""RunConfig: what a run is made of survives the file that it is kept in."""

from dataclasses import replace
from pathlib import Path

import pytest

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.presets import PRESETS, RunConfig, StartConfig

NAMES = sorted(PRESETS)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_survives_yaml(name: str, tmp_path: Path) -> None:
    config = replace(PRESETS[name](), data="some/folder", start=StartConfig(init="runs/a-001"))
    path = tmp_path / "config.yaml"
    settings.write_yaml(path, config)
    assert settings.read_yaml(path, RunConfig) == config


def test_nothing_said_is_the_authors_joint_training_without_data() -> None:
    config = RunConfig()
    assert (config.data, config.preset, config.start) == ("", "", StartConfig())
    assert config.training.optimizer.method == "sgd"


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 1.5])
def test_a_validation_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        RunConfig(validation_share=share)
    assert (caught.value.place, caught.value.got) == ("validation_share", str(share))
