"""Proposals of all processes: one file, the same to the last byte, and one error for all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frcnn.data.proposals import StoredProposals
from frcnn.errors import DiskError, PictureError
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Order, store_proposals
from frcnn.training import proposing
from frcnn.training.distributed import World
from frcnn.training.job import Job
from frcnn.training.proposing import store_together

Make = Callable[..., Job]


@pytest.fixture(autouse=True)
def _two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pictures make several rounds."""
    monkeypatch.setattr(proposing, "_AT_ONCE", 2)


def detector_of(job: Job) -> Detector:
    return Detector(job.model.eval(), job.train.classes)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_file_is_the_same_for_any_number_of_processes(
    make_job: Make, in_processes: Callable, tmp_path: Path, *, mirrored: bool
) -> None:
    job = make_job()
    detector = detector_of(job)
    one = tmp_path / "one"
    store_proposals(detector, job.train, Order(out=one, mirrored=mirrored))
    for size in (1, 2, 3):
        several = tmp_path / str(size)
        order = Order(out=several, mirrored=mirrored)

        def work(world: World, order: Order = order) -> None:
            store_together(detector, job.train, order, world)

        if size == 1:
            work(World())
        else:
            assert [each.code for each in in_processes(work, size)] == [0] * size
        assert several.read_bytes() == one.read_bytes()
        assert StoredProposals.open(several).has_mirrored is mirrored


def test_more_processes_than_pictures(
    make_job: Make, in_processes: Callable, tmp_path: Path
) -> None:
    job, out = make_job(), tmp_path / "p"
    detector, few = detector_of(job), job.train.subset([0])
    ended = in_processes(lambda world: store_together(detector, few, Order(out=out), world))
    assert [each.code for each in ended] == [0, 0]
    assert len(StoredProposals.open(out)) == 1


@pytest.mark.parametrize("rank", [0, 1])
def test_a_picture_that_cannot_be_read_is_told_once_and_leaves_no_file(
    make_job: Make, in_processes: Callable, tmp_path: Path, rank: int
) -> None:
    job, out = make_job(), tmp_path / "p"
    detector = detector_of(job)

    def work(world: World) -> None:
        if world.rank == rank:
            fails(detector)
        store_together(detector, job.train, Order(out=out), world)

    ended = in_processes(work)
    assert ended[rank].kind == "PictureError"
    assert ended[1 - rank].kind == "ToldElsewhere"
    assert {each.code for each in ended} == {PictureError.exit_code}
    assert not list(tmp_path.glob("p*"))


def fails(detector: Detector) -> None:
    """Let the second round of this process find a picture that cannot be read."""
    real, calls = detector.propose, [0]

    def propose(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise PictureError("RC110", "a picture", "unreadable", fix="-")
        return real(*arguments)

    detector.propose = propose  # type: ignore[method-assign]


@pytest.mark.parametrize("rows", [1, 1000])
def test_a_place_that_cannot_be_written_to_is_told_once(
    make_job: Make,
    in_processes: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
) -> None:
    """The disk fills up in the middle, or when all has been computed."""
    job, out = make_job(), tmp_path / "p"
    detector = detector_of(job)

    def full(_detector: object, _split: object, _order: object, found: Any) -> None:
        for _row, _ in zip(range(rows), found, strict=False):
            pass
        raise DiskError("RC601", str(out), "no space left", fix="-")

    monkeypatch.setattr(proposing, "store", full)
    leader, other = in_processes(
        lambda world: store_together(detector, job.train, Order(out=out), world)
    )
    assert leader.kind == "DiskError"
    assert other.kind == "ToldElsewhere"
    assert leader.code == other.code == DiskError.exit_code
