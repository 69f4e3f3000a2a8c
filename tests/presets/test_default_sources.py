"""The source of every default: none is missing, none is of a setting that has gone."""

import re

import pytest

from frcnn import settings
from frcnn.presets import RunConfig
from frcnn.presets.default_sources import DEFAULT_SOURCES

SOURCE = re.compile(r"§\d|Eq\. \(\d\)|authors' |torchvision|detectron2|Caffe|ours: .{12}")


def test_every_setting_has_one() -> None:
    assert set(DEFAULT_SOURCES) == {row.name for row in settings.describe(RunConfig)}


@pytest.mark.parametrize("name", DEFAULT_SOURCES)
def test_it_is_a_section_somebodys_code_or_a_reason(name: str) -> None:
    assert SOURCE.search(DEFAULT_SOURCES[name])


def test_golden_training_and_test_are_told_apart() -> None:
    assert DEFAULT_SOURCES["model.proposals_train.after_nms"] == "§3.3: 2000 in training"
    assert DEFAULT_SOURCES["model.proposals_test.after_nms"] == "§4.1, Table 2: 300 at test time"
    train, test = (
        DEFAULT_SOURCES[f"model.proposals_{each}.before_nms"] for each in ("train", "test")
    )
    assert "joint training" in train
    assert "test time" in test
