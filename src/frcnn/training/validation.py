"""How good the network is so far: figures and loss on the validation pictures.

The figures come from the same code, in the same precision and order, as `frcnn eval`: what
training prints for a checkpoint is what evaluating its file gives, to the bit.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.proposals import ProposalFigures, added, evaluate_proposals
from frcnn.evaluation.report import Figures, evaluate
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import silent
from frcnn.prediction.predictor import Detector
from frcnn.prediction.splits import detect_split, propose_for_evaluation
from frcnn.training.batches import BatchConfig, Examples, Visit
from frcnn.training.distributed import ALONE, World
from frcnn.training.objectives import LossesOf

_AT_ONCE = 16
"""Pictures of one process between two exchanges, so that nobody waits long."""
Metric = Literal["AP", "AP50", "voc07_map"]
AnyFigures = Figures | ProposalFigures


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """When the validation pictures are looked at, and what counts as better."""

    every_epochs: float = 1.0
    """Passes over the training pictures between two evaluations; the last step always has one."""
    metric: Metric = "AP"
    """The figure that decides which weights are kept as best; of an RPN alone it is AR_300."""
    patience: int | None = None
    """Evaluations without a better figure after which training stops early; none: never."""
    loss_pictures: int = 50
    """Validation pictures, the first so many, that the validation loss is measured on; 0: none."""

    def __post_init__(self) -> None:
        patience = 1 if self.patience is None else self.patience
        if self.every_epochs <= 0 or patience < 1 or self.loss_pictures < 0:
            raise ConfigError(
                "RC350",
                "evaluation",
                "no such interval",
                got=f"every_epochs {self.every_epochs}, patience {self.patience}, "
                f"loss_pictures {self.loss_pictures}",
                want="every_epochs > 0, patience >= 1 or none, loss_pictures >= 0",
                fix="evaluate once per epoch",
            )


def averaged(model: FasterRCNN, average: Mapping[str, Tensor] | None) -> FasterRCNN:
    """Give the network in evaluation state, with its running average as weights where it has one.

    Args:
        model: stays as it is.
        average: as `averaging.start_average` makes it, or None.

    Returns:
        Another network of the same weights, or those of the average: nothing is copied, so it is
        of use until the next step.
    """
    # copy.deepcopy takes from this table instead of copying: everything by its identity
    table: dict[int, object] = {}
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        values = (average or {}).get(name, tensor).detach()
        is_weight = isinstance(tensor, nn.Parameter)
        table[id(tensor)] = nn.Parameter(values, requires_grad=False) if is_weight else values
    return copy.deepcopy(model, table).eval()


def figures_of(
    detector: Detector,
    split: Split,
    *,
    on_picture: Callable[[int], None] | None = None,
    world: World = ALONE,
) -> Figures:
    """Detect on a split and judge what was found.

    Args:
        detector: weights and thresholds.
        split: pictures with true boxes.
        on_picture: told how many pictures are done by this process.
        world: the processes that share the pictures.

    Returns:
        All figures, the same for any number of processes.
    """
    judged: list[Judged] = []
    for piece, tell in _pieces(split, on_picture, world):
        shares = world.gathered(lambda: detect_split(detector, piece, on_picture=tell))  # noqa: B023
        judged += world.joined_shares(shares)
    return world.of_leader(lambda: evaluate(judged, split.classes))


def proposal_figures_of(
    detector: Detector,
    split: Split,
    *,
    on_picture: Callable[[int], None] | None = None,
    world: World = ALONE,
) -> ProposalFigures:
    """Propose on a split and judge the proposals: the first stage alone.

    Args:
        detector: weights and thresholds; its head is not asked.
        split: pictures with true boxes, of any classes.
        on_picture: told how many pictures are done by this process.
        world: the processes that share the pictures.

    Returns:
        All figures, the same for any number of processes; `named()` has them by name, as `AR_300`
        and `recall50_300`.
    """
    figures: list[ProposalFigures] = []
    for piece, tell in _pieces(split, on_picture, world):
        found = propose_for_evaluation(detector, piece, on_picture=tell)
        figures += world.gathered(lambda: evaluate_proposals(found))  # noqa: B023
    return added(figures)


def _pieces(
    split: Split, on_picture: Callable[[int], None] | None, world: World
) -> Iterator[tuple[Split, Callable[[int], None]]]:
    """Share the pictures out a few at a time.

    Yields:
        This process's part of them, and a function that counts them on.
    """
    before = 0
    for rows in world.rounds(len(split), _AT_ONCE):
        mine = split.subset(world.share(rows))

        def tell(done: int, before: int = before) -> None:
            if on_picture is not None:
                on_picture(before + done)

        yield mine, tell
        before += len(mine)


def validation_loss(
    model: FasterRCNN,
    split: Split,
    losses_of: LossesOf,
    *,
    pictures: int,
    on_picture: Callable[[int], None] = silent,
    world: World = ALONE,
) -> dict[str, float]:
    """Measure the loss terms without learning from them.

    Args:
        model: in evaluation state: nothing is dropped, no statistics are gathered.
        split: the first pictures of it are looked at.
        losses_of: of this model; its draws are the same at every evaluation.
        pictures: how many at the most; 0 gives an empty answer.
        on_picture: told how many pictures are done by this process.
        world: the processes that share the pictures.

    Returns:
        The mean of each term over the pictures.
    """
    examples = Examples(split, 0, model.config.pictures, BatchConfig(flip="none"))
    count = min(pictures, len(split))

    mine = world.share(range(count))

    def look() -> list[dict[str, float]]:
        looked: list[dict[str, float]] = []
        for index in mine:
            terms = losses_of([examples[Visit(-1, index, 0)]])
            looked.append({name: float(term) for name, term in terms.items()})
            on_picture(len(looked))
        return looked

    means: dict[str, float] = {}
    with torch.no_grad():
        shares = world.gathered(look)
    for terms in world.joined_shares(shares):
        for name, term in terms.items():
            means[name] = means.get(name, 0.0) + term / count
    return means


def summary(figures: AnyFigures, losses: Mapping[str, float]) -> dict[str, Any]:
    """Put figures and losses in one row, as the diary and the screen have them."""
    row: dict[str, Any] = {
        "val_loss": sum(losses.values()) if losses else None,
        **{f"val_{name}": value for name, value in losses.items()},
    }
    return row | {f"val_{name}": value for name, value in figures.named().items()}
