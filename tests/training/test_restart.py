"""A job that is started again finds its run in the launcher's store."""

import os
from pathlib import Path

import pytest
from torch.distributed import TCPStore

from frcnn.training.restart import begun_before, remember


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> TCPStore:
    """A store as torchrun keeps one, and an environment that says where."""
    made = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(made.port))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "screws")
    return made


def in_the_next_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 123456789)


def test_the_next_life_finds_the_run(
    store: TCPStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert begun_before("train a") is None
    remember("train a", tmp_path)
    assert begun_before("train a") is None, "this life began it, and may begin another"
    in_the_next_life(monkeypatch)
    assert begun_before("train a") == str(tmp_path)


def test_other_words_are_another_run(
    store: TCPStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    remember("train a", tmp_path / "a b")
    remember("train b", tmp_path / "b")
    in_the_next_life(monkeypatch)
    assert begun_before("train a") == str(tmp_path / "a b")
    assert begun_before("train b") == str(tmp_path / "b")
    assert begun_before("train c") is None


def test_the_path_is_whole_wherever_the_next_life_starts(
    store: TCPStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    remember("train", Path("runs/x-001"))
    in_the_next_life(monkeypatch)
    assert begun_before("train") == str(tmp_path / "runs" / "x-001")


def test_without_torchrun_nothing_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "1")  # nobody is there, and nobody is asked
    remember("train", tmp_path)
    assert begun_before("train") is None
