"""RunFolder: never overwritten, found again, and written by one process at a time (C04 ... C06)."""

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from frcnn.errors import ConfigError, DiskError
from frcnn.run_folder import RunFolder, make_numbered


def end_of(child: int) -> int:
    return os.waitpid(child, 0)[1]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path, "dice")
    run.config.write_text("model: vgg16\n")
    return run


# golden


def test_runs_are_numbered(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path / "runs", "dice").path.name for _ in range(3)]
    assert names == ["dice-001", "dice-002", "dice-003"]
    assert RunFolder.create(tmp_path / "runs", "bccd").path.name == "bccd-001"


def test_latest_leads_to_the_newest(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, "a")
    newest = RunFolder.create(tmp_path, "b")
    assert os.readlink(tmp_path / "latest") == "b-001"  # relative, so that runs/ can be moved
    newest.config.write_text("")
    assert RunFolder.open(tmp_path / "latest") == RunFolder(newest.path.resolve())


def test_other_folders_are_numbered_alike_and_leave_latest_alone(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, "dice")
    made = [make_numbered(tmp_path, name).name for name in ("predict", "predict", "dice")]
    assert made == ["predict-001", "predict-002", "dice-002"]
    assert (tmp_path / "latest").resolve() == run.path.resolve()


def test_its_files(run: RunFolder) -> None:
    names = {
        "best": "best.safetensors",
        "last": "last.safetensors",
        "state": "state",
        "config": "config.yaml",
        "env": "env.json",
        "data_check": "data_check.json",
        "metrics_csv": "metrics.csv",
        "metrics_jsonl": "metrics.jsonl",
        "plots": "plots",
        "eval": "eval",
        "model_card": "MODEL_CARD.md",
    }
    for name, file in names.items():
        assert getattr(run, name) == run.path / file


# what always holds


def test_a_number_is_never_given_again(tmp_path: Path) -> None:
    for name in ("dice-007", "dice-1000", "dice-x", "other-900", "dice-01"):
        (tmp_path / name).mkdir()
    assert RunFolder.create(tmp_path, "dice").path.name == "dice-1001"
    (tmp_path / "dice-1002").write_text("a file counts, too")
    assert RunFolder.create(tmp_path, "dice").path.name == "dice-1003"


def test_ten_at_once_get_ten_folders(tmp_path: Path, fork: Callable) -> None:
    children = [fork(lambda: RunFolder.create(tmp_path, "dice")) for _ in range(10)]
    assert [end_of(child) for child in children] == [0] * 10
    made = sorted(path.name for path in tmp_path.iterdir() if not path.is_symlink())
    assert made == [f"dice-{n:03d}" for n in range(1, 11)]
    assert (tmp_path / "latest").resolve().name in made


def test_a_number_taken_between_look_and_making(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dice-001").mkdir()
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(()))
    assert RunFolder.create(tmp_path, "dice").path.name == "dice-002"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("BCCD data", "BCCD-data-001"),
        ("../../etc", "etc-001"),
        ("a/b\\c:d", "a-b-c-d-001"),
        (".hidden", "hidden-001"),
        ("-rf", "rf-001"),
        ("", "run-001"),
        ("\n\0", "run-001"),
        ("Zähler_2.1", "Zähler_2.1-001"),
        ("赤" * 200, "赤" * 26 + "-001"),  # 80 bytes hold 26 of three
    ],
)
def test_any_name_makes_a_folder_of_its_own(tmp_path: Path, name: str, folder: str) -> None:
    run = RunFolder.create(tmp_path, name)
    assert run.path == tmp_path / folder
    assert run.path.is_dir()


def test_somebodys_own_latest_stays(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").write_text("x")
    assert RunFolder.create(tmp_path, "a").path.is_dir()
    assert (tmp_path / "latest" / "mine").read_text() == "x"


def test_a_link_to_nowhere_is_led_anew(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("removed-001")
    assert RunFolder.create(tmp_path, "a").path == (tmp_path / "latest").resolve()


def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_, **__) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert RunFolder.create(tmp_path, "a").path.is_dir()


# wrong in


def test_what_is_no_run_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "ring").symlink_to("ring")
    words = {
        "gone": "No such file",
        "nowhere": "No such file",
        "file": "a file",
        "empty": "without config.yaml",
        "ring": "",
    }
    for name, word in words.items():
        with pytest.raises(ConfigError, match="not a run folder") as raised:
            RunFolder.open(tmp_path / name)
        assert raised.value.code == "RC370"
        assert raised.value.exit_code == 2
        assert word in raised.value.got
        assert "runs/latest" in raised.value.fix


@pytest.mark.parametrize("file", ["config.yaml", "best.safetensors", "last.safetensors"])
def test_one_of_three_files_makes_it_one(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("")
    assert RunFolder.open(tmp_path).path == tmp_path.resolve()


def test_a_root_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskError) as raised:
        RunFolder.create(tmp_path / "file", "a")
    assert raised.value.code == "RC603"


def test_a_root_without_permission(open_folder: Path, fork: Callable) -> None:
    open_folder.chmod(0o555)

    def work() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)
        with pytest.raises(DiskError, match="RC602"):
            RunFolder.create(open_folder, "a")

    assert end_of(fork(work)) == 0
    assert os.listdir(open_folder) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_, **__) -> None:
        raise OSError(28, "No space left on device")

    tmp_path.joinpath("x").touch()
    monkeypatch.setattr("frcnn.run_folder.files.require_writable", lambda root: None)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DiskError, match="RC601"):
        RunFolder.create(tmp_path, "a")


# the lock


def test_a_second_trainer_is_refused(run: RunFolder, fork: Callable) -> None:
    def second() -> None:
        with pytest.raises(DiskError, match="another training is at work") as raised, run.lock():
            raise AssertionError
        assert raised.value.code == "RC605"
        assert raised.value.exit_code == 6
        assert raised.value.got == f"pid {os.getppid()} on {socket.gethostname()}"

    with run.lock() as before:
        assert before == ""
        assert end_of(fork(second)) == 0
        with pytest.raises(DiskError, match="RC605"), run.lock():
            pass
    with run.lock() as before:
        assert before == ""


def test_one_winner_of_twenty(run: RunFolder, fork: Callable) -> None:
    """All try at once; whoever holds the lock holds it until all have tried (C05)."""
    start, tried = os.pipe(), os.pipe()

    def race() -> None:
        os.close(start[1])
        os.read(start[0], 1)  # until the other end is closed
        try:
            with run.lock():
                os.write(tried[1], b"w")
                os.close(tried[1])
                os.read(hold[0], 1)
        except DiskError:
            os.write(tried[1], b"l")

    hold = os.pipe()
    children = [fork(lambda: (os.close(hold[1]), race())) for _ in range(20)]
    for end in (start[0], start[1], tried[1], hold[0]):
        os.close(end)
    marks = b""
    while len(marks) < 20:
        marks += os.read(tried[0], 20)
    os.close(hold[1])
    assert [end_of(child) for child in children] == [0] * 20
    assert sorted(marks) == sorted(b"w" + b"l" * 19)


def test_a_killed_holder_is_told_and_cleared_up(run: RunFolder, fork: Callable) -> None:
    leftovers = [run.path / ".last.safetensors.77.tmp", run.state / ".step.77.tmp"]

    def killed() -> None:
        with run.lock():
            run.state.mkdir()
            for leftover in leftovers:
                leftover.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)

    child = fork(killed)
    assert os.WTERMSIG(end_of(child)) == signal.SIGKILL
    with run.lock() as before:
        assert before == f"pid {child} on {socket.gethostname()}"
        assert not any(leftover.exists() for leftover in leftovers)
    with run.lock() as before:
        assert before == ""


def test_an_error_while_holding_is_an_orderly_end(run: RunFolder) -> None:
    with pytest.raises(KeyboardInterrupt), run.lock():
        raise KeyboardInterrupt
    with run.lock() as before:
        assert before == ""


def test_a_worker_that_outlives_its_trainer_holds_nothing(run: RunFolder, fork: Callable) -> None:
    """Loaders fork workers; the lock must end with the trainer all the same."""
    ready, stop = os.pipe(), os.pipe()

    def worker() -> None:
        os.write(ready[1], b"x")
        os.close(stop[1])
        os.read(stop[0], 1)

    def trainer() -> None:
        with run.lock():
            fork(worker)
            os.read(ready[0], 1)
            os.kill(os.getpid(), signal.SIGKILL)

    assert os.WTERMSIG(end_of(fork(trainer))) == signal.SIGKILL
    with run.lock() as before:
        assert before.startswith("pid ")
    os.close(stop[1])


def test_a_worker_that_ends_frees_nothing(run: RunFolder, fork: Callable) -> None:
    def second() -> None:
        with pytest.raises(DiskError, match="RC605"), run.lock():
            pass

    with run.lock():
        assert end_of(fork(lambda: None)) == 0
        assert end_of(fork(second)) == 0
        signature = json.loads((run.path / "lock").read_text())
        assert signature == {"pid": os.getpid(), "host": socket.gethostname()}


@pytest.mark.parametrize("text", ["{", "[1]", '{"pid": "x", "host": 1}', "7", '{"host": "a"}'])
def test_a_signature_that_cannot_be_read(run: RunFolder, text: str) -> None:
    (run.path / "lock").write_text(text)
    with run.lock() as before:
        assert before == "an unreadable signature"


def test_a_lock_in_a_folder_without_permission(open_folder: Path, fork: Callable) -> None:
    run = RunFolder.create(open_folder, "a")
    run.path.chmod(0o555)

    def work() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)
        with pytest.raises(DiskError, match="RC602"), run.lock():
            pass

    assert end_of(fork(work)) == 0


def test_a_disk_that_cannot_lock_or_sign(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", broken)
        with pytest.raises(DiskError, match="RC603"), run.lock():
            pass
    with monkeypatch.context() as patch:
        patch.setattr("frcnn.run_folder.json.dumps", broken)
        with pytest.raises(DiskError, match="RC603"), run.lock():
            pass
    with run.lock():
        pass
