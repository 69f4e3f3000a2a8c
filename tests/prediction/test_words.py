"""The words of `predict` and `frames` are those of the functions that take them."""

import inspect

from frcnn.prediction.predictor import Detector
from frcnn.prediction.video.looking import look_at_video
from frcnn.prediction.words import FrameWords, PictureWords


def keywords(function: object) -> set[str]:
    found = inspect.signature(function).parameters.values()
    return {each.name for each in found if each.kind is inspect.Parameter.KEYWORD_ONLY}


def test_the_words_are_whole() -> None:
    assert set(PictureWords.__annotations__) | set(PictureWords.__optional_keys__) == keywords(
        Detector.predict
    )
    assert set(FrameWords.__optional_keys__) == keywords(look_at_video)
