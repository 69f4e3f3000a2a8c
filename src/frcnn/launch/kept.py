"""What a run keeps: its settings, even of a newer version of frcnn, and where its data is."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from frcnn import settings
from frcnn._version import __version__
from frcnn.errors import AnnotationError, ConfigError
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder


def kept_settings(run: RunFolder) -> RunConfig:
    """Read a run's settings.

    Args:
        run: its `config.yaml` is read, and its `env.json` where that cannot be understood.

    Returns:
        The settings.

    Raises:
        ConfigError: a newer version of frcnn made the run (RC373), or the file is wrong.
    """
    try:
        return settings.read_yaml(run.config, RunConfig)
    except ConfigError as error:
        maker = _made_by(run)
        if _numbers(maker) <= _numbers(__version__):
            raise
        raise ConfigError(
            "RC373",
            str(run.path),
            "the run was made by a newer version of frcnn",
            got=f"{maker}, with settings that {__version__} does not have ({error.what})",
            want=f"a run of {__version__} or older",
            fix="upgrade frcnn, or use the version that made the run",
        ) from error


@contextmanager
def kept_data() -> Iterator[None]:
    """Open the data that a run was trained on: where it has gone, say how to name its new place.

    Raises:
        AnnotationError: no data set is there any more (RC201).
    """
    try:
        yield
    except AnnotationError as error:
        if error.code != "RC201":
            raise
        raise AnnotationError(
            error.code,
            error.place,
            "the data that the run was trained on is not there any more",
            got=error.got,
            want=error.want,
            fix="name its new place with --data",
        ) from error


def _made_by(run: RunFolder) -> str:
    try:
        about = json.loads(run.env.read_text(encoding="utf-8"))
        return str(about["frcnn"])
    except (OSError, ValueError, TypeError, KeyError):  # nobody knows
        return ""


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]
