"""What was asked for, laid over a preset: config file, options, `--set`, in this order.

The preset is laid out twice: first to find data and weights, then fitted to what was found.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from frcnn import presets, settings
from frcnn.data.records import Split
from frcnn.prediction.saved import network_settings, weights_path
from frcnn.presets import RunConfig
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file
from frcnn.weights.backbone import BackboneWeights

_PLACES = {
    "epochs": "training.schedule.epochs",
    "batch": "training.batches.size",
    "workers": "training.batches.workers",
    "seed": "training.seed",
    "patience": "training.evaluation.patience",
    "precision": "training.precision",
}
"""Where the options that are plain settings stand."""


class TrainOptions(TypedDict, total=False):
    """What can be asked of a training, in the words of the command line."""

    model: str
    """A preset's name; where none is named, that of `init`'s network, or `presets.DEFAULT`."""
    config: str | Path
    """A YAML file of settings, laid over the preset's when these are fitted to the data."""
    settings: Sequence[str]
    """`name=value` pairs, laid over everything else."""
    epochs: float
    batch: int
    workers: int
    seed: int
    patience: int
    precision: str
    device: str
    init: str | Path
    """A run or weights file of ours to go on from."""
    backbone_weights: str | Path
    """A file, the name of one of torchvision's published weights, or `none`."""
    preprocessing: str
    """`caffe` or `torchvision`: what a backbone file that says nothing expects."""
    out: str | Path
    """The folder of all runs; `runs` where none is named."""
    resume: str | Path
    """The run to go on with."""
    quiet: bool
    callbacks: Sequence[Callable[[StepReport], None]]
    """Called after every step."""


def first_settings(data: str | Path | None, options: TrainOptions) -> RunConfig:
    """Lay a config file and the options over the preset, before data and weights are known.

    Args:
        data: folder of the data; None leaves the config file's.
        options: what was asked for.

    Returns:
        Settings that name the data and the weights to start from.

    Raises:
        ConfigError: no such preset, or a mistake in the file or in a `name=value` pair.
    """
    return _laid_over(_preset(options), data, options)


def fitted_settings(
    config: RunConfig, train: Split, weights: BackboneWeights | None, options: TrainOptions
) -> RunConfig:
    """Fit the settings to the data and the weights at hand; what was asked for has the last word.

    Args:
        config: as `first_settings` gives it.
        train: the training pictures; their number and classes are read.
        weights: of the backbone; None starts from random numbers, or from weights of ours.
        options: what was asked for.

    Returns:
        The settings of the run.

    Raises:
        ConfigError: a `name=value` pair contradicts what was fitted.
    """
    fitted = _preset(options)
    if weights is None and not config.start.init:
        fitted = presets.from_scratch(fitted)
    if fitted.preset in presets.OWN_DATA:
        fitted = presets.for_pictures(fitted, len(train))
    fitted = _laid_over(fitted, config.data, options)
    model = replace(fitted.model, classes=len(train.classes))
    if weights is not None and weights.preprocessing is not None:
        pictures = replace(model.pictures, normalisation=weights.preprocessing)
        model = replace(model, pictures=pictures)
    return overridden(replace(fitted, model=model), options)


def overridden(config: RunConfig, options: TrainOptions) -> RunConfig:
    """Lay the plain options, then the `name=value` pairs, over settings.

    Args:
        config: any settings.
        options: what was asked for.

    Returns:
        The settings with what was asked for.

    Raises:
        ConfigError: a pair names no setting, or gives it a wrong value.
    """
    asked: dict[str, Any] = dict(options)
    rows = [f"{place}={asked[name]}" for name, place in _PLACES.items() if name in asked]
    if "epochs" in asked:
        rows.append("training.schedule.steps=null")
    return settings.apply_overrides(config, [*rows, *asked.get("settings", ())])


def _preset(options: TrainOptions) -> RunConfig:
    """Give the preset that was named, or the network of the weights to go on from."""
    named, init = options.get("model"), options.get("init")
    if named is not None or init is None:
        return presets.named(presets.DEFAULT if named is None else named)
    path = weights_path(init)
    model = network_settings(path, weights_file.read_header(path))
    preset = presets.of_backbone(model.backbone.name)
    # statistics of the first training's batches hold for smaller ones, too
    model = replace(model, backbone=replace(model.backbone, batch_norm="frozen"))
    return replace(preset, model=model)


def _laid_over(config: RunConfig, data: str | Path | None, options: TrainOptions) -> RunConfig:
    path = options.get("config")
    if path is not None:
        config = settings.overlay_yaml(Path(path), config)
    begin = config.start
    for name in ("init", "backbone_weights", "preprocessing"):
        value: Any = options.get(name)
        if value is not None:
            begin = replace(begin, **{name: str(value)})
    config = replace(config, start=begin, data=config.data if data is None else str(data))
    return overridden(config, options)
