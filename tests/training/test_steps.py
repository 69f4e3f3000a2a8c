"""A step's folder: made once, closed when the step is done, and small from then on."""

from pathlib import Path

import pytest

from frcnn.errors import DiskError, ModelFileError
from frcnn.run_folder import RunFolder
from frcnn.training import steps
from frcnn.training.steps import close, drop_checkpoints, has_begun, is_done, step_folder


@pytest.fixture
def first(tmp_path: Path) -> RunFolder:
    """The folder of a first step with a checkpoint in it."""
    run = step_folder(RunFolder(tmp_path), 1)
    run.state.mkdir()
    (run.state / "step-000000001.safetensors").write_bytes(b"")
    return run


def test_it_lies_in_the_runs_and_may_be_there(first: RunFolder, tmp_path: Path) -> None:
    assert first.path == tmp_path / "step-1"
    assert step_folder(RunFolder(tmp_path), 1) == first


def test_what_is_closed_is_done_and_keeps_no_checkpoint(
    first: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[RunFolder] = []
    monkeypatch.setattr(steps, "draw_curves", drawn.append)
    assert not is_done(first, 2)
    assert has_begun(RunFolder(tmp_path)), "there is a checkpoint"
    close(first, 1, 2)
    assert is_done(first, 2)
    assert drawn == [first]
    with pytest.raises(ModelFileError, match="RC538"):
        is_done(first, 1)
    assert not first.state.exists()
    assert has_begun(RunFolder(tmp_path)), "its first step is done"
    drop_checkpoints(first)


def test_a_run_that_took_no_step_has_not_begun(tmp_path: Path) -> None:
    assert not has_begun(RunFolder(tmp_path))


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    with pytest.raises(DiskError):
        step_folder(RunFolder(tmp_path / "elsewhere"), 1)
