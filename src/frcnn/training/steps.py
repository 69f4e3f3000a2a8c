"""The folders of a scheme's steps: which are done, and what stays of them."""

import json
import shutil

from frcnn import files
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.agreement import require_same_processes
from frcnn.training.curves import draw_curves

_DONE = "done.json"


def step_folder(run: RunFolder, step: int) -> RunFolder:
    """Give the folder of one step of a scheme of several, made when it is not there.

    Args:
        run: of the whole scheme.
        step: from 1.

    Returns:
        The folder `step-N` in the run's.

    Raises:
        DiskError: it cannot be made.
    """
    path = run.path / f"step-{step}"
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise files.disk_error(error, path) from error
    return RunFolder(path)


def is_done(run: RunFolder, processes: int) -> bool:
    """Say whether a step came to its end.

    Args:
        run: the step's folder.
        processes: how many go on with the run.

    Returns:
        True when `close` was called for it.

    Raises:
        ModelFileError: it was trained by another number of processes (RC538).
    """
    file = run.path / _DONE
    if not file.exists():
        return False
    before = json.loads(file.read_text(encoding="utf-8")).get("processes", 1)
    require_same_processes(str(file), before, processes)
    return True


def close(run: RunFolder, step: int, processes: int) -> None:
    """Say on disk that a step is done, and make room.

    Args:
        run: the step's folder.
        step: which, from 1.
        processes: how many trained it.

    Raises:
        DiskError: the folder cannot be written to.
    """
    draw_curves(run)
    files.write_text(run.path / _DONE, json.dumps({"step": step, "processes": processes}) + "\n")
    drop_checkpoints(run)


def drop_checkpoints(run: RunFolder) -> None:
    """Make room: a VGG-16 with its momentum takes a gigabyte, twice, in every step.

    Args:
        run: of a step that is done.

    Raises:
        DiskError: they cannot be removed.
    """
    try:
        if run.state.exists():
            shutil.rmtree(run.state)
    except OSError as error:
        raise files.disk_error(error, run.state) from error


def has_begun(run: RunFolder) -> bool:
    """Say whether a run can go on without the weights that it started from.

    Args:
        run: of a scheme.

    Returns:
        True when its first phase has a checkpoint, or is done.
    """
    first = RunFolder(run.path / "step-1")
    return (
        bool(checkpoint.checkpoints(run) or checkpoint.checkpoints(first))
        or (first.path / _DONE).exists()
    )
