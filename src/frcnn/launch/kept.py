"""What a run keeps: its settings, even of a newer version of frcnn, and where its data is."""

import json
import re
from contextlib import AbstractContextManager

from frcnn import settings
from frcnn._version import __version__
from frcnn.data.voc_layout import NO_DATA_SET
from frcnn.errors import ConfigError
from frcnn.launch.rewording import reworded
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


def kept_data() -> AbstractContextManager[None]:
    """Open the data that a run was trained on: where it has gone, say how to name its new place.

    Returns:
        What the data is opened within; there RC201 says so.
    """
    what = "the data that the run was trained on is not there any more"
    return reworded(NO_DATA_SET, what, fix="name its new place with --data")


def _made_by(run: RunFolder) -> str:
    try:
        about = json.loads(run.env.read_text(encoding="utf-8"))
        return str(about["frcnn"])
    except (OSError, ValueError, TypeError, KeyError):  # nobody knows
        return ""


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]
