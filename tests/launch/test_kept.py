"""A run's own settings, whoever made it."""

import json
from pathlib import Path

import pytest

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.errors import AnnotationError, ConfigError
from frcnn.launch.kept import _numbers, kept_data, kept_settings
from frcnn.run_folder import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A folder with settings."""
    run = RunFolder(tmp_path)
    settings.write_yaml(run.config, presets.resnet18())
    return run


def made_by(run: RunFolder, version: str) -> None:
    run.env.write_text(json.dumps({"frcnn": version}))
    run.config.write_text(run.config.read_text() + "tomorrow: 1\n")


def test_they_are_read_back(run: RunFolder) -> None:
    assert kept_settings(run) == presets.resnet18()


def test_d10_a_run_of_a_newer_version(run: RunFolder) -> None:
    made_by(run, "99.1.0")
    with pytest.raises(ConfigError, match="made by a newer version") as caught:
        kept_settings(run)
    assert (caught.value.code, caught.value.place) == ("RC373", str(run.path))
    assert caught.value.got.startswith("99.1.0, with settings that ")


def test_a_newer_version_with_the_same_settings(run: RunFolder) -> None:
    run.env.write_text('{"frcnn": "99.1.0"}')
    assert kept_settings(run) == presets.resnet18()


@pytest.mark.parametrize("version", ["0.0.1", "", "unknown"])
def test_a_mistake_in_a_run_of_ours(run: RunFolder, version: str) -> None:
    made_by(run, version)
    with pytest.raises(ConfigError, match=r"RC344.*tomorrow"):
        kept_settings(run)
    for text in ("", "[]", '{"torch": 1}'):
        run.env.write_text(text)
        with pytest.raises(ConfigError, match="RC344"):
            kept_settings(run)


def test_versions_are_compared_by_number() -> None:
    assert _numbers("0.10.0") > _numbers("0.9.9")


def test_data_that_has_gone_is_named_anew(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="is not there any more") as caught, kept_data():
        Dataset.open(tmp_path / "gone")
    assert (caught.value.code, caught.value.fix) == ("RC201", "name its new place with --data")
    with pytest.raises(AnnotationError, match="RC202"), kept_data():
        raise AnnotationError("RC202", "here", "something else", fix="mend it")
