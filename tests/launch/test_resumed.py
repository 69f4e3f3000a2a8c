"""Going on with a run, by one process or by several: the leader's word decides."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn import settings
from frcnn.errors import AnnotationError, ConfigError
from frcnn.launch.launched import Launched
from frcnn.launch.resumed import go_on
from frcnn.launch.run import launch, train
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training.distributed import ALONE, World
from frcnn.training.progress import Quiet

SHORT = ("training.schedule.steps=2", "training.evaluation.loss_pictures=1")


@pytest.fixture
def begun(rectangles: Path, options: Callable, said: list[str]) -> RunFolder:
    """A run that took no step yet."""
    return launch(rectangles, options(*SHORT), said.append).job.run


def again(path: Path, world: World = ALONE, **options: Any) -> Launched:
    said: list[str] = []
    return go_on(path, None, {"device": "cpu", **options}, (said.append, said.append), world)


def test_nothing_is_changed_before_it_trains(begun: RunFolder) -> None:
    before = {path: path.read_bytes() for path in begun.path.rglob("*") if path.is_file()}
    changed = again(begun.path, settings=["training.schedule.steps=3"])
    assert changed.config.training.schedule.steps == 3
    assert changed.job.run == begun
    after = {path: path.read_bytes() for path in begun.path.rglob("*") if path.is_file()}
    assert after == before


def test_without_a_checkpoint_it_begins_again_and_says_so(begun: RunFolder) -> None:
    said: list[str] = []
    go_on(begun.path, None, {"device": "cpu"}, (said.append, said.append), ALONE)
    assert said[0] == f"run {begun.path}, begun again: no step of it was kept"
    train(again(begun.path), Quiet())
    go_on(begun.path, None, {"device": "cpu"}, (said.append, said.append), ALONE)
    assert f"run {begun.path}, resumed" in said


def test_data_that_was_moved_is_named_anew(begun: RunFolder, rectangles: Path) -> None:
    kept = settings.read_yaml(begun.config, RunConfig)
    settings.write_yaml(begun.config, replace(kept, data=str(begun.path / "gone")))
    with pytest.raises(AnnotationError, match=r"RC201.*any more") as caught:
        again(begun.path)
    assert "--data" in caught.value.fix
    said: list[str] = []
    go_on(begun.path, rectangles, {"device": "cpu"}, (said.append, said.append), ALONE)
    with pytest.raises(AnnotationError, match=r"RC201.*no data set"):
        go_on(begun.path, "nowhere", {"device": "cpu"}, (said.append, said.append), ALONE)


def test_two_processes_go_on_with_it(begun: RunFolder, in_processes: Callable) -> None:
    def work(world: World) -> Any:
        figures = train(again(begun.path, world), Quiet())
        return None if figures is None else figures.to_json()

    ended = in_processes(work)
    assert [each.code for each in ended] == [0, 0], ended
    assert ended[0].value == ended[1].value
    assert begun.last.exists()
    kept = begun.config.read_bytes()

    def refused(world: World) -> None:
        train(again(begun.path, world, settings=["model.rpn.channels=8"]), Quiet())

    leader, other = in_processes(refused)
    assert "RC532" in leader.value
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [5, 5])
    assert begun.config.read_bytes() == kept


def test_d10_no_run_is_told_once(in_processes: Callable, tmp_path: Path) -> None:
    leader, other = in_processes(lambda world: again(tmp_path, world))
    assert "RC370" in leader.value
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [2, 2])
    with pytest.raises(ConfigError):
        again(tmp_path)
