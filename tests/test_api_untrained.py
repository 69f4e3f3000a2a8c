"""The verbs of Python that need no training: the tour, and looking a data set over."""

import json
import re
import shutil
from pathlib import Path

import pytest

import frcnn
from frcnn import api
from frcnn.demo.tour import Tour, TourOptions
from frcnn.errors import AnnotationError, DataError

STEPS = 2


@pytest.fixture
def spoilt(rectangles: Path, tmp_path: Path) -> Path:
    """The data set once more, with a box in each split that leaves its picture."""
    root = tmp_path / "spoilt"
    shutil.copytree(rectangles, root)
    for name in ("train00", "val00"):
        path = root / "Annotations" / f"{name}.xml"
        path.write_text(re.sub("<xmax>[0-9]+<", "<xmax>99<", path.read_text(), count=1))
    return root


class TestDemo:
    def test_it_is_the_tour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[TourOptions] = []

        def take_tour(options: TourOptions, display: object, say: object) -> Tour:
            asked.append(options)
            say("a remark")  # type: ignore[operator]
            return "a tour"  # type: ignore[return-value]

        monkeypatch.setattr(api, "take_tour", take_tour)
        assert api.demo(scenes=8, seed=3) == "a tour"
        assert api.demo(quiet=True) == "a tour"
        assert asked == [{"scenes": 8, "seed": 3}, {"quiet": True}]

    def test_its_remarks_go_to_stderr_unless_quiet(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(api, "take_tour", lambda options, display, say: say("a remark"))
        api.demo()
        api.demo(quiet=True)
        assert capsys.readouterr() == ("", "a remark\n")


class TestCheck:
    def test_a_folder_or_a_data_set(self, spoilt: Path) -> None:
        report = frcnn.check(spoilt)
        assert report.to_json() == frcnn.check(frcnn.Dataset.open(spoilt)).to_json()
        assert [problem.code for problem in report.errors] == ["RC211", "RC211"]
        assert all(problem.fix and "Annotations/" in problem.place for problem in report.errors)
        assert json.loads(json.dumps(report.to_json(), allow_nan=False))["errors"] == 2

    def test_nothing_wrong(self, rectangles: Path) -> None:
        assert frcnn.check(rectangles).errors == ()

    def test_what_is_no_data_set(self, tmp_path: Path) -> None:
        with pytest.raises(DataError) as raised:
            frcnn.check(tmp_path)
        assert isinstance(raised.value, AnnotationError)
        assert raised.value.exit_code == 3
