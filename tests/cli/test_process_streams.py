"""C09: no home, no folder, closed streams, broken pipes, real signals. Never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import frcnn

SOURCE = str(Path(frcnn.__path__[0]).parent)
COMMAND = [sys.executable, "-m", "frcnn"]
WAITING = """
import signal, sys, time
from frcnn.cli import process
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
def run():
    print("ready", flush=True)
    time.sleep(60)
    return 0
sys.exit(process.to_the_end(run, []))
"""
MANY_LINES = """
import sys
from frcnn.cli import process
def run():
    for number in range(200000):
        print("line", number)
    return 0
sys.exit(process.guarded(run, []))
"""


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCE, **changes}


def clean(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode >= 0, "ended by a signal"


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    settings: dict[str, object] = {"capture_output": True, "text": True, "env": environment()}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*COMMAND, *words], check=False, **{**settings, **options}
    )


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which $FRCNN is the command."""
    return subprocess.run(
        ["sh", "-c", script.replace("$FRCNN", f"'{sys.executable}' -m frcnn")],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )


def test_without_a_home() -> None:
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE}
    done = run("presets", "--help", env=bare)
    clean(done)
    assert done.returncode == 0


def test_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    script = f"mkdir '{tmp_path}/gone'; cd '{tmp_path}/gone'; rmdir '{tmp_path}/gone'; "
    done = shell(script + "$FRCNN train --epochs x")
    clean(done)
    assert done.returncode == 2
    assert "error[RC304]" in done.stderr


def test_without_site_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "frcnn", "--help"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    clean(done)
    assert done.returncode == 1
    assert done.stderr.startswith("error[RC003] frcnn: a package that it needs is not there")


def test_isolated() -> None:
    code = (
        f"import sys; sys.path.insert(0, {SOURCE!r}); from frcnn.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "--version"], capture_output=True, text=True, check=False
    )
    clean(done)
    assert (done.returncode, done.stdout) == (0, f"frcnn {frcnn.__version__}\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("--help", 0), ("train --epochs x", 2)])
def test_closed_streams(closed: str, words: str, code: int) -> None:
    done = shell(f"$FRCNN {words} {closed}")
    clean(done)
    assert done.returncode == code


def test_a_file_never_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """Without care, the first file that is opened becomes stdout, and is printed into."""
    path = tmp_path / "precious"
    code = (
        "import sys\nfrom frcnn.cli import process\n"
        f"def run():\n    file = open({str(path)!r}, 'w')\n    print('chatter', flush=True)\n"
        "    print('chatter', file=sys.stderr)\n    file.write('kept')\n    file.close()\n"
        "    return 0\nsys.exit(process.guarded(run, []))"
    )
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, code],
        env=environment(),
        check=False,
    )
    assert done.returncode == 0
    assert path.read_text() == "kept"


def test_a_reader_who_leaves() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MANY_LINES],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == ""
    assert process.returncode == 141


def test_head_takes_one_line_of_help() -> None:
    done = shell("$FRCNN train --help | head -1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Usage: frcnn train [OPTIONS]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout() -> None:
    done = shell("$FRCNN --help > /dev/full")
    clean(done)
    assert done.returncode == 6


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    done = run("train", "--config", os.fsdecode(b"\xff\xfe"), "--epochs", "x")
    clean(done)
    assert done.returncode == 2


@pytest.mark.parametrize("charset", ["C", "POSIX"])
def test_a_terminal_without_unicode(charset: str) -> None:
    changes = {"LC_ALL": charset, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run("train", "--größe", "1", env=environment(**changes))
    clean(done)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "terminated\n")],
)
def test_real_signals(number: signal.Signals, code: int, text: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(2):  # whoever presses Ctrl-C twice sees no traceback
            process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (code, text)
