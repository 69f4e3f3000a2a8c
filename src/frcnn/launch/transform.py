"""A function of the user's that training pictures go through: a run remembers its name."""

from dataclasses import replace

from frcnn.errors import ConfigError
from frcnn.launch.options import TrainOptions
from frcnn.launch.scheme import ON_STORED
from frcnn.presets import RunConfig
from frcnn.training.own_transform import name_of


def with_transform(config: RunConfig, options: TrainOptions) -> RunConfig:
    """Write the name of the function into the settings of a new run.

    Args:
        config: any settings.
        options: what was asked for.

    Returns:
        The settings; as they were where there is no function.
    """
    name = asked_name(options)
    if not name:
        return config
    augmentation = replace(config.training.augmentation, own=name)
    return replace(config, training=replace(config.training, augmentation=augmentation))


def require_transform(config: RunConfig, options: TrainOptions) -> None:
    """Refuse to train without the function that the settings name, or with another one.

    Args:
        config: of the run.
        options: as they were said.

    Raises:
        ConfigError: it is not there, or another (RC312); or the scheme learns on stored proposals,
            which are of the pictures as they are on disk (RC313).
    """
    name, own = asked_name(options), config.training.augmentation.own
    if name != own:
        raise ConfigError(
            "RC312",
            "augment",
            "the run's pictures go through another function",
            got=name or "none",
            want=own or "none",
            fix="go on in Python: frcnn.train(..., augment=THE_FUNCTION)"
            if own
            else "leave augment out, or start a new run",
        )
    if own and config.training.scheme in ON_STORED:
        raise ConfigError(
            "RC313",
            "augment",
            "stored proposals are of the pictures as they are on disk",
            got=f"a function, and --scheme {config.training.scheme}",
            want="crop, photometric and scale of training.augmentation, which take proposals along",
            fix="leave augment out, or take --scheme joint, exact-joint or rpn",
        )


def asked_name(options: TrainOptions) -> str:
    """Name the function that was given; nothing where none was."""
    augment = options.get("augment")
    return "" if augment is None else name_of(augment)
