"""How processes find each other, and that they are about to do the same."""

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import torch.distributed as dist

from frcnn.errors import ConfigError, TrainingError
from frcnn.training import joining
from frcnn.training.distributed import ALONE, World
from frcnn.training.joining import joined, require_agreement

WHOLE = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


def test_without_others_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WHOLE:
        monkeypatch.delenv(name, raising=False)
    with joined() as world:
        assert world is ALONE
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    with joined() as world:
        assert world is ALONE
    assert not dist.is_initialized()


def test_every_process_knows_its_place_and_leaves_at_the_end(in_processes: Callable) -> None:
    def work(world: World) -> tuple[int, int, int, int]:
        assert world.link is not None
        return world.rank, world.size, world.local_rank, len(set(world.link.peers))

    assert [each.value for each in in_processes(work, 3)] == [(r, 3, r, 3) for r in range(3)]
    assert not dist.is_initialized()


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        ("RANK", "first", "a whole number"),
        ("RANK", "", "a whole number"),
        ("RANK", "2", "0 ... 1"),
        ("WORLD_SIZE", "two", "a whole number"),
        ("WORLD_SIZE", "-2", "a whole number"),
        ("MASTER_ADDR", "", "address of process 0"),
        ("MASTER_PORT", "", "a whole number"),
        ("LOCAL_RANK", "x", "a whole number"),
    ],
)
def test_an_environment_that_is_not_whole(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, want: str
) -> None:
    for each, text in {**WHOLE, "LOCAL_RANK": "0", name: value}.items():
        monkeypatch.setenv(each, text)
    with pytest.raises(ConfigError, match="RC369") as caught, joined():
        pass
    assert caught.value.place == f"environment variable {name}"
    assert want in caught.value.want
    assert "torchrun" in caught.value.fix
    assert not dist.is_initialized()


def test_others_that_never_come(monkeypatch: pytest.MonkeyPatch, in_processes: Callable) -> None:
    monkeypatch.setattr(joining, "PREPARING", 1.0)

    def work(world: World) -> None:
        raise AssertionError(world)

    real = joining._number

    def one_more(name: str, missing: int | None) -> int:
        return 2 if name == "WORLD_SIZE" else real(name, missing)

    monkeypatch.setattr(joining, "_number", one_more)
    (ended,) = in_processes(work, 1)
    assert ended.kind == "TrainingError"
    assert ended.value.startswith("error[RC422] process 0 of 2: it did not find the others")
    assert "127.0.0.1:" in ended.value
    assert ended.code == 4


def test_what_an_earlier_start_left_in_the_store_is_not_taken_for_ours(
    in_processes: Callable,
) -> None:
    """As after `--max-restarts`: calls, answers and confirmations of the dead are still there."""

    def work(world: World) -> list[str]:
        store = joining._store(world.rank, int(os.environ["MASTER_PORT"]), timedelta(seconds=20))
        names = []
        for start in range(3):
            world.gathered(lambda: None)
            if world.leads and start == 1:
                time.sleep(0.3)  # the other one answers the call of the last start first
            names.append(joining._called(store, world.rank, world.size))
        return world.gathered(lambda: names)[world.rank]

    leader, other = (ended.value for ended in in_processes(work))
    assert leader == other
    assert len(set(leader)) == 3


def test_processes_that_see_the_same_go_on(in_processes: Callable) -> None:
    require_agreement(ALONE, {"pictures": "abc"})
    assert [e.code for e in in_processes(lambda w: require_agreement(w, {"pictures": 1}))] == [0, 0]


def test_processes_that_see_other_things_are_named(in_processes: Callable) -> None:
    def work(world: World) -> None:
        require_agreement(world, {"training pictures": world.rank, "settings": 1, "classes": "a"})

    leader, other = in_processes(work)
    assert leader.kind == "TrainingError"
    assert "RC423" in leader.value
    assert "process 1 of 2" in leader.value
    assert "got other training pictures, want" in leader.value
    assert (other.kind, other.code) == ("ToldElsewhere", 4)
    assert TrainingError.exit_code == leader.code
