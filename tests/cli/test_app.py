"""Which verbs there are, what help says, and that nothing heavy is imported for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import frcnn
from frcnn import cli
from frcnn.cli import app


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )


@pytest.mark.parametrize("words", [["--help"], ["-h"], []])
def test_help_lists_every_verb(frcnn_command, words: list[str]) -> None:
    outcome = frcnn_command(*words)
    assert (outcome.code, outcome.err) == (0, "")
    for verb in (*app.VERBS, "presets"):
        assert f" {verb} " in outcome.out
    assert "Exit codes" in outcome.out


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("verb", [*app.VERBS, "presets", "presets list", "presets show"])
def test_every_verb_has_help(frcnn_command, verb: str, flag: str) -> None:
    outcome = frcnn_command(*verb.split(), flag)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"Usage: frcnn {verb}" in outcome.out


@pytest.mark.parametrize("verb", list(app.VERBS))
def test_help_explains_every_option(frcnn_command, verb: str) -> None:
    text = " ".join(frcnn_command(verb, "--help").out.split())
    for option in ("--json", "--quiet", "-q", "--debug", "--config"):
        assert option in text


def test_version(frcnn_command) -> None:
    outcome = frcnn_command("--version")
    assert (outcome.code, outcome.out) == (0, f"frcnn {frcnn.__version__}\n")


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["train", "--help"], ["train", "--epochs", "x"], ["tran"]],
)
def test_neither_torch_nor_a_room_is_imported(words: list[str]) -> None:
    code = (
        "import sys; from frcnn.cli import main; main(sys.argv[1:]); "
        "print(sorted(n for n in sys.modules if n in {'torch', 'numpy', 'PIL', 'matplotlib'}))"
    )
    done = python("-c", code, *words)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_is_the_command() -> None:
    done = python("-m", "frcnn", "--version")
    assert (done.returncode, done.stdout) == (0, f"frcnn {frcnn.__version__}\n")
    done = python("-m", "frcnn", "trian")
    assert done.returncode == 2
    assert "did you mean train" in done.stderr


def test_words_come_from_the_process_when_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["frcnn", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out.startswith("frcnn ")


def test_what_stands_in_the_help_is_what_the_verbs_say() -> None:
    from frcnn.cli import presets, verbs

    for room, texts in ((verbs, app.VERBS), (presets, app.PRESET_VERBS)):
        for verb, text in texts.items():
            own = getattr(room, f"{verb}_").__doc__.partition("\n")[0]
            assert own.rstrip(".").startswith(text.partition(" with its")[0].rstrip(".")[:20])


def test_the_script_of_the_project_is_this_function(repository: Path) -> None:
    assert 'frcnn = "frcnn.cli:main"' in (repository / "pyproject.toml").read_text()
