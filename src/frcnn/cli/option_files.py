"""A file of options, under what was typed: `--config FILE.yaml` of every verb but `train`."""

from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

from frcnn import settings
from frcnn.cli.options import Shared
from frcnn.errors import ConfigError

Filed = TypeVar("Filed", bound=Shared)
"""Options that a file may hold: they have the field `config`."""


def with_file(options: Filed | None, cls: type[Filed]) -> Filed:
    """Lay what was typed over the options' file, if one was named.

    Args:
        options: as typed; None when nothing was.
        cls: their class.

    Returns:
        The options.

    Raises:
        ConfigError: the file is wrong; the place has its line.
    """
    typed = options or cls()
    path: str | None = vars(typed)["config"]
    if path is None:
        return typed
    filed = _read(Path(path), cls)
    if (other := vars(filed)["config"]) is not None:
        raise ConfigError(
            "RC308",
            path,
            "a file of options names another one",
            got=other,
            want="the options themselves",
            fix="remove the line `config`",
        )
    return replace(filed, **typed.said(*(each.name for each in fields(cls))))


def _read(path: Path, cls: type[Filed]) -> Filed:
    """Read a file of options, by the names under which they are typed: `max-det`, `set`."""
    typed = {each.name.replace("_", "-"): each.name for each in fields(cls)}
    try:
        return settings.read_options(path, cls, {**typed, "set": "settings", "class": "class_name"})
    except ConfigError as error:
        if "presets show" not in error.fix:  # where settings are listed, but not options
            raise
        room = "data " if cls.__module__.endswith(".data_options") else ""
        verb = room + cls.__name__.removesuffix("Options").lower()
        fix = f"`frcnn {verb} --help` lists the options"
        rest = {"got": error.got, "want": error.want, "fix": fix}
        raise ConfigError(error.code, error.place, error.what, **rest) from error
