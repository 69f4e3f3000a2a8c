"""Settings as Python has them, a mapping, into the `section.name=value` of the command line."""

import os
from collections.abc import Iterator, Mapping, Sequence

import yaml

from frcnn.errors import ConfigError
from frcnn.settings.files import flow_yaml

Settings = Sequence[str] | Mapping[str, object]
"""`section.name=value` texts, or a mapping from `section.name`, or nested, to values."""


def pairs_of(told: Settings) -> tuple[str, ...]:
    """Write settings as the command line has them, each its value as in YAML.

    Args:
        told: a list of such texts, or a mapping; values of a mapping are numbers, texts, paths,
            true or false, None, lists of these, or mappings of the names below.

    Returns:
        `section.name=value` texts, as `apply_overrides` takes them.

    Raises:
        ConfigError: it is neither (RC347), or a value is none of these (RC345).
    """
    if isinstance(told, Mapping):
        return tuple(_rows(told, ""))
    is_list = isinstance(told, Sequence) and not isinstance(told, str | bytes)
    if not is_list or not all(isinstance(each, str) for each in told):
        raise ConfigError(
            "RC347",
            "settings",
            "no settings",
            got=repr(told)[:60] if isinstance(told, str) else type(told).__name__,
            want="a mapping, or a list of texts section.name=value",
            fix="as in settings={'model.pictures.shorter_side': 480}",
        )
    return tuple(told)


def _rows(told: Mapping[str, object], prefix: str) -> Iterator[str]:
    for key, value in told.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _rows(value, f"{name}.")
        else:
            yield f"{name}={_written(name, value)}"


def _written(name: str, value: object) -> str:
    try:
        return flow_yaml(_plain(value))
    except yaml.representer.RepresenterError as error:
        raise _wrong_kind(f"settings: {name}", value) from error


def _plain(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _wrong_kind(name: str, value: object) -> ConfigError:
    kind = type(value).__name__
    want = "a number, a text, a path, true or false, None, or a list of these"
    fix = "write it as a YAML file would have it"
    return ConfigError("RC345", name, "wrong value", got=kind, want=want, fix=fix)
