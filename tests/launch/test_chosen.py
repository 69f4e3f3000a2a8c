"""The pictures of a run, or of a folder; `test_measure.py` and `test_propose.py` use the rest."""

import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from frcnn import settings
from frcnn.errors import AnnotationError, ConfigError
from frcnn.launch.chosen import Chosen, Wanted, choose_pictures
from frcnn.launch.run import launch
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder

CLASSES = ("blue", "red")


@pytest.fixture
def run(rectangles: Path, options: Callable) -> RunFolder:
    """A run that has not begun: its papers are enough."""
    return launch(rectangles, options(), lambda _: None).job.run


def choose(
    named: Path,
    data: Path | None = None,
    split: str | None = None,
    usual: Callable[[Collection[str], str | None], str] = lambda names, _learnt: min(names),
) -> Chosen:
    wanted = Wanted(verb="propose", data=data, split=split, usual=usual)
    return choose_pictures(named, wanted, CLASSES)


def test_of_its_own_run(run: RunFolder, rectangles: Path) -> None:
    for data in (None, rectangles):
        chosen = choose(run.path, data, "train")
        assert chosen.name == chosen.split.name == "train"
        assert chosen.run is not None
        assert chosen.run.path == run.path.resolve()
        assert chosen.report.problems == ()


def test_of_other_data(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    shutil.copytree(rectangles, tmp_path / "other")
    chosen = choose(run.path, tmp_path / "other", "val")
    assert chosen.name == "other-val"
    assert chosen.run is not None


def test_data_of_other_classes(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    shutil.copytree(rectangles, tmp_path / "other")
    path = tmp_path / "other" / "Annotations" / "val00.xml"
    path.write_text(path.read_text().replace("<name>red<", "<name>green<"))
    with pytest.raises(AnnotationError, match="the model has not learnt") as caught:
        choose(run.path, tmp_path / "other", "val")
    assert (caught.value.code, caught.value.got) == ("RC214", "'green'")
    assert caught.value.want == "blue, red"


def test_data_that_was_moved(run: RunFolder, tmp_path: Path) -> None:
    kept = settings.read_yaml(run.config, RunConfig)
    settings.write_yaml(run.config, replace(kept, data=str(tmp_path / "gone")))
    with pytest.raises(AnnotationError, match="RC201") as caught:
        choose(run.path)
    assert "--data" in caught.value.fix


def test_what_is_usual_is_asked_where_no_split_is_named(
    run: RunFolder, rectangles: Path, tmp_path: Path
) -> None:
    asked: list[tuple[set[str], str | None]] = []

    def usual(names: Collection[str], learnt: str | None) -> str:
        asked.append((set(names), learnt))
        return "val"

    assert choose(run.path, usual=usual).split.name == "val"
    shutil.copytree(rectangles, tmp_path / "other")
    assert choose(run.path, tmp_path / "other", usual=usual).split.name == "val"
    assert asked == [({"train", "val"}, "train"), ({"train", "val"}, None)]


def test_no_data_is_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"RC354.*no data for frcnn propose") as caught:
        choose(tmp_path / "a.safetensors")
    assert f"frcnn propose {tmp_path / 'a.safetensors'} --data DIR" in caught.value.fix


def test_no_such_split(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match="RC320"):
        choose(run.path, split="holdout")
