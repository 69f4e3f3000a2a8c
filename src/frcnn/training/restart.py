"""A job that torchrun starts again (`--max-restarts`) finds the run that it began.

The same words are said once more, and nothing in them names a run. The store of the launcher
outlives its processes, so the leader notes there which run belongs to which words.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from frcnn.training.lost import notes

_PATIENCE = 30.0
"""Seconds to wait for the launcher's store."""


def begun_before(asked: str) -> str | None:
    """Find the run that this job began, if it was started again.

    Args:
        asked: everything that was asked for.

    Returns:
        The run's folder; None in the first life of a job, and where no torchrun is.
    """
    store = notes(_PATIENCE) if "TORCHELASTIC_RUN_ID" in os.environ else None
    if store is None:
        return None
    with suppress(RuntimeError):  # the launcher is about to end
        if store.check([_key(asked)]):
            pid, _, path = store.get(_key(asked)).decode().partition(" ")
            return None if pid == str(os.getpid()) else path
    return None


def remember(asked: str, run: Path) -> None:
    """Note which run this job has begun.

    Args:
        asked: everything that was asked for.
        run: its folder.
    """
    store = notes(_PATIENCE) if "TORCHELASTIC_RUN_ID" in os.environ else None
    if store is not None:
        with suppress(RuntimeError):
            store.set(_key(asked), f"{os.getpid()} {run.resolve()}")


def _key(asked: str) -> str:
    return f"frcnn/run/{hashlib.sha256(asked.encode()).hexdigest()}"
