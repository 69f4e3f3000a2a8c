"""Settings of Python as the command line has them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError
from frcnn.settings import apply_overrides
from frcnn.settings.pairs import pairs_of


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A section."""

    count: int = 1
    share: float | None = 0.5
    name: str = ""
    kind: Literal["on", "off"] = "on"
    is_live: bool = True
    sides: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outer:
    """A config."""

    inner: Inner = field(default_factory=Inner)
    path: str = ""


def test_golden() -> None:
    told = {"inner.count": 480, "inner.share": None, "inner": {"is_live": False, "sides": (1, 2.5)}}
    assert pairs_of(told) == (
        "inner.count=480",
        "inner.share=null",
        "inner.is_live=false",
        "inner.sides=[1, 2.5]",
    )
    assert pairs_of({"path": Path("a/b")}) == ("path=a/b",)
    assert pairs_of(["inner.count=480"]) == pairs_of(("inner.count=480",)) == ("inner.count=480",)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)


@given(
    st.builds(
        Inner,
        count=st.integers(-(10**9), 10**9),
        share=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        name=_TEXTS
        | st.sampled_from(["true", "null", "1", "1e3", "a: b", "[", "#", "'", '"', "="]),
        kind=st.sampled_from(["on", "off"]),
        is_live=st.booleans(),
        sides=st.lists(st.floats(0, 1e6)).map(tuple),
    )
)
def test_every_value_comes_back_as_it_was(inner: Inner) -> None:
    dotted = {f"inner.{name}": value for name, value in vars(inner).items()}
    for told in (dotted, {"inner": vars(inner)}):
        assert apply_overrides(Outer(), pairs_of(told)) == Outer(inner=inner)


@pytest.mark.parametrize("told", [(), [], {}, {"inner": {}}])
def test_nothing_in(told: object) -> None:
    assert pairs_of(told) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("told", ["a=1", b"a=1", 3, None, [("a", 1)], {"a=1"}])
def test_wrong_in_what_is_no_settings(told: object) -> None:
    with pytest.raises(ConfigError, match="RC347") as caught:
        pairs_of(told)  # type: ignore[arg-type]
    assert caught.value.got == (repr(told) if isinstance(told, str) else type(told).__name__)
    assert "settings={'model.pictures.shorter_side': 480}" in caught.value.fix


def test_wrong_in_a_value() -> None:
    with pytest.raises(ConfigError, match="RC345") as caught:
        pairs_of({"inner": {"count": [object()]}})
    assert caught.value.place == "settings: inner.count"
