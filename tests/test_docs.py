"""What the documents say is so: commands, settings, names, links, and the code between."""

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from cyclopts import CycloptsError

import frcnn
from frcnn.cli import app, data_options, options, predict_options, propose_options

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READ_BY_USERS = [page for page in PAGES if page.parent.name == "docs" or page.name == "README.md"]
WANTED = {  # pages that must be there
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/quickstart.md",
    "docs/train_your_own.md",
    "docs/how_it_works.md",
    "docs/glossary.md",
    "docs/results.md",
    "docs/performance.md",
    "docs/errors.md",
    "docs/data.md",
    "docs/many_machines.md",
    "docs/predict.md",
}
OF_TORCHRUN = {  # options of PyTorch's launcher that a page names
    *("--standalone", "--nnodes", "--nproc-per-node", "--max-restarts", "--local-addr"),
    *("--rdzv-backend", "--rdzv-endpoint", "--rdzv-id"),
}
OF_SLURM = {
    *("--job-name", "--nodes", "--ntasks-per-node", "--gpus-per-node", "--cpus-per-task"),
    *("--signal", "--kill-on-bad-exit"),
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SETTING = re.compile(r"\b((?:model|training)\.[a-z_]+(?:\.[a-z_0-9]+)+)\b")
UNMEASURED = re.compile(r"\b(TBD|TODO|FIXME|XXX|placeholder|coming soon)\b", re.IGNORECASE)


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Code between fences, of the languages named."""
    for language, code in BLOCK.findall(page.read_text()):
        if language in languages:
            yield code


def commands(page: Path) -> Iterator[list[str]]:
    """Every call of frcnn in the console blocks, as words after `frcnn`."""
    for code in blocks(page, "console", "bash", "sh"):
        plain = re.sub(r" #.*", "", code.replace("\\\n", " "))
        for part in re.split(r"&&|\||;|\n", plain):
            words = shlex.split(re.sub(r"^(\s*[A-Z_]+=\S+)+", "", part))
            if words and Path(words[0]).name == "frcnn":
                yield words[1:]


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as links write them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    plain = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).strip().replace(" ", "-") for head in plain}


def understood(words: list[str]) -> Callable[..., object]:
    """The verb that the command line finds in the words; raises where it finds none."""
    return app.understood(words)[0]


def test_all_pages_are_there() -> None:
    assert {str(page.relative_to(ROOT)) for page in PAGES} >= WANTED


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the repository: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_fence_is_closed_and_nothing_is_left_open(page: Path) -> None:
    text = page.read_text()
    assert len(re.findall(r"^ *```", text, flags=re.MULTILINE)) % 2 == 0
    assert not UNMEASURED.search(text)
    assert text.endswith("\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_compiles_and_names_what_is_there(page: Path) -> None:
    for code in blocks(page, "python"):
        tree = ast.parse(code, filename=page.name)
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "frcnn"
        }
        missing = [name for name in sorted(used) if name not in dir(frcnn)]
        assert not missing, f"{page.name}: frcnn has no {missing}"


@pytest.mark.parametrize("page", READ_BY_USERS, ids=lambda p: p.name)
def test_settings_exist(page: Path) -> None:
    from frcnn.presets import RunConfig
    from frcnn.settings import describe

    known = {row.name for row in describe(RunConfig)}
    sections = {name.rpartition(".")[0] for name in known}
    text = LINK.sub("", page.read_text())
    unknown = {name for name in SETTING.findall(text) if name not in known | sections}
    assert not unknown, f"{page.name} names settings that do not exist: {sorted(unknown)}"


def test_the_readme_opens_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    first, second = list(blocks(ROOT / "README.md", "console"))[:2]
    fresh = "python3 -m venv .venv && .venv/bin/pip install "
    assert first.strip() == fresh + ". && .venv/bin/frcnn demo"
    assert second.strip() == fresh + '-e ".[test]" && .venv/bin/pytest'
    assert text.index(second) < text.index("\n## "), "before the first heading"


def test_ci_runs_the_command_of_the_readme() -> None:
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_there_are_commands_to_check() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) >= 8


@pytest.mark.parametrize(
    "words",
    [pytest.param(words, id=" ".join(words)) for page in PAGES for words in commands(page)],
)
def test_commands_are_understood(words: list[str]) -> None:
    """The command line reads the words without complaint; nothing is run."""
    assert callable(understood(words))


def test_a_wrong_command_would_be_found() -> None:
    with pytest.raises(CycloptsError, match="--learning"):
        understood(["train", "--data", "x", "--learning", "1"])


@pytest.mark.parametrize("page", READ_BY_USERS, ids=lambda p: p.name)
def test_options_exist(page: Path) -> None:
    pages = (options, predict_options, propose_options, data_options)
    named_kinds = {name: kind for module in pages for name, kind in vars(module).items()}
    kinds = (kind for kind in named_kinds.values() if is_dataclass(kind))
    known = {f"--{field.name.replace('_', '-')}" for kind in kinds for field in fields(kind)}
    named = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", page.read_text()))
    if page.name in ("performance.md", "results.md"):  # they name the benchmarks' commands, too
        for script in (ROOT / "benchmarks").glob("*.py"):
            known |= set(re.findall(r'add_argument\("(--[a-z-]+)"', script.read_text()))
    unknown = (
        named
        - known
        - {"--set", "--class", "--help", "--version", "--option"}
        - OF_TORCHRUN
        - OF_SLURM
    )
    assert not unknown, f"{page.name} names options that do not exist: {sorted(unknown)}"


@pytest.mark.parametrize("verb", ["demo", "train", "eval", "propose", "predict", "doctor", "data"])
def test_every_verb_is_shown_somewhere(verb: str) -> None:
    assert any(words[:1] == [verb] for page in READ_BY_USERS for words in commands(page))


def test_torchrun_has_the_options_that_are_named() -> None:
    from torch.distributed.run import get_args_parser

    assert set(get_args_parser()._option_string_actions) >= OF_TORCHRUN


def test_torchrun_is_given_words_that_we_understand() -> None:
    page = (ROOT / "docs" / "many_machines.md").read_text().replace("\\\n", " ")
    found = re.findall(r"torchrun .* -m frcnn (.*)$", page, flags=re.MULTILINE)
    assert len(found) >= 4
    for words in found:
        assert callable(understood(shlex.split(words)))
