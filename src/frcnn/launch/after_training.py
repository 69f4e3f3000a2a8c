"""Settings that a trained network may have otherwise than it was trained: how it proposes, reports.

No weight depends on them. The rows of the paper's Table 2 that switch a part of the RPN off are
made of them, at test time (§4.1).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.model.config import FasterRCNNConfig
from frcnn.presets import RunConfig

Reader = Literal["eval", "eval --metric proposals", "propose"]
"""What looks at pictures with a trained network, in the words of the command line."""

_CHOOSING = ("min_side", "nms_iou", "boxes", "rank_by", "chance_seed")
_COUNTS = ("before_nms", "after_nms")
_REPORTING = ("score_threshold", "nms_iou", "max_detections", "min_side")


def _below(section: str, *names: str) -> tuple[str, ...]:
    return tuple(f"model.{section}.{name}" for name in names)


READ: Mapping[Reader, tuple[str, ...]] = {
    "eval": (
        *_below("proposals_test", *_CHOOSING, *_COUNTS),
        *_below("postprocess", *_REPORTING),
    ),
    "eval --metric proposals": _below("proposals_test", *_CHOOSING),
    "propose": _below("proposals_train", *_CHOOSING),
}
"""By reader the settings that make a difference to it, and that no option of its own sets."""
_COUNTED = {
    "eval --metric proposals": "6000 boxes enter NMS and the best 2,000 are judged in any case; "
    "the figures of fewer stand beside",
    "propose": "all boxes enter NMS here, and --proposals N says how many are kept",
}
"""Why a number of boxes is none of them."""


def require_read(pairs: Sequence[str], reader: Reader) -> None:
    """Refuse what would make no difference, or what weights were made for.

    Args:
        pairs: `name=value`, as `--set` takes them; unknown names are refused elsewhere.
        reader: what looks at the pictures.

    Raises:
        ConfigError: a setting is not read there, or was fixed by training (RC393).
    """
    known = {row.name for row in settings.describe(RunConfig)} if pairs else set()
    for pair in pairs:
        name = _name(pair)
        if name in known and name not in READ[reader]:
            raise ConfigError(
                "RC393",
                f"--set {pair}",
                _reason(name, reader),
                want=", ".join(READ[reader]),
                fix=_fix(name, reader),
            )


def set_otherwise(config: FasterRCNNConfig, pairs: Sequence[str]) -> Mapping[str, object]:
    """List what was set, for whoever reads the figures later.

    Args:
        config: of the network, with the settings in it.
        pairs: `name=value`.

    Returns:
        The plain values by name, in the order in which they were said.
    """
    values = {row.name: row.value for row in settings.describe(config)}
    names = dict.fromkeys(map(_name, pairs))
    return {name: values[name.removeprefix("model.")] for name in names}


def _name(pair: str) -> str:
    return pair.partition("=")[0].strip()


def _reason(name: str, reader: Reader) -> str:
    anywhere = {each for names in READ.values() for each in names}
    is_count = name.rpartition(".")[2] in _COUNTS
    if name in anywhere or (is_count and name.startswith("model.proposals_")):
        return f"frcnn {reader} does not read this setting"
    return "a trained network cannot be given this setting: training read it, and is over"


def _fix(name: str, reader: Reader) -> str:
    is_count = name.rpartition(".")[2] in _COUNTS
    if is_count and name.startswith(READ[reader][0].rpartition(".")[0]):
        return _COUNTED[reader]
    readers = [f"frcnn {each}" for each, names in READ.items() if name in names]
    if readers:
        return f"it is read by {' and '.join(readers)}"
    return "train another network with it: frcnn train --set, or set one of those"
