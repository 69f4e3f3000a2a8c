"""Options that contradict each other, this computer or the data: refused, never left out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from frcnn import machine
from frcnn.errors import ConfigError
from frcnn.launch.options import TrainOptions
from frcnn.launch.scheme import begins_with_ours
from frcnn.presets import RunConfig
from frcnn.training.plans import Scheme
from frcnn.weights.torchvision import PUBLISHED

if TYPE_CHECKING:
    import torch

_OF_A_NEW_RUN = (
    "model",
    "scheme",
    "init",
    "proposals",
    "backbone_weights",
    "preprocessing",
    "config",
    "out",
)
_OF_STEPS: tuple[Scheme, ...] = ("alternating", "unshared")


def require_resumable(options: TrainOptions) -> None:
    """Refuse what only a new run can be told, beside `resume`.

    Args:
        options: as they were said.

    Raises:
        ConfigError: one of them was said (RC308).
    """
    said = [name for name in _OF_A_NEW_RUN if options.get(name) is not None]
    if said:
        raise _clash("resume", map(_option, said), "a run goes on as it began")


def require_one_length(options: TrainOptions, config: RunConfig) -> None:
    """Refuse a length in epochs beside one in steps.

    Args:
        options: as they were said.
        config: with what was said laid over it, `epochs` as the end of a length in steps.

    Raises:
        ConfigError: both were said (RC308).
    """
    steps = config.training.schedule.steps
    if "epochs" in options and steps is not None:
        other = f"--set training.schedule.steps={steps}"
        raise _clash("epochs", [other], "one length, in epochs or in steps")


def require_same_pictures(before: RunConfig, after: RunConfig) -> None:
    """Refuse what would draw a resumed run's validation pictures anew: it has learnt from some.

    Args:
        before: the run's settings.
        after: with what was said laid over them.

    Raises:
        ConfigError: the seed, the share of the validation pictures or the split is another one
            (RC308).
    """
    pairs = {
        "the seed": (before.training.seed, after.training.seed),
        "validation_share": (before.validation_share, after.validation_share),
        "training_split": (before.training_split, after.training_split),
    }
    changed = [f"{name} {new!r} for {old!r}" for name, (old, new) in pairs.items() if new != old]
    if changed:
        raise _clash("resume", changed, "the same training and validation pictures")


def require_same_scheme(before: RunConfig, after: RunConfig) -> None:
    """Refuse to go on with a run in another order than it began.

    Args:
        before: the run's settings.
        after: with what was said laid over them.

    Raises:
        ConfigError: the scheme is another one (RC308).
    """
    old, new = before.training.scheme, after.training.scheme
    if new != old:
        raise _clash("resume", [f"training.scheme={new}"], f"the run's own scheme, {old}")


def require_read(options: TrainOptions, scheme: Scheme) -> None:
    """Refuse a setting of the four steps that the scheme never reads.

    Args:
        options: as they were said; a config file may hold what another scheme reads.
        scheme: of the run.

    Raises:
        ConfigError: one was said (RC308).
    """
    for pair in options.get("settings", ()):
        training, alternating, *names = (pair.partition("=")[0].strip() + "..").split(".")
        if (training, alternating) == ("training", "alternating") and not _reads(scheme, names[0]):
            readers = [each for each in _OF_STEPS if _reads(each, names[0])]
            raise ConfigError(
                "RC308",
                f"--set {pair}",
                "contradicts another option",
                got=f"the scheme {scheme}, which never reads it",
                want=f"--scheme {' or '.join(readers)}",
                fix="leave it out",
            )


def require_start(options: TrainOptions, config: RunConfig) -> None:
    """Refuse two starts at once, and a preprocessing where the weights bring their own.

    Args:
        options: as they were said.
        config: what came of them and of the config file; its start and scheme are read.

    Raises:
        ConfigError: they contradict each other (RC308).
    """
    weights = config.start.backbone_weights
    is_ours = begins_with_ours(config)
    if is_ours and options.get("backbone_weights") is not None:
        raise _clash("init", ["--backbone-weights"], "one start: weights of ours hold a backbone")
    if options.get("preprocessing") is None:
        return
    want = "a file named with --backbone-weights; all other weights bring their own"
    if is_ours:
        raise _clash("preprocessing", ["--init"], want)
    if weights in ("", "none") or weights in PUBLISHED:
        got = f"--backbone-weights {weights}" if weights else "no --backbone-weights"
        raise _clash("preprocessing", [got], want)


def require_possible(config: RunConfig, device: "torch.device", classes: int) -> None:
    """Refuse settings that only the computer or the data can refute, before a folder is made.

    Args:
        config: of a run.
        device: that it will be computed on.
        classes: how many the data has.

    Raises:
        ConfigError: the device lacks the number format (RC363), or `model.classes` was set to
            another number than the data's (RC359).
    """
    machine.resolve_precision(config.training.precision, device)
    if config.model.classes != classes:
        raise ConfigError(
            "RC359",
            "model.classes",
            "the data has another number of classes",
            got=str(config.model.classes),
            want=str(classes),
            fix="leave it out: the number follows from the data",
        )


def _reads(scheme: Scheme, name: str) -> bool:
    """Tell whether a scheme reads this of `training.alternating`; `unshared` has two steps."""
    of_later_steps = name in ("rpn_layers", "detector_layers", "last_layers")
    return scheme == "alternating" or (scheme == "unshared" and not of_later_steps)


def _clash(option: str, others: Iterable[str], want: str) -> ConfigError:
    given = ", ".join(others)
    fix = f"leave out one of the two: {_option(option)}, or {given}"
    if option == "resume":
        fix = f"leave out {given}, or start a new run without --resume"
    if option == "preprocessing":
        fix = "leave out --preprocessing, or name a file with --backbone-weights"
    return ConfigError(
        "RC308",
        _option(option),
        "contradicts another option",
        got=f"{_option(option)} with {given}",
        want=want,
        fix=fix,
    )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
