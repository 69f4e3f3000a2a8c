"""parse: plain YAML with places, and every kind of YAML that is not plain refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError
from frcnn.settings.yaml_tree import MAX_CHARACTERS, MAX_DEPTH, parse


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, "a.yaml")
    return caught.value


def test_golden_values_and_their_places() -> None:
    tree = parse("one: 1\ntwo:\n  three: [4, 5.5]\n  six: seven\n", "a.yaml")
    assert tree.value == {"one": 1, "two": {"three": [4, 5.5], "six": "seven"}}
    assert tree.places == {
        (): "a.yaml:1:1",
        ("one",): "a.yaml:1:1",
        ("two",): "a.yaml:2:1",
        ("two", "three"): "a.yaml:3:3",
        ("two", "three", "0"): "a.yaml:3:11",
        ("two", "three", "1"): "a.yaml:3:14",
        ("two", "six"): "a.yaml:4:3",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("null", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("no", "no"),  # YAML 1.1 would say False
        ("on", "on"),
        ("12", 12),
        ("-7", -7),
        ("+3", 3),
        ("017", 17),  # YAML 1.1 would say 15
        ("12:30", "12:30"),  # YAML 1.1 would say 750
        ("1_000", "1_000"),  # YAML 1.1 would say 1000
        ("0x10", "0x10"),
        ("1e-3", 0.001),  # PyYAML alone says "1e-3"
        ("1E3", 1000.0),
        (".5", 0.5),
        ("2.", 2.0),
        ("-0.25", -0.25),
        ("'12'", "12"),
        ('"true"', "true"),
        ("none", "none"),
        ("2026-01-02", "2026-01-02"),
        ("=", "="),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    got = parse(text, "a.yaml").value
    assert got == value
    assert type(got) is type(value)


def test_infinity_and_nan_are_read_as_such_for_the_reader_to_refuse() -> None:
    assert parse("[.inf, -.Inf]", "a").value == [float("inf"), float("-inf")]
    assert parse(".nan", "a").value != parse(".nan", "a").value


def test_block_text_and_comments() -> None:
    tree = parse("# a comment\ntext: |\n  two\n  lines\n", "a")
    assert tree.value == {"text": "two\nlines\n"}


def test_an_option_has_no_lines() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[1, 2", "--set a=[1, 2", columns=False)
    assert caught.value.place == "--set a=[1, 2"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: [1, 2\nb: 3", "RC348", "a.yaml:2:2"),
        ("a: 1\n\tb: 2", "RC348", "a.yaml:2:1"),
        ("a: 1\n b: 2", "RC348", "a.yaml:2:3"),
        ("a: \x00", "RC348", "a.yaml"),
        ("? [1, 2]\n: 3", "RC348", "a.yaml:1:3"),
        ("? {a: 1}\n: 3", "RC348", "a.yaml:1:3"),
        ("a: 1\n---\nb: 2", "RC348", "a.yaml:2:1"),
        ("a: !!python/object/apply:os.system ['true']", "RC341", "a.yaml:1:4"),
        ("a: !!python/name:os.system ''", "RC341", "a.yaml:1:4"),
        ("a: !!str 1", "RC341", "a.yaml:1:4"),
        ("a: !own 1", "RC341", "a.yaml:1:4"),
        ("!!map {a: 1}", "RC341", "a.yaml:1:1"),
        ("!!str a: 1", "RC341", "a.yaml:1:1"),
        ("a: &x 1\nb: 2", "RC342", "a.yaml:1:4"),
        ("b: 2\na: *x", "RC342", "a.yaml:2:4"),
        ("&x a: 1", "RC342", "a.yaml:1:1"),
        ("*x : 1", "RC342", "a.yaml:1:1"),
        ("a: 1\nb: 2\na: 3", "RC343", "a.yaml:3:1"),
        ("a:\n  b: 1\n  b: 2", "RC343", "a.yaml:3:3"),
        ("{a: 1, a: 2}", "RC343", "a.yaml:1:8"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_place(text: str, code: str, place: str) -> None:
    error = refused(text)
    assert (error.code, error.place) == (code, place)
    assert error.fix
    assert error.want


def test_a_duplicate_names_the_first() -> None:
    assert refused("a: 1\nb: 2\na: 3").got == "first at a.yaml:1:1"


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    assert refused("\n".join(lines)).code == "RC342"


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "[" * 50 + "]" * 50])
def test_deep_nesting_is_refused_before_python_runs_out_of_stack(text: str) -> None:
    error = refused(text)
    assert error.code == "RC346"
    assert str(MAX_DEPTH) in error.want


def test_the_deepest_that_is_read() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert isinstance(parse(text, "a").value, list)


def test_a_long_text_is_refused_before_it_is_read() -> None:
    error = refused("a: 1\n" * MAX_CHARACTERS)
    assert error.code == "RC346"
    assert str(MAX_CHARACTERS) in error.want


def test_digits_without_end_stay_text() -> None:
    """Python refuses to turn more than 4300 digits into a number; nobody may see that."""
    assert parse("9" * 5000, "a").value == "9" * 5000


def test_numbers_beyond_floating_point_are_infinite() -> None:
    assert parse("1e999", "a").value == float("inf")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    errors: list[ConfigError] = []
    try:
        parse(text, "a.yaml")
    except ConfigError as error:
        errors.append(error)
    assert all(error.place.startswith("a.yaml") and error.fix for error in errors)
