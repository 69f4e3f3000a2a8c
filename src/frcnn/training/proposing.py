"""Proposals of all training pictures, computed by all processes and stored by one.

The pictures are shared out a few at a time, so that no process waits long for another and none
holds more than a few pictures' proposals. The file is the same for any number of processes.
"""

from collections import deque
from collections.abc import Callable, Iterator

from frcnn.data.proposals import PictureProposals
from frcnn.data.records import Split
from frcnn.prediction.counting import Tell, silent
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Order, propose, store
from frcnn.training.distributed import World

_AT_ONCE = 8
"""Pictures of one process between two exchanges; thousands of boxes each."""


def store_together(
    detector: Detector,
    split: Split,
    order: Order,
    world: World,
    on_picture: Tell = silent,
    heed: Tell = silent,
) -> None:
    """Propose in every picture of a split; the leading process writes the file.

    Args:
        detector: whose first stage; the same weights in every process.
        split: pictures; their true boxes are not looked at.
        order: what to store and where; only the leader looks for the place.
        world: the processes.
        on_picture: told how many pictures are done, every few.
        heed: called after each picture of this process; what it raises ends all processes.

    Raises:
        PictureError: a picture cannot be read; nothing is written then.
        DiskError: the place cannot be written to.

    What fails in one process ends all.
    """

    def mine(rows: range) -> list[tuple[PictureProposals, ...]]:
        """Propose in this process's pictures of a round: as they are, and mirrored if asked for."""
        share = split.subset(world.share(rows))
        found = list(propose(detector, share, order, on_picture=heed))
        copies = 1 + order.mirrored
        return [tuple(found[i : i + copies]) for i in range(0, len(found), copies)]

    rounds = _Rounds(mine, len(split), world, on_picture)
    failure = None
    try:
        if world.leads:
            store(detector, split, order, iter(rounds))
        else:
            deque(rounds, maxlen=0)
    except Exception as error:
        if rounds.is_exchanging:  # then the others know it
            raise
        failure = error
    with world.together():
        if failure is not None:
            raise failure


class _Rounds:
    """The proposals of every picture in order, computed together as they are asked for."""

    def __init__(
        self,
        mine: Callable[[range], list[tuple[PictureProposals, ...]]],
        pictures: int,
        world: World,
        on_picture: Tell,
    ) -> None:
        self.mine, self.pictures, self.world = mine, pictures, world
        self.on_picture = on_picture
        self.is_exchanging = False

    def __iter__(self) -> Iterator[PictureProposals]:
        count = _AT_ONCE * self.world.size
        for start in range(0, self.pictures, count):
            rows = range(start, min(start + count, self.pictures))
            self.is_exchanging = True
            shares = self.world.gathered(lambda rows=rows: self.mine(rows))  # type: ignore[misc]
            self.is_exchanging = False
            for views in self.world.joined_shares(shares):
                yield from views
            self.on_picture(rows.stop)
