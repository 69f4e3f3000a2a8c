"""Dataclass to mapping and back: the same value, or an error that names the setting."""

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError
from frcnn.settings import differences, from_mapping, to_mapping


@dataclass(frozen=True, kw_only=True)
class Part:
    rate: float = 0.5
    kind: Literal["a", "b"] = "a"
    pair: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ConfigError(
                "RC399", "part.rate", "negative", got=str(self.rate), want=">= 0", fix="raise it"
            )
        if self.pair[0] > self.pair[1]:
            raise ConfigError("RC398", "part", "out of order", fix="swap them")


@dataclass(frozen=True, kw_only=True)
class Whole:
    count: int
    on: bool = False
    name: str = ""
    sides: tuple[float, ...] = (1.0,)
    part: Part = field(default_factory=Part)
    perhaps: Part | None = None
    limit: int | None = None
    either: int | str = 0
    sizes: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.count > 100:
            raise ConfigError("RC397", "count", "too many", fix="take fewer")


wholes = st.builds(
    Whole,
    count=st.integers(-100, 100),
    on=st.booleans(),
    name=st.text(max_size=20),
    sides=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(tuple),
    part=st.builds(Part, rate=st.floats(0, 1e308), kind=st.sampled_from(["a", "b"])),
    perhaps=st.none() | st.builds(Part),
    limit=st.none() | st.integers(-(2**63), 2**63),
    either=st.integers() | st.text(max_size=5),
    sizes=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2).map(tuple),
)


def refused(mapping: Any, **rest: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        from_mapping(Whole, mapping, **rest)
    return caught.value


def test_golden_mapping() -> None:
    assert to_mapping(Whole(count=3)) == {
        "count": 3,
        "on": False,
        "name": "",
        "sides": [1.0],
        "part": {"rate": 0.5, "kind": "a", "pair": [0.0, 1.0]},
        "perhaps": None,
        "limit": None,
        "either": 0,
        "sizes": [],
    }


@given(wholes)
def test_what_is_written_is_read_back_equal(value: Whole) -> None:
    assert from_mapping(Whole, to_mapping(value)) == value
    through_json = json.loads(json.dumps(to_mapping(value), allow_nan=False))
    assert from_mapping(Whole, through_json) == value


def test_missing_names_take_defaults() -> None:
    assert from_mapping(Whole, {"count": 1}) == Whole(count=1)
    assert from_mapping(Whole, {"count": 1, "part": {}}) == Whole(count=1)


def test_a_whole_number_is_a_number_and_becomes_one() -> None:
    got = from_mapping(Whole, {"count": 1, "sides": [2, 3], "part": {"rate": 1}})
    assert [type(side) for side in got.sides] == [float, float]
    assert type(got.part.rate) is float


def test_tuples_nest() -> None:
    assert from_mapping(Whole, {"count": 1, "sizes": [[1, 2], [3, 4]]}).sizes == ((1, 2), (3, 4))


def test_unions_take_the_first_that_fits() -> None:
    assert from_mapping(Whole, {"count": 1, "either": "x"}).either == "x"
    assert from_mapping(Whole, {"count": 1, "either": 7}).either == 7


@pytest.mark.parametrize(
    ("mapping", "place", "got", "want"),
    [
        ({"count": "3"}, "count", "'3'", "a whole number"),
        ({"count": 3.0}, "count", "3.0", "a whole number"),
        ({"count": True}, "count", "true", "a whole number"),
        ({"count": None}, "count", "null", "a whole number"),
        ({"count": [1]}, "count", "[1]", "a whole number"),
        ({"count": 1, "on": 1}, "on", "1", "true or false"),
        ({"count": 1, "on": "yes"}, "on", "'yes'", "true or false"),
        ({"count": 1, "name": 3}, "name", "3", "text"),
        ({"count": 1, "sides": 3.0}, "sides", "3.0", "a list, each item a number"),
        ({"count": 1, "sides": ["x"]}, "sides.0", "'x'", "a number"),
        ({"count": 1, "sides": [1.0, True]}, "sides.1", "true", "a number"),
        ({"count": 1, "sides": {"a": 1}}, "sides", "a section of a", "a list"),
        ({"count": 1, "part": 3}, "part", "3", "a section with rate, kind, pair"),
        ({"count": 1, "part": None}, "part", "null", "a section with rate, kind, pair"),
        ({"count": 1, "part": {"rate": "1e-3x"}}, "part.rate", "'1e-3x'", "a number"),
        ({"count": 1, "part": {"rate": math.nan}}, "part.rate", "nan", "a number"),
        ({"count": 1, "part": {"rate": math.inf}}, "part.rate", "inf", "a number"),
        ({"count": 1, "part": {"rate": 10**400}}, "part.rate", "1000", "a number"),
        ({"count": 1, "part": {"kind": "c"}}, "part.kind", "'c'", "one of a, b"),
        ({"count": 1, "part": {"kind": True}}, "part.kind", "true", "one of a, b"),
        ({"count": 1, "part": {"pair": [1.0]}}, "part.pair", "[1.0]", "a list of 2"),
        ({"count": 1, "limit": 1.5}, "limit", "1.5", "a whole number, or null"),
        ({"count": 1, "either": 1.5}, "either", "1.5", "a whole number or text"),
        ({"count": 1, "sizes": [[1, 2, 3]]}, "sizes.0", "[1, 2, 3]", "a list of 2"),
        ([], "settings", "[]", "a section with count"),
    ],
)
def test_wrong_values_are_named(mapping: Any, place: str, got: str, want: str) -> None:
    error = refused(mapping)
    assert error.code == "RC345"
    assert error.place == place
    assert error.got.startswith(got)
    assert error.want.startswith(want)
    assert error.fix.startswith("write ")


def test_the_default_is_offered() -> None:
    assert refused({"count": 1, "part": {"rate": "x"}}).fix == "write a number; the default is 0.5"
    assert "default" not in refused({"count": "x"}).fix


@pytest.mark.parametrize(
    ("mapping", "place", "meant"),
    [
        ({"count": 1, "nam": "x"}, "nam", "name"),
        ({"count": 1, "part": {"rat": 1}}, "part.rat", "part.rate"),
        ({"count": 1, "kind": "a"}, "kind", "part.kind"),  # stands in another section
        ({"count": 1, "part": {"limit": 3}}, "part.limit", "limit"),
    ],
)
def test_unknown_names_come_with_the_nearest(mapping: Any, place: str, meant: str) -> None:
    error = refused(mapping)
    assert (error.code, error.place) == ("RC344", place)
    assert error.fix == f"did you mean `{meant}`?"


def test_an_unknown_name_unlike_any() -> None:
    error = refused({"count": 1, "zzzzzz": 1})
    assert error.code == "RC344"
    assert "presets show" in error.fix
    assert error.want.startswith("count, on, name")


def test_keys_that_are_no_text() -> None:
    assert refused({"count": 1, 3: 4}).code == "RC344"


def test_a_required_value_that_is_missing() -> None:
    error = refused({"on": True})
    assert (error.code, error.place) == ("RC340", "count")
    assert error.want == "a whole number"


def test_the_source_as_a_whole_is_named() -> None:
    error = refused({"count": "x"}, place="best.safetensors")
    assert error.place == "best.safetensors"
    assert error.what == "count: wrong value"


def test_places_are_used_as_exactly_as_they_are_known() -> None:
    places = {(): "a.yaml:1:1", ("part",): "a.yaml:2:1", ("part", "rate"): "a.yaml:3:3"}
    part = {"count": 1, "part": {"rate": "x"}}
    assert refused(part, places=places).place == "a.yaml:3:3"
    part = {"count": 1, "part": {"kind": "x"}}
    assert refused(part, places=places).place == "a.yaml:2:1"  # its section
    assert refused({"count": "x"}, places=places).place == "a.yaml:1:1"


class TestWhatTheClassItselfRefuses:
    def test_without_places_as_it_is(self) -> None:
        error = refused({"count": 1, "part": {"rate": -1}})
        assert (error.code, error.place, error.what) == ("RC399", "part.rate", "negative")

    def test_a_field_gets_its_own_place(self) -> None:
        places = {(): "a.yaml:1:1", ("part",): "a.yaml:2:1", ("part", "rate"): "a.yaml:3:3"}
        error = refused({"count": 1, "part": {"rate": -1}}, places=places)
        assert error.place == "a.yaml:3:3"
        assert error.what == "part.rate: negative"
        assert (error.got, error.want, error.fix) == ("-1.0", ">= 0", "raise it")

    def test_a_section_gets_the_sections_place(self) -> None:
        places = {("part",): "a.yaml:2:1", ("part", "pair"): "a.yaml:3:3"}
        error = refused({"count": 1, "part": {"pair": [2, 1]}}, places=places)
        assert (error.code, error.place) == ("RC398", "a.yaml:2:1")

    def test_a_section_without_a_place_gets_what_was_set_in_it(self) -> None:
        places = {("part", "pair"): "--set part.pair=[2,1]"}
        error = refused({"count": 1, "part": {"pair": [2, 1]}}, places=places)
        assert error.place == "--set part.pair=[2,1]"

    def test_the_top_class_too(self) -> None:
        error = refused({"count": 500}, place="a.yaml")
        assert (error.code, error.place, error.what) == ("RC397", "a.yaml", "count: too many")


def test_to_mapping_takes_instances_only() -> None:
    for wrong in (Whole, {"count": 1}, 3):
        with pytest.raises(AssertionError, match="instance"):
            to_mapping(wrong)


def test_a_field_that_no_file_can_hold_is_our_mistake() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Wrong:
        value: Any = None
        odd: bytes = b""

    with pytest.raises(AssertionError, match="bytes"):
        to_mapping(Wrong())
    with pytest.raises(AssertionError, match="cannot hold"):
        from_mapping(Wrong, {"odd": "x"})


def test_replace_and_mapping_agree() -> None:
    value = replace(Whole(count=1), limit=4)
    assert from_mapping(Whole, {**to_mapping(Whole(count=1)), "limit": 4}) == value


def test_differences_are_sentences() -> None:
    old = {"b": {"size": 2, "same": [1]}, "a": None, "gone": 1.0}
    new = {"b": {"size": 5, "same": (1,)}, "a": {"x": 1}, "gone": 1.0}
    assert differences(old, new) == ["a was None, is {'x': 1}", "b.size was 2, is 5"]
    assert differences(old, new, "top.")[1] == "top.b.size was 2, is 5"
    assert differences(old, old) == []
