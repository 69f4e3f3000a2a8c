"""Errors: two lines, one code, an exit code for each kind, whole after travelling."""

import pickle
import re

import pytest

from frcnn import errors
from frcnn.errors import (
    AnnotationError,
    ConfigError,
    DataError,
    DiskError,
    FrcnnError,
    ModelFileError,
    PictureError,
    ShapeError,
    TrainingError,
    counted,
    first_line,
)

KINDS = {  # kind: first digits of its codes, exit code
    PictureError: ("RC1", 3),
    AnnotationError: ("RC2", 3),
    ConfigError: ("RC3", 2),
    TrainingError: ("RC4", 4),
    ModelFileError: ("RC5", 5),
    DiskError: ("RC6", 6),
}


def example(kind: type[FrcnnError] = PictureError) -> FrcnnError:
    return kind("RC101", "a b.jpg", "not a picture", got="text", want="JPEG or PNG", fix="look")


def test_two_lines_with_place_value_range_and_fix() -> None:
    assert str(example()) == (
        "error[RC101] a b.jpg: not a picture; got text, want JPEG or PNG\n  fix: look"
    )


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({}, "error[RC601] out: full"),
        ({"got": "0 MiB"}, "error[RC601] out: full; got 0 MiB"),
        ({"want": "1 MiB"}, "error[RC601] out: full; want 1 MiB"),
        ({"got": "0", "want": "1"}, "error[RC601] out: full; got 0, want 1"),
    ],
)
def test_what_is_empty_is_not_shown(fields: dict[str, str], first: str) -> None:
    error = DiskError("RC601", "out", "full", fix="make room", **fields)
    assert str(error).splitlines() == [first, "  fix: make room"]


def test_a_fix_must_be_given() -> None:
    with pytest.raises(TypeError, match="fix"):
        PictureError("RC101", "a.jpg", "not a picture")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", KINDS)
def test_exit_codes(kind: type[FrcnnError]) -> None:
    assert kind.exit_code == KINDS[kind][1]


def test_a_bug_of_ours_is_exit_one() -> None:
    assert FrcnnError.exit_code == 1


def test_the_tree() -> None:
    kinds = {k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)}
    assert all(issubclass(kind, FrcnnError) for kind in kinds)
    assert issubclass(PictureError, DataError)
    assert issubclass(AnnotationError, DataError)
    assert issubclass(ShapeError, ConfigError)
    assert issubclass(ConfigError, ValueError), "`except ValueError` catches it, as people expect"
    assert issubclass(DiskError, OSError)


@pytest.mark.parametrize("kind", [*KINDS, DataError, FrcnnError])
def test_the_picture_at_the_top_names_every_kind(kind: type[FrcnnError]) -> None:
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize("kind", [*KINDS, DataError, FrcnnError])
def test_whole_after_travelling_between_processes(kind: type[FrcnnError]) -> None:
    error = pickle.loads(pickle.dumps(example(kind)))
    assert type(error) is kind
    assert error.to_json() == example(kind).to_json()
    assert str(error) == str(example(kind))


def test_to_json_has_the_fields_of_the_text() -> None:
    assert example().to_json() == {
        "code": "RC101",
        "place": "a b.jpg",
        "what": "not a picture",
        "got": "text",
        "want": "JPEG or PNG",
        "fix": "look",
    }


def test_wrong_tensor() -> None:
    error = ShapeError("nms: boxes", got="[4] float32", want="[N, 4] float32")
    assert error.code == "RC390"
    assert str(error).splitlines() == [
        "error[RC390] nms: boxes: wrong tensor; got [4] float32, want [N, 4] float32",
        "  fix: pass [N, 4] float32",
    ]


def test_wrong_tensor_travels_too() -> None:
    error = ShapeError("nms: boxes", got="[4]", want="[N, 4]")
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is ShapeError
    assert str(other) == str(error)


def test_one_except_catches_all_of_ours_and_nothing_else() -> None:
    for kind in KINDS:
        with pytest.raises(FrcnnError):
            raise example(kind)
    assert not issubclass(ValueError, FrcnnError)


def test_the_first_line_of_somebody_elses_error() -> None:
    assert first_line(ValueError("one\ntwo")) == "one"
    assert first_line(ValueError("x" * 300)) == "x" * 200
    assert first_line(KeyboardInterrupt()) == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("count", "what", "words"),
    [
        (0, "picture", "0 pictures"),
        (1, "picture", "1 picture"),
        (2, "box dropped", "2 boxes dropped"),
        (2, "class", "2 classes"),
        (1, "class", "1 class"),
        (3, "sketch", "3 sketches"),
    ],
)
def test_counted(count: int, what: str, words: str) -> None:
    assert counted(count, what) == words
