"""What the functions of Python are given: a run for its path, keywords that there are."""

from pathlib import Path
from typing import TypedDict

import pytest

from frcnn.errors import ConfigError
from frcnn.launch.arguments import other_kind, path_of, require_known


class Options(TypedDict, total=False):
    """Of some function."""

    layout: str
    quiet: bool


def test_golden_a_path_is_a_path() -> None:
    assert path_of("runs/a", "load") == path_of(Path("runs/a"), "load") == Path("runs/a")


@pytest.mark.parametrize("named", [3, None, b"runs/a", ["runs/a"]])
def test_wrong_in_what_is_no_path(named: object) -> None:
    with pytest.raises(ConfigError, match="RC319") as caught:
        path_of(named, "load")  # type: ignore[arg-type]
    assert caught.value.place == "frcnn.load"
    assert caught.value.got == type(named).__name__


def test_known_keywords_pass() -> None:
    require_known("check", {}, Options)
    require_known("check", {"layout": "voc", "quiet": True}, Options)


@pytest.mark.parametrize(
    ("name", "fix"), [("layuot", "did you mean layout?"), ("zebra", "settings go into")]
)
def test_wrong_in_a_keyword(name: str, fix: str) -> None:
    with pytest.raises(ConfigError, match="RC310") as caught:
        require_known("check", {"quiet": True, name: 1}, Options)
    assert (caught.value.place, caught.value.got) == ("frcnn.check", name)
    assert caught.value.want == "layout, quiet"
    assert fix in caught.value.fix


def test_an_argument_of_another_kind_says_what_is_taken() -> None:
    error = other_kind("evaluate: split", {}, "a Split")
    assert (error.code, error.place) == ("RC319", "frcnn.evaluate: split")
    assert (error.got, error.want, error.fix) == ("dict", "a Split", "pass a Split")
