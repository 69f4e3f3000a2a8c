"""What an evaluation answers: text for people, plain values for programs, one headline."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from frcnn.cli import options
from frcnn.errors import ConfigError
from frcnn.evaluation.proposals import evaluate_proposals
from frcnn.evaluation.report import evaluate
from frcnn.launch.measured import (
    Measured,
    MeasuredDetections,
    MeasuredProposals,
    Metric,
    require_form,
    require_metric,
)


@pytest.fixture
def detections() -> MeasuredDetections:
    """Figures of nothing but their values."""
    nothing = evaluate([], ["bolt"])
    figures = replace(nothing, coco={**nothing.coco, "AP": 0.5}, voc07_map=0.25, voc_map=0.125)
    return MeasuredDetections(figures=figures, split="val", folder=Path("here"))


@pytest.fixture
def proposals() -> MeasuredProposals:
    """Four objects, two of which three hundred proposals cover at every overlap."""
    nothing = evaluate_proposals([])
    figures = replace(
        nothing,
        pictures=2,
        objects={**nothing.objects, "all": 4},
        found={**nothing.found, ("all", 300): (2,) * 10},
    )
    return MeasuredProposals(figures=figures, split="test", folder=Path("there"))


def test_golden_text(detections: MeasuredDetections, proposals: MeasuredProposals) -> None:
    for measured, first in (
        (detections, "COCO AP 0.5000 on val, 0 pictures"),
        (replace(detections, metric="voc07"), "VOC07 mAP 0.2500 on val, 0 pictures"),
        (replace(detections, metric="voc"), "VOC mAP 0.1250 on val, 0 pictures"),
        (proposals, "AR_300 0.5000 on test, 2 pictures"),
    ):
        table = measured.figures.table()
        assert str(measured) == f"{first}\n{table}\nsaved in {measured.folder}"


def test_golden_values(detections: MeasuredDetections, proposals: MeasuredProposals) -> None:
    for measured, metric, value in (
        (detections, "coco", 0.5),
        (replace(detections, metric="voc"), "voc", 0.125),
        (proposals, "proposals", 0.5),
    ):
        values = json.loads(json.dumps(measured.to_json(), allow_nan=False))
        assert (values["metric"], values["value"]) == (metric, value)
        assert (values["split"], values["folder"]) == (measured.split, str(measured.folder))
        assert values.items() >= measured.figures.to_json().items()


def test_an_undefined_figure_is_a_dash(proposals: MeasuredProposals) -> None:
    nothing: list[Measured] = [
        MeasuredDetections(figures=evaluate([], []), split="val", folder=Path()),
        replace(proposals, figures=evaluate_proposals([])),
    ]
    assert [str(each).split(" on ")[0] for each in nothing] == ["COCO AP -", "AR_300 -"]
    assert [each.to_json()["value"] for each in nothing] == [None, None]


def test_the_command_line_knows_the_same_metrics() -> None:
    assert sorted(options.METRICS) == sorted(get_args(Metric))
    for name in options.METRICS:
        require_metric(name)


@pytest.mark.parametrize("name", ["", "AP", "proposal", "COCO"])
def test_no_such_metric(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"RC338\] metric: no such metric; got '.*want coco, "
    ) as e:
        require_metric(name)
    assert e.value.fix


@pytest.mark.parametrize("name", ["coco", "", "VOC"])
def test_no_such_form(name: str) -> None:
    with pytest.raises(ConfigError, match="RC339") as caught:
        require_form(name)
    assert (caught.value.got, caught.value.want) == (repr(name), "voc")


@pytest.mark.parametrize("name", [None, "voc"])
def test_forms_that_there_are(name: str | None) -> None:
    require_form(name)
