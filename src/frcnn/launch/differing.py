"""Where the settings of a run differ from what its preset or its config file says, in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from frcnn import presets, settings
from frcnn.launch.asked import asked_preset, filed_preset, known_preset, laid_over
from frcnn.launch.material import FROM_SCRATCH
from frcnn.launch.options import TrainOptions
from frcnn.presets import RunConfig


def fitted_away(config: RunConfig, options: TrainOptions) -> list[str]:
    """List what a run has otherwise than the preset that its config file names.

    Args:
        config: as `fitted_settings` gives it.
        options: what was asked for.

    Returns:
        Sentences such as `training.schedule.epochs was 12.0, is 100.0`. Where no file names a
        preset, those alone that a start from random numbers or the scheme `head` changes; none for
        the config of a run, which counts whole.
    """
    preset = presets.named(config.preset)
    if known_preset(options) is not None:
        return _differences(preset, config)
    if filed_preset(options) is not None:
        return []
    names = _names(_differences(preset, _fitted(preset, config)))
    return [row for row in _differences(preset, config) if _name(row) in names]


def _fitted(preset: RunConfig, config: RunConfig) -> RunConfig:
    """Fit a preset to what a run starts from and to its scheme, as `fitted_settings` does."""
    # behind it, the scheme `head` says whose proposals it takes
    is_new = config.started_from.startswith(FROM_SCRATCH)
    fitted = presets.from_scratch(preset) if is_new else preset
    return presets.for_head(fitted) if config.training.scheme == "head" else fitted


def overruled(config: RunConfig, options: TrainOptions) -> list[str]:
    """List what a run has otherwise than its config file says: data, weights or scheme decide it.

    Args:
        config: as `fitted_settings` gives it.
        options: what was asked for.

    Returns:
        Sentences such as `model.classes was 7, is 3`; none where there is no file.
    """
    path = options.get("config")
    if path is None:
        return []
    known = known_preset(options)
    filed = settings.to_mapping(laid_over(asked_preset(options), config.data, options))
    final = settings.to_mapping(config)
    told = {name: settings.look_up_yaml(Path(path), name)[0] for name in ("model", "training")}
    rows = settings.differences(_picked(filed, told), _picked(final, told))
    if known is None:
        return rows
    # what merely repeats the file's own preset was not asked for
    own = settings.overlay_yaml(Path(path), known)
    return [row for row in rows if _name(row) in _names(_differences(known, own))]


def other_preset(options: TrainOptions) -> str:
    """Say which preset of a config file gives way to the one that was named.

    Args:
        options: what was asked for.

    Returns:
        A sentence; empty where the file names none, or the same.
    """
    filed, named = filed_preset(options), options.get("model")
    if filed is None or named in (None, filed.preset):
        return ""
    return f"its preset was {filed.preset}, is {named}, as --model says"


def _differences(old: RunConfig, new: RunConfig) -> list[str]:
    rows: list[str] = []
    for name in ("model", "training"):
        before, now = (settings.to_mapping(getattr(config, name)) for config in (old, new))
        rows += settings.differences(before, now, f"{name}.")
    return rows


def _names(rows: list[str]) -> set[str]:
    return {_name(row) for row in rows}


def _name(row: str) -> str:
    return row.partition(" ")[0]


def _picked(values: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Take of a config's values those that a file names."""
    return {
        name: _picked(values[name], each) if isinstance(each, Mapping) else values[name]
        for name, each in told.items()
        if each is not None and name in values
    }
