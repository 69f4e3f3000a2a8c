"""What `frcnn data convert` can be told."""

import pytest

from frcnn.cli.data_options import PICTURES, WRITTEN, ConvertOptions
from frcnn.cli.options import LAYOUTS
from frcnn.data import convert, layouts
from frcnn.errors import ConfigError


def test_the_words_are_the_librarys() -> None:
    assert layouts.LAYOUTS == LAYOUTS
    assert layouts.WRITTEN == WRITTEN
    assert convert.Pictures.__args__ == PICTURES  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["to", "layout", "pictures"])
def test_wrong_in_words(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ConvertOptions(**{name: "kitti"})
    assert (caught.value.code, caught.value.place) == ("RC304", f"--{name}")
