"""One word into a value: only what a person would call a number is one."""

import math

import pytest
from cyclopts import Token
from hypothesis import given
from hypothesis import strategies as st

from frcnn.cli import words
from frcnn.errors import ConfigError


def token(word: str) -> list[Token]:
    return [Token(keyword="--x", value=word, source="cli")]


@pytest.mark.parametrize(
    ("word", "value"), [("0", 0), ("12", 12), ("+3", 3), ("-7", -7), ("007", 7)]
)
def test_whole_numbers(word: str, value: int) -> None:
    assert words.whole(int, token(word)) == value


@pytest.mark.parametrize(
    ("word", "value"),
    [("1", 1.0), ("0.5", 0.5), (".5", 0.5), ("2.", 2.0), ("1e-3", 0.001), ("-2E2", -200.0)],
)
def test_numbers(word: str, value: float) -> None:
    got = words.number(float, token(word))
    assert got == value
    assert type(got) is float


@given(st.integers(-(10**17), 10**17))
def test_every_whole_number_is_read_back(value: int) -> None:
    assert words.whole(int, token(str(value))) == value
    assert words.number(float, token(str(value))) == float(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back(value: float) -> None:
    assert words.number(float, token(repr(value))) == value


@given(st.text(max_size=20))
def test_any_other_word_is_a_clear_error(word: str) -> None:
    for read in (words.whole, words.number, words.text):
        try:
            value = read(str, token(word))
        except ConfigError as error:
            code = error.code
        else:
            code = "RC304"
            assert not isinstance(value, float) or math.isfinite(value)
        assert code == "RC304"


@pytest.mark.parametrize("word", ["", " ", "\t", "\n"])
def test_texts_are_not_empty(word: str) -> None:
    with pytest.raises(ConfigError, match="a name or a path"):
        words.text(str, token(word))


def test_a_text_is_taken_as_it_is() -> None:
    assert words.text(str, token(" a b ")) == " a b "


def test_the_option_is_named() -> None:
    error = words.wrong("--seed", "x", "a whole number")
    assert str(error).splitlines() == [
        "error[RC304] --seed: wrong value; got 'x', want a whole number",
        "  fix: as in: --seed 8",
    ]
    assert words.wrong(None, "x", "a value").place == "argument"
