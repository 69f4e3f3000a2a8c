"""What was asked for, laid over a preset: config file, options, `--set`, in this order.

The preset is laid out twice: first to find data and weights, then fitted to what was found.

A config file that names a preset counts where it says something else than that preset: one that
prints every value, as `frcnn presets show` does, does not undo the fitting. The config of a run,
which says what the run started from, counts whole.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.launch.contradictions import require_one_length
from frcnn.launch.options import TrainOptions
from frcnn.launch.scheme import begins_with_ours, network_for, require_scheme
from frcnn.launch.transform import with_transform
from frcnn.prediction.saved import network_settings, weights_path
from frcnn.presets import RunConfig
from frcnn.weights import file as weights_file
from frcnn.weights.backbone import BackboneWeights
from frcnn.weights.torchvision import PUBLISHED

_PLACES = {
    "layout": "layout",
    "scheme": "training.scheme",
    "epochs": "training.schedule.epochs",
    "batch": "training.batches.size",
    "workers": "training.batches.workers",
    "seed": "training.seed",
    "patience": "training.evaluation.patience",
    "precision": "training.precision",
}
"""Where the options that are plain settings stand."""


def first_settings(data: str | Path | Dataset | None, options: TrainOptions) -> RunConfig:
    """Lay a config file and the options over the preset, before data and weights are known.

    Args:
        data: folder of the data, or the data set opened from it; None leaves the config file's.
        options: what was asked for.

    Returns:
        Settings that name the data and the weights to start from.

    Raises:
        ConfigError: no such preset, another one than the run's whose config is named, or a mistake
            in the file or in a `name=value` pair.
    """
    return laid_over(asked_preset(options), data, options)


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
    fitted = asked_preset(options)
    if weights is None and not begins_with_ours(config):
        fitted = presets.from_scratch(fitted)
    if fitted.preset in presets.OWN_DATA:
        fitted = presets.for_pictures(fitted, len(train))
    if config.training.scheme == "head":
        fitted = presets.for_head(fitted)
    fitted = laid_over(fitted, config.data, options)
    model = replace(fitted.model, classes=len(train.classes))
    if weights is not None and weights.preprocessing is not None:
        pictures = replace(model.pictures, normalisation=weights.preprocessing)
        model = replace(model, pictures=pictures)
    fitted = replace(fitted, model=network_for(fitted.training.scheme, model))
    fitted = overridden(replace(fitted, classes=config.classes), options)
    require_scheme(fitted)
    return fitted


def overridden(config: RunConfig, options: TrainOptions) -> RunConfig:
    """Lay the plain options, then the `name=value` pairs, over settings.

    Args:
        config: any settings.
        options: what was asked for.

    Returns:
        The settings with what was asked for.

    Raises:
        ConfigError: a pair names no setting, or gives it a wrong value; the length is said in
            epochs and in steps (RC308); or `settings` is of another kind (RC347).
    """
    asked: dict[str, Any] = dict(options)
    pairs = settings.pairs_of(asked.get("settings", ()))
    for pair in pairs:
        _require_single(pair)
    rows = [f"{place}={asked[name]}" for name, place in _PLACES.items() if name in asked]
    if "epochs" in asked:
        rows.append("training.schedule.steps=null")
    laid = settings.apply_overrides(config, [*rows, *pairs])
    require_one_length(options, laid)
    return laid


def with_whole_paths(config: RunConfig) -> RunConfig:
    """Make the paths absolute, so that what they name is found again from any working directory.

    Links are followed where a run may stand behind them: `runs/latest` leads elsewhere tomorrow.

    Args:
        config: with data.

    Returns:
        The same; names that are no paths of this machine stay as they are.
    """
    begin = config.start
    if begin.init:
        begin = replace(begin, init=str(Path(begin.init).resolve()))
    if begin.backbone_weights not in PUBLISHED and Path(begin.backbone_weights).is_file():
        weights = str(Path(begin.backbone_weights).absolute())
        begin = replace(begin, backbone_weights=weights)
    if begin.proposals:
        begin = replace(begin, proposals=str(Path(begin.proposals).resolve()))
    return replace(config, start=begin, data=str(Path(config.data).absolute()))


def on_data(config: RunConfig, data: str | Path | Dataset | None) -> RunConfig:
    """Name the data that a run learns from.

    Args:
        config: any settings.
        data: a folder; a data set, whose class names are taken too; None leaves all as it is.

    Returns:
        The settings.
    """
    if isinstance(data, Dataset):
        return replace(config, data=str(data.root), layout=data.layout, classes=data.classes)
    return config if data is None else replace(config, data=str(data))


def asked_preset(options: TrainOptions) -> RunConfig:
    """Give the preset that was named, or the network of the weights to go on from."""
    named, init = options.get("model"), options.get("init")
    filed = filed_preset(options)
    if named is not None:
        return presets.named(named)
    if filed is not None:
        return filed
    if init is None:
        return presets.named(presets.DEFAULT)
    path = weights_path(init)
    model = network_settings(path, weights_file.read_header(path))
    preset = presets.of_backbone(model.backbone.name)
    # statistics of the first training's batches hold for smaller ones, too
    model = replace(model, backbone=replace(model.backbone, batch_norm="frozen"))
    return replace(preset, model=model)


def filed_preset(options: TrainOptions) -> RunConfig | None:
    """Give the preset that the config file names; None where there is none."""
    path = options.get("config")
    if path is None:
        return None
    name, place = settings.look_up_yaml(Path(path), "preset")
    return presets.named(str(name), place) if name else None


def known_preset(options: TrainOptions) -> RunConfig | None:
    """Give the preset that the config file may merely repeat; None where all of it counts.

    Raises:
        ConfigError: it is the config of a run, and another preset is asked for (RC357).
    """
    filed, named = filed_preset(options), options.get("model")
    if filed is None:
        return None
    path = Path(options["config"])
    started_from, _ = settings.look_up_yaml(path, "started_from")
    if not started_from:
        return filed
    if named not in (None, filed.preset):
        raise ConfigError(
            "RC357",
            "--model",
            "contradicts --config, which holds every setting of a run",
            got=f"{named}, and {path} of {filed.preset}",
            want="one of the two",
            fix="leave --model out, or copy only the lines that you mean into a file of your own",
        )
    return None


def laid_over(
    config: RunConfig, data: str | Path | Dataset | None, options: TrainOptions
) -> RunConfig:
    """Lay the config file, then the options, over settings.

    Args:
        config: of a preset, fitted or not.
        data: folder of the data, or the data set opened from it; None leaves the file's.
        options: what was asked for.

    Returns:
        The settings with what was asked for.
    """
    path = options.get("config")
    if path is not None:
        known = known_preset(options)
        config = settings.overlay_yaml(Path(path), config, unless_as_in=known)
    begin = config.start
    for name in ("init", "backbone_weights", "preprocessing", "proposals"):
        value: Any = options.get(name)
        if value is not None:
            begin = replace(begin, **{name: str(value)})
    config = overridden(on_data(replace(config, start=begin), data), options)
    return with_transform(config, options)


def _require_single(pair: str) -> None:
    """Refuse a preset by `--set`: it is a whole set of settings, and this would change its name."""
    name, equals, _ = pair.partition("=")
    if equals and name.strip() == "preset":
        raise ConfigError(
            "RC358",
            f"--set {pair}",
            "a preset is a whole set of settings, and --set changes one",
            want="section.name=value",
            fix="name it with --model, or as `preset` in a config file",
        )
