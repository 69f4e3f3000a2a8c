"""The world: what processes do together, and who tells what went wrong."""

import copy
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.errors import ConfigError, DataError
from frcnn.training.distributed import ALONE, DistributedConfig, ToldElsewhere, World
from frcnn.training.signals import Interrupted


def test_one_process_is_a_world_in_which_nothing_is_exchanged() -> None:
    assert ALONE.leads
    assert ALONE.share([1, 2, 3]) == [1, 2, 3]
    assert ALONE.gathered(lambda: 5) == [5]
    assert ALONE.of_leader(lambda: 6) == 6
    assert ALONE.for_training(torch.device("cpu"), 1.0) is ALONE
    assert ALONE.own_device(torch.device("cuda", 1)) == torch.device("cuda", 1)
    tensor = torch.ones(2)
    ALONE.copy_from_leader(tensor)
    assert tensor.tolist() == [1, 1]


def test_errors_of_one_process_stay_as_they_are() -> None:
    def fails() -> None:
        raise RuntimeError("a bug")

    for ask in (ALONE.gathered, ALONE.of_leader):
        with pytest.raises(RuntimeError, match="a bug"):
            ask(fails)
    for context in (ALONE.together, ALONE.watched):
        with pytest.raises(RuntimeError, match="a bug"), context():
            fails()


@pytest.mark.parametrize("count", [0, 1, 4, 5, 7])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_shares_are_dealt_in_turn_and_joined_again(count: int, size: int) -> None:
    worlds = [World(rank=rank, size=size) for rank in range(size)]
    shares = [world.share(range(count)) for world in worlds]
    assert sorted(i for share in shares for i in share) == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert worlds[0].joined_shares(shares) == list(range(count))


def test_pieces_are_dealt_in_order_and_none_is_left_out() -> None:
    assert list(World().rounds(5, 2)) == [range(5)]  # nobody waits for a single process
    assert list(World().rounds(0, 2)) == [range(0)]


def test_pieces_of_several_processes(in_processes: Callable) -> None:
    ended = in_processes(lambda world: [list(world.rounds(n, 2)) for n in (0, 3, 4, 9)])
    want = [[range(0)], [range(3)], [range(4)], [range(4), range(4, 8), range(8, 9)]]
    assert [each.value for each in ended] == [want, want]


def test_a_copy_of_what_is_in_a_world_is_in_the_same_world() -> None:
    world = World(rank=1, size=2)
    assert copy.deepcopy({"world": world})["world"] is world


def test_everybody_learns_what_each_made_and_what_the_leader_says(in_processes: Callable) -> None:
    def work(world: World) -> Any:
        made = world.gathered(lambda: f"of {world.rank}")
        said = world.of_leader(lambda: ("leader", world.rank))
        tensor = torch.full((2, 2), float(world.rank))
        world.copy_from_leader(tensor)
        with world.together():
            pass
        return made, said, tensor.tolist()

    for ended in in_processes(work, 3):
        assert ended.value == (["of 0", "of 1", "of 2"], ("leader", 0), [[0, 0], [0, 0]])


@pytest.mark.parametrize("how", ["gathered", "together", "of_leader"])
@pytest.mark.parametrize("failing", [{0}, {1}, {0, 1}])
def test_what_fails_somewhere_ends_all_and_is_told_once(
    in_processes: Callable, how: str, failing: set[int]
) -> None:
    if how == "of_leader":
        failing = {0}

    def work(world: World) -> None:
        def act() -> None:
            if world.rank in failing:
                raise DataError("RC201", f"rank {world.rank}", "broken", fix="mend it")

        if how == "together":
            with world.together():
                act()
        else:
            getattr(world, how)(act)

    ended = in_processes(work)
    teller = min(failing)
    assert ended[teller].kind == "DataError"
    assert f"rank {teller}" in ended[teller].value
    assert ended[1 - teller].kind == "ToldElsewhere"
    assert [each.code for each in ended] == [3, 3]


def test_the_code_of_a_bug_is_1(in_processes: Callable) -> None:
    def work(world: World) -> None:
        world.gathered(lambda: 1 // world.rank)

    assert [each.code for each in in_processes(work)] == [1, 1]


def test_who_was_told_elsewhere_ends_with_the_same_code() -> None:
    assert isinstance(ToldElsewhere(4), SystemExit)
    assert ToldElsewhere(4).code == 4


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_is_no_timeout(seconds: float) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        DistributedConfig(timeout=seconds)
    assert caught.value.place == "distributed.timeout"


def test_several_processes_have_a_card_each_or_a_clear_error() -> None:
    assert World(rank=1, size=2).own_device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(ConfigError, match="RC364"):  # there is one of them
        World(rank=0, size=2).own_device(torch.device("mps"))
    if torch.cuda.device_count() < 9:
        with pytest.raises(ConfigError, match="RC364"):
            World(rank=8, size=9, local_rank=8).own_device(torch.device("cuda"))


def test_d15_a_signal_that_came_because_another_one_died_is_not_the_news(
    in_processes: Callable,
) -> None:
    """A launcher asks the others to stop, which may be heard in the middle of an evaluation."""

    def stopped() -> None:
        raise Interrupted(3, 143, Path("run"))

    def work(world: World) -> None:
        ready = world.for_training(torch.device("cpu"), 60.0)
        ready.gathered(lambda: None)  # both have all their channels
        if world.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        ready.gathered(stopped)

    leader, killed = in_processes(work)
    assert killed.code == -signal.SIGKILL
    assert "RC421" in leader.value
    assert leader.code == 4
