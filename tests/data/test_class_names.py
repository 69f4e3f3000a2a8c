"""Classes and names that are mistakes: B07 of the catalogue."""

import random
import string

import pytest

from frcnn.data.class_names import classes_of, nearest, plain, require_known
from frcnn.errors import AnnotationError

VOC = [  # the devkit's twenty
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
]


def test_classes_are_sorted_by_code_point() -> None:
    names = {"b": "1", "a": "2", "C": "3", "\u00e4": "4"}
    assert classes_of(names) == ("C", "a", "b", "\u00e4")


def test_nothing_in() -> None:
    assert classes_of({}) == ()
    require_known({}, ["a"], "mine")
    assert nearest("a", []) == ""


@pytest.mark.parametrize("twin", ["rbc", "R BC", "R-BC", "r_b_c"])
def test_b07_names_that_differ_in_capitals_or_spaces(twin: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        classes_of({"RBC": "a.xml:1", "WBC": "a.xml:2", twin: "b.xml:9"})
    error = caught.value
    assert (error.code, error.place) == ("RC232", "b.xml:9")
    assert "a.xml:1" in error.got
    assert repr(twin) in error.got


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("cat ", "cat"),
        ("Cat", "cat"),
        ("TV-Monitor", "tvmonitor"),
        ("dinning table", "diningtable"),
    ],
)
def test_b07_unknown_names_name_the_nearest(name: str, near: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        require_known({"dog": "a.xml:1", name: "b.xml:7"}, VOC, "the devkit's")
    error = caught.value
    assert (error.code, error.place, error.got) == ("RC214", "b.xml:7", repr(name))
    assert f"did you mean '{near}'?" in error.fix
    assert error.what == "the class is not one of the devkit's"
    assert error.want.startswith("aeroplane, bicycle")
    assert error.exit_code == 3


@pytest.mark.parametrize("name", ["0", "-1", "20", "xyzzy", ""])
def test_b07_names_near_none(name: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        require_known({name: "b.xml:7"}, VOC, "the devkit's")
    assert "did you mean" not in caught.value.fix


def test_b07_long_lists_are_cut() -> None:
    with pytest.raises(AnnotationError) as caught:
        require_known({"zzz": "a"}, [f"class{i}" for i in range(500)], "mine")
    assert caught.value.want.endswith(", ...")
    assert len(str(caught.value)) < 700


def test_b07_nine_typos_of_ten_are_understood() -> None:
    """Every kind of one edit, in every name of VOC: left out, put in, exchanged, swapped."""
    dice = random.Random(0)
    typos = []
    for name in VOC:
        for at in range(len(name)):
            letter = dice.choice(string.ascii_lowercase)
            typos += [
                (name, name[:at] + name[at + 1 :]),
                (name, name[:at] + letter + name[at:]),
                (name, name[:at] + letter + name[at + 1 :]),
                (name, name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]),
            ]
    wrong = [(name, typo) for name, typo in typos if typo not in VOC and nearest(typo, VOC) != name]
    assert len(wrong) <= 0.1 * len(typos), wrong


def test_plain_forms() -> None:
    assert plain(" Traffic-Light_2\t") == "trafficlight2"
    assert plain("STRASSE") == plain("stra\u00dfe")
