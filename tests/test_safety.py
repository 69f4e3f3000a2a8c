"""Constructions that let a file run code, fill the memory or escape a folder stay out (H02)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for top in ("src", "benchmarks") for path in (ROOT / top).rglob("*.py"))
CALLS = {
    "eval",
    "exec",
    "__import__",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "marshal.loads",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "os.system",
    "os.popen",
    "torch.hub.load",
    "torch.jit.load",
    "numpy.load",
    "np.load",
    "tempfile.mktemp",
}
KEYWORDS = {
    ("weights_only", False),
    ("shell", True),
    ("allow_pickle", True),
}
SETTINGS = {("MAX_IMAGE_PIXELS", None), ("LOAD_TRUNCATED_IMAGES", True)}
WORDS = (  # places of one machine, tools of one workplace
    r"/(w[o]rk|f[a]rm|r[o]ot)/",
    r"p[y]pi\.o",
    r"python[h]osted",
)
TEXTS = (".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", "")


def hits(tree: ast.AST) -> list[str]:
    """Every construction of the lists above, with its line."""
    return [f"line {node.lineno}: {what}" for node in ast.walk(tree) for what in _of(node)]


def _of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        found = [name] if name in CALLS else []
        given = {k.arg: k.value for k in node.keywords}
        found += [f"{k}={v}" for k, v in KEYWORDS if _is_constant(given.get(k), v)]
        if name == "torch.load" and not _is_constant(given.get("weights_only"), True):
            found.append("torch.load without weights_only=True")
        if name.endswith((".extractall", ".extract")) and "filter" not in given:
            found.append(f"{name} without a filter")
        return found
    if isinstance(node, ast.Assign):
        targets = [ast.unparse(target).split(".")[-1] for target in node.targets]
        return [f"{k} = {v}" for k, v in SETTINGS if k in targets and _is_constant(node.value, v)]
    return []


def _is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_that_runs_foreign_code(path: Path) -> None:
    assert not hits(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)",
        "import pickle\npickle.load(stream)",
        "yaml.load(text)",
        "os.system('ls')",
        "subprocess.run(text, shell=True)",
        "torch.load(path, weights_only=False)",
        "torch.load(path)",
        "archive.extractall(folder)",
        "Image.MAX_IMAGE_PIXELS = None",
        "ImageFile.LOAD_TRUNCATED_IMAGES = True",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_planted_ones_are_found(code: str) -> None:
    assert hits(ast.parse(code))


@pytest.mark.parametrize(
    "code", ["torch.load(p, weights_only=True)", "model.eval()", "yaml.safe_load(text)"]
)
def test_harmless_ones_are_not(code: str) -> None:
    assert not hits(ast.parse(code))


def test_one_door_for_pickles() -> None:
    """Only `weights/unpickle.py` reads a .pth, so there is no second way round its checks (E02)."""
    users = [path.name for path in FILES if "torch.load(" in path.read_text()]
    assert users in ([], ["unpickle.py"])


def test_no_place_of_one_machine_in_any_text() -> None:
    tops = ("src", "tests", "docs", "benchmarks", ".ci")
    texts = [path for top in tops for path in (ROOT / top).rglob("*")]
    texts += [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    for path in texts:
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts:
            found = [w for w in WORDS if re.search(w, path.read_text(errors="replace"))]
            assert not found, f"{path.relative_to(ROOT)} matches {found}"
