"""Errors of the data in other words."""

import pytest

from frcnn.errors import AnnotationError, ConfigError, FrcnnError
from frcnn.launch.rewording import reworded


def error_of(code: str) -> AnnotationError:
    return AnnotationError(code, "a.xml:3", "old", got="1", want="2", fix="old fix")


def test_golden_words_change_and_the_rest_stays() -> None:
    old = error_of("RC214")
    with pytest.raises(AnnotationError) as caught, reworded("RC214", "new", fix="new fix"):
        raise old
    found = caught.value
    assert (found.code, found.place, found.what) == ("RC214", "a.xml:3", "new")
    assert (found.got, found.want, found.fix) == ("1", "2", "new fix")
    assert found.__cause__ is old


@pytest.mark.parametrize(
    "other", [error_of("RC201"), ConfigError("RC320", "split", "no such split", fix="name one")]
)
def test_other_errors_pass(other: FrcnnError) -> None:
    with pytest.raises(FrcnnError) as caught, reworded("RC214", "new", fix="new fix"):
        raise other
    assert caught.value is other
