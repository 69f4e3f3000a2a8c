"""What `frcnn propose` can be told: ranges at birth, and options that exclude each other."""

from pathlib import Path
from typing import get_args

import pytest

from frcnn.cli.option_files import with_file
from frcnn.cli.propose_options import FORMATS, ProposeOptions
from frcnn.errors import ConfigError
from frcnn.prediction import proposing


def test_the_forms_are_those_that_there_are() -> None:
    """The command line names them without fetching what computes."""
    assert FORMATS == proposing.FORMATS == get_args(proposing.Format)


def test_nothing_has_to_be_said_at_birth() -> None:
    assert ProposeOptions().said("out", "format", "mirrored") == {}


def test_the_file_may_stand_in_a_file_of_options(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("out: p.safetensors\nproposals: 300\nmirrored: true\n")
    said = with_file(ProposeOptions(config=str(path), proposals=9), ProposeOptions)
    assert (said.out, said.proposals, said.mirrored) == ("p.safetensors", 9, True)


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ({"format": "csv"}, "RC304", "--format"),
        ({"proposals": 0}, "RC305", "--proposals"),
        ({"proposals": 10**7}, "RC305", "--proposals"),
        ({"batch": 0}, "RC305", "--batch"),
        ({"device": "tpu"}, "RC360", "--device"),
        ({"mirrored": True, "format": "pickle"}, "RC308", "--mirrored"),
    ],
)
def test_refused_at_birth(given: dict, code: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ProposeOptions(**given)
    assert caught.value.code == code
    assert place in caught.value.place or code == "RC360"


def test_in_a_file_of_options_too(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("mirrored: true\n")
    with pytest.raises(ConfigError, match="RC308"):
        with_file(ProposeOptions(config=str(path), format="pickle"), ProposeOptions)
