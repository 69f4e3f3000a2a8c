"""A run's parts, put together: alone, and in several processes that must agree."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frcnn.errors import ConfigError
from frcnn.launch.launched import new_network, own_device
from frcnn.launch.run import launch, train
from frcnn.training.distributed import World
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet

SHORT = ("training.schedule.steps=2", "training.evaluation.loss_pictures=1")


def test_alone_a_run_is_of_one_process(rectangles: Path, options: Callable, said: list) -> None:
    launched = launch(rectangles, options(*SHORT), said.append)
    assert launched.job.world.size == 1
    assert launched.job.circumstances.processes == 1


def test_the_network_is_that_of_the_scheme(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    config = launch(rectangles, options(*SHORT, scheme="alternating"), said.append).config
    assert config.model.sharing == "shared"
    assert new_network(config).rpn_backbone is not None, "its first step shares nothing"


def test_no_such_device() -> None:
    with pytest.raises(ConfigError) as caught:
        own_device({"device": "abacus"}, World())
    assert caught.value.code == "RC360"


def run_by_two(
    in_processes: Callable, data: Path, make: Callable[[World], dict[str, Any]]
) -> list[Any]:
    """A whole run by two processes, each with its own options."""

    def work(world: World) -> Any:
        said: list[str] = []
        launched = launch(data, make(world), said.append, world=world)
        figures = train(launched, Quiet())
        return str(launched.job.run.path), None if figures is None else figures.to_json(), said

    return in_processes(work)


@pytest.mark.parametrize("scheme", ["joint", pytest.param("alternating", marks=pytest.mark.slow)])
def test_two_processes_make_one_run(
    rectangles: Path, options: Callable, in_processes: Callable, tmp_path: Path, scheme: str
) -> None:
    own = options(*SHORT, scheme=scheme)
    ended = run_by_two(in_processes, rectangles, lambda _: own)
    assert [each.code for each in ended] == [0, 0], ended
    assert ended[0].value[:2] == ended[1].value[:2]
    runs = [path for path in (tmp_path / "runs").iterdir() if not path.is_symlink()]
    assert [str(path) for path in runs] == [ended[0].value[0]]
    assert {"best.safetensors", "last.safetensors", "MODEL_CARD.md"} <= {
        path.name for path in runs[0].iterdir()
    }
    assert len(Diary(launch(None, {"resume": runs[0]}, print).job.run).steps()) == 2


def test_d15_processes_that_would_not_train_the_same_are_refused(
    rectangles: Path, options: Callable, in_processes: Callable
) -> None:
    both = (options(*SHORT), options(*SHORT, "training.optimizer.learning_rate=0.5"))
    leader, other = run_by_two(in_processes, rectangles, lambda world: both[world.rank])
    assert "error[RC423] process 1 of 2" in leader.value
    assert "other settings" in leader.value
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [4, 4])


def test_fewer_pictures_in_a_batch_than_processes(
    rectangles: Path, options: Callable, in_processes: Callable
) -> None:
    own = options(*SHORT, "training.batches.size=1")
    leader, other = run_by_two(in_processes, rectangles, lambda _: own)
    assert "error[RC350] training.batches.size" in leader.value
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [2, 2])
