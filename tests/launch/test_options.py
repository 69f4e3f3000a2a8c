"""The words of the command line are those of Python: none is missing on either side."""

from dataclasses import fields

from frcnn.cli.options import TrainOptions as Typed
from frcnn.launch.options import TrainOptions

NOT_TYPED = {"callbacks", "augment"}
NOT_FOR_PROGRAMS = {"json", "debug", "data", "processes"}  # `data` is an argument of its own


def test_every_option_can_be_typed_and_asked_for_in_python() -> None:
    typed = {each.name for each in fields(Typed)} - NOT_FOR_PROGRAMS
    assert typed == set(TrainOptions.__annotations__) - NOT_TYPED
