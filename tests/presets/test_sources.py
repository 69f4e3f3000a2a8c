"""The source of every value of every preset, held against the preset itself."""

import pytest

from frcnn import settings
from frcnn.presets import PRESETS
from frcnn.presets.default_sources import DEFAULT_SOURCES
from frcnn.presets.sources import DEPARTURES, sources_of

LITERATURE = (
    "vgg16_voc07",
    "vgg16_voc0712",
    "zf_voc07",
    "paper",
    "matlab",
    "alt_opt",
    "end2end",
    "all_anchor_regression",
)


def test_golden_values_of_the_joint_training() -> None:
    found = sources_of("vgg16_voc07")
    assert found["training_split"] == "§4.1: VOC 2007 trainval"
    assert found["training.batches.flip"] == "authors' code: every picture twice an epoch"
    assert found["model.proposals_train.before_nms"] == "authors' Python code, joint training"
    assert found["model.proposals_train.after_nms"] == "§3.3: 2000 in training"


def test_every_preset_has_its_mapping() -> None:
    assert list(DEPARTURES) == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_what_departs_and_nothing_else_stands_in_the_mapping(name: str) -> None:
    rows = settings.describe(PRESETS[name]())
    assert set(DEPARTURES[name]) == {row.name for row in rows if row.value != row.default}


@pytest.mark.parametrize("name", PRESETS)
def test_no_value_is_without_a_source(name: str) -> None:
    found = sources_of(name)
    assert list(found) == [row.name for row in settings.describe(PRESETS[name]())]
    assert all(found.values())


@pytest.mark.parametrize("name", LITERATURE)
def test_no_model_value_of_the_literature_that_departs_is_our_own(name: str) -> None:
    """Of the paper, its authors' code, or the later reading, which names itself."""
    rows = {each: text for each, text in DEPARTURES[name].items() if each.startswith("model.")}
    assert rows
    assert not [each for each, text in rows.items() if text.startswith("ours")]


def test_a_departure_has_another_source_than_the_default() -> None:
    for name in LITERATURE:
        same = {
            each
            for each, text in DEPARTURES[name].items()
            if text == DEFAULT_SOURCES[each] and each != "preset"
        }
        assert not same
