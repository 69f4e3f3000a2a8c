"""H01: every option of every verb, wrong in every way: exit 2, two lines, the option named."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields

import pytest

from frcnn.cli import options, predict_options, propose_options, words


@dataclass(frozen=True)
class Option:
    """One option of one verb."""

    verb: str
    name: str
    kind: str

    @property
    def before(self) -> list[str]:
        """The verb and the words that it needs."""
        return {
            "eval": ["eval", "runs/a"],
            "propose": ["propose", "runs/a"],
            "predict": ["predict", "runs/a", "b.jpg"],
            "list": ["presets", "list"],
            "show": ["presets", "show", "vgg16"],
        }.get(self.verb, [self.verb])


CLASSES = {
    "demo": options.DemoOptions,
    "train": options.TrainOptions,
    "eval": options.EvalOptions,
    "propose": propose_options.ProposeOptions,
    "predict": predict_options.PredictOptions,
    "doctor": options.DoctorOptions,
    "list": options.PresetsOptions,
    "show": options.PresetsOptions,
}
KINDS = {words.whole: "whole", words.number: "number", words.text: "text"}


def all_options() -> Iterator[Option]:
    for verb, cls in CLASSES.items():
        hints = typing.get_type_hints(cls, include_extras=True)
        for each in fields(cls):
            parameter = hints[each.name].__metadata__[0]
            kind = "flag" if hints[each.name].__origin__ is bool else ""
            kind = kind or KINDS.get(parameter.converter, "pairs")
            name = "--set" if kind == "pairs" else "--" + each.name.replace("_", "-")
            yield Option(verb, name, kind)


OPTIONS = list(all_options())
NUMBERS = [option for option in OPTIONS if option.kind in {"whole", "number"}]
TEXTS = [option for option in OPTIONS if option.kind == "text"]
FLAGS = [option for option in OPTIONS if option.kind == "flag"]
VALUED = [option for option in OPTIONS if option.kind != "flag"]


def named(option: Option) -> str:
    return f"{option.verb} {option.name}"


every = pytest.mark.parametrize("option", OPTIONS, ids=named)
every_number = pytest.mark.parametrize("option", NUMBERS, ids=named)
every_text = pytest.mark.parametrize("option", TEXTS, ids=named)
every_flag = pytest.mark.parametrize("option", FLAGS, ids=named)
every_valued = pytest.mark.parametrize("option", VALUED, ids=named)


@every
def test_misspelled(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, f"{option.name}x", "1"], "RC301")
    assert option.name in outcome.err.splitlines()[1]


@every
def test_misspelled_with_an_equals_sign(frcnn_command, option: Option) -> None:
    wrong = option.name[:-1] + "#" + option.name[-1]
    outcome = frcnn_command.refused([*option.before, f"{wrong}=1"], "RC301")
    assert option.name in outcome.err.splitlines()[1]
    assert "=1" not in outcome.err


@every
def test_abbreviated(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, option.name[:-1], "1"], "RC301")
    assert option.name in outcome.err.splitlines()[1]


@every_valued
def test_without_its_value(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, option.name], "RC303")
    assert option.name in outcome.err


@every_valued
def test_followed_by_another_option(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, option.name, "--quiet"], "RC303")
    assert option.name in outcome.err


@every_valued
def test_empty(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, f"{option.name}="], "RC304")
    assert option.name in outcome.err


@pytest.mark.parametrize("option", [*NUMBERS, *TEXTS], ids=named)
def test_twice(frcnn_command, option: Option) -> None:
    words = [*option.before, option.name, "1", option.name, "2"]
    outcome = frcnn_command.refused(words, "RC306")
    assert option.name in outcome.err


@every_number
@pytest.mark.parametrize(
    "word",
    ["x", "nan", "NaN", "inf", "-inf", "1e999", "1_0", "0x10", "1,5", "٣", "1 2", "true", "--"],
)
def test_no_number(frcnn_command, option: Option, word: str) -> None:
    outcome = frcnn_command.refused([*option.before, f"{option.name}={word}"], "RC304")
    assert option.name in outcome.err
    assert repr(word) in outcome.err


@every_number
@pytest.mark.parametrize("word", ["-1", "-0.5", "-1e9", "-9223372036854775809"])
def test_negative(frcnn_command, option: Option, word: str) -> None:
    code = "RC304" if option.kind == "whole" and not word[1:].isdigit() else "RC305"
    code = "RC304" if option.kind == "whole" and len(word) > 18 else code
    for given in ([option.name, word], [f"{option.name}={word}"]):
        outcome = frcnn_command.refused([*option.before, *given], code)
        assert option.name in outcome.err


@pytest.mark.parametrize("option", [o for o in NUMBERS if o.kind == "whole"], ids=named)
@pytest.mark.parametrize("word", ["3.7", "1e3", "2.0"])
def test_a_count_with_a_fraction(frcnn_command, option: Option, word: str) -> None:
    outcome = frcnn_command.refused([*option.before, option.name, word], "RC304")
    assert "a whole number" in outcome.err


@every_number
def test_larger_than_anything(frcnn_command, option: Option) -> None:
    code = "RC304" if option.kind == "whole" else "RC305"
    frcnn_command.refused([*option.before, option.name, "9" * 30], code)


@every_text
def test_blank(frcnn_command, option: Option) -> None:
    outcome = frcnn_command.refused([*option.before, option.name, "   "], "RC304")
    assert option.name in outcome.err


@every_flag
@pytest.mark.parametrize("word", ["3", "nan", "-1", "maybe", ""])
def test_flags_take_no_value(frcnn_command, option: Option, word: str) -> None:
    outcome = frcnn_command(*option.before, f"{option.name}={word}")
    assert outcome.code == 2
    assert "error[RC304] " in outcome.err
    assert option.name in outcome.err


@every_flag
def test_flags_have_no_opposite(frcnn_command, option: Option) -> None:
    wrong = option.name.replace("--", "--no-")
    outcome = frcnn_command.refused([*option.before, wrong], "RC301")
    assert option.name in outcome.err.splitlines()[1]


@pytest.mark.parametrize("option", [o for o in TEXTS if o.name == "--device"], ids=named)
@pytest.mark.parametrize("word", ["gpu", "nan", "-1", "CPU", "cuda:x"])
def test_devices(frcnn_command, option: Option, word: str) -> None:
    frcnn_command.refused([*option.before, f"--device={word}"], "RC360")


@pytest.mark.parametrize("option", [o for o in TEXTS if o.name == "--precision"], ids=named)
@pytest.mark.parametrize("word", ["half", "nan", "-1", "16"])
def test_precisions(frcnn_command, option: Option, word: str) -> None:
    frcnn_command.refused([*option.before, f"--precision={word}"], "RC362")


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["train", "--preprocessing", "cafe"], "caffe"),
        (["eval", "a", "--metric", "voc7"], "voc07"),
        (["predict", "a", "b", "--save", "image"], "images"),
        (["predict", "a", "b", "--save", "json,xml"], "csv"),
        (["predict", "a", "b", "--save", "json,,csv"], "images"),
    ],
)
def test_choices(frcnn_command, words: list[str], known: str) -> None:
    assert known in frcnn_command.refused(words, "RC304").err


@pytest.mark.parametrize("word", ["a", "a.b", "nan", "-1"])
def test_settings_without_a_value(frcnn_command, word: str) -> None:
    outcome = frcnn_command.refused(["train", f"--set={word}"], "RC304")
    assert "NAME=VALUE" in outcome.err


def test_the_table_is_whole() -> None:
    assert len(OPTIONS) >= 60
    assert {option.kind for option in OPTIONS} == {"whole", "number", "text", "flag", "pairs"}
