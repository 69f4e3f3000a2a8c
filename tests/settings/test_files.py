"""Settings from files and options: B20's mutants, one clear error each, with file and line."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError, DiskError
from frcnn.model.config import FasterRCNNConfig
from frcnn.settings import (
    apply_overrides,
    look_up_yaml,
    overlay_yaml,
    read_options,
    read_yaml,
    to_mapping,
    to_yaml,
    write_yaml,
)
from frcnn.settings.files import flow_yaml
from frcnn.training.schedule import ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class Run:
    """Stands for the whole of a run's settings."""

    name: str = ""
    model: FasterRCNNConfig = field(default_factory=FasterRCNNConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    extra: ScheduleConfig | None = None


GOOD = """\
name: screws
model:
  classes: 3
  anchors:
    stride: 16
    sides: [32, 64.0, 1e2]
  pictures:
    shorter_side: 480
schedule:
  epochs: 20
  gamma: 1e-1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my settings.yaml"
    path.write_text(GOOD)
    return path


def test_golden_file(path: Path) -> None:
    run = read_yaml(path, Run)
    assert run.name == "screws"
    assert run.model.classes == 3
    assert run.model.anchors.sides == (32.0, 64.0, 100.0)
    assert run.model.pictures.shorter_side == 480
    assert run.model.pictures.longer_side == 1000  # left out: the default
    assert run.schedule.gamma == 0.1


MUTANTS = [  # B20: what stands in the file, the code, the line, a piece of the message
    ("name: !!python/object/apply:os.system ['true']", "RC341", 1, "!!python/object/apply"),
    ("name: !!python/name:os.system", "RC341", 1, "tags are not read"),
    ("name: &n x\nmodel: *n", "RC342", 1, "&n"),
    ("model: *nowhere", "RC342", 1, "*nowhere"),
    ("name: a\nname: b", "RC343", 2, "second time"),
    ("model:\n  classes: 3\n  classes: 4", "RC343", 3, "`classes`"),
    ("modle:\n  classes: 3", "RC344", 1, "did you mean `model`"),
    ("model:\n  anchors:\n    strid: 8", "RC344", 3, "did you mean `model.anchors.stride`"),
    ("anchors:\n  stride: 8", "RC344", 1, "no such setting"),
    ("stride: 8", "RC344", 1, "stride`"),
    ("model:\n  classes: three", "RC345", 2, "got 'three', want a whole number"),
    ("model:\n  classes: 2.5", "RC345", 2, "got 2.5, want a whole number"),
    ("model:\n  classes: true", "RC345", 2, "got true, want a whole number"),
    ("model:\n  classes: '3'", "RC345", 2, "got '3', want a whole number"),
    ("schedule:\n  gamma: '1e-3'", "RC345", 2, "got '1e-3', want a number"),
    ("schedule:\n  gamma: .nan", "RC345", 2, "got nan, want a number"),
    ("schedule:\n  gamma: -.inf", "RC345", 2, "got -inf, want a number"),
    ("schedule:\n  epochs: -3", "RC350", 2, "-3"),
    ("schedule:\n  shape: stairs", "RC345", 2, "one of step, cosine"),
    ("model: 3", "RC345", 1, "want a section with"),
    ("model:\n  pictures:\n    shorter_side: 2000", "RC350", 3, "shorter 2000, longer 1000"),
    ("model:\n  anchors:\n    sides: 32", "RC345", 3, "want a list"),
    ("model:\n  anchors:\n    sides: []", "RC350", 3, "one or more numbers"),
    ("model:\n  anchors:\n    sides: [32, x]", "RC345", 3, "model.anchors.sides.1"),
    ("model:\n\tclasses: 3", "RC348", 2, "cannot be read as YAML"),
    ("model: [1, 2", "RC348", 1, "cannot be read as YAML"),
    ("- a\n- b", "RC345", 1, "want lines of `name: value`"),
    ("just words", "RC345", 1, "want lines of `name: value`"),
    ("name: " + "[" * 100, "RC346", 1, "too much"),
    ("name: a\n---\nname: b", "RC348", 2, "a second document"),
]


@pytest.mark.parametrize(("text", "code", "line", "piece"), MUTANTS, ids=lambda v: str(v)[:24])
def test_b20_mutants(path: Path, text: str, code: str, line: int, piece: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, Run)
    error = caught.value
    assert error.code == code
    assert error.place.startswith(f"{path}:{line}:"), error.place
    assert piece in str(error)
    assert str(error).count("\n") == 1
    assert error.fix
    assert error.exit_code == 2
    assert path.read_text() == text  # nothing of the user's is touched


@pytest.mark.parametrize("cls", [Run, FasterRCNNConfig, ScheduleConfig])
def test_defaults_round_trip(tmp_path: Path, cls: type) -> None:
    write_yaml(tmp_path / "a.yaml", cls())
    assert read_yaml(tmp_path / "a.yaml", cls) == cls()


@given(
    st.builds(
        Run,
        name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        schedule=st.builds(
            ScheduleConfig,
            epochs=st.floats(1e-300, 1e300),
            gamma=st.floats(1e-300, 1e300),
            warmup_steps=st.integers(0, 10**15),
        ),
    )
)
def test_any_config_round_trips_through_text(tmp_path_factory: object, run: Run) -> None:
    path = tmp_path_factory.getbasetemp() / "round.yaml"  # type: ignore[attr-defined]
    path.write_text(to_yaml(run), encoding="utf-8")
    assert read_yaml(path, Run) == run


@pytest.mark.parametrize(
    "word", ["1e-3", "no", "on", "12:30", "null", "~", "017", "1_0", "", " x", "a\x85b"]
)
def test_texts_that_look_like_something_else_are_quoted(tmp_path: Path, word: str) -> None:
    write_yaml(tmp_path / "a.yaml", Run(name=word))
    assert read_yaml(tmp_path / "a.yaml", Run).name == word
    assert yaml.safe_load(to_yaml(Run(name=word)))["name"] == word  # for other readers too


def test_no_aliases_are_written() -> None:
    """PyYAML writes equal lists as anchors and aliases, which our reader refuses."""
    one = ScheduleConfig()
    assert "&" not in to_yaml(Run(schedule=one, extra=one))


def test_one_value_on_one_line() -> None:
    assert flow_yaml([1.0, "a b", None]) == "[1.0, a b, null]"
    assert flow_yaml("x" * 300) == "x" * 300
    assert flow_yaml(3) == "3"


def test_empty_file_is_all_defaults(tmp_path: Path) -> None:
    for text in ("", "# only a comment\n", "---\n", "null\n"):
        (tmp_path / "a.yaml").write_text(text)
        assert read_yaml(tmp_path / "a.yaml", Run) == Run()


def test_a_byte_order_mark_and_windows_lines(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_yaml(path, Run).name == "screws"


class TestFilesThatCannotBeRead:
    def refused(self, path: Path) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            read_yaml(path, Run)
        assert caught.value.place.startswith(str(path))
        return caught.value

    def test_missing(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path / "none.yaml").code == "RC349"

    def test_a_folder(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path).got == "not a regular file"

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert self.refused(tmp_path / "pipe").code == "RC349"

    def test_not_utf8(self, path: Path) -> None:
        path.write_bytes(b"name: \xff\xfe")
        assert self.refused(path).got == "byte 6 is not UTF-8"

    def test_larger_than_any_settings(self, path: Path) -> None:
        path.write_bytes(b"#" * 2_000_000)
        assert self.refused(path).got == "2000000 bytes"
        path.write_bytes(b"#" * 300_000)
        assert self.refused(path).code == "RC346"

    def test_a_path_with_a_null_byte(self) -> None:
        assert self.refused(Path("a\0b")).code == "RC349"


def test_overlay_keeps_what_the_file_leaves_out(path: Path) -> None:
    base = Run(schedule=ScheduleConfig(warmup_steps=7, gamma=0.5))
    run = overlay_yaml(path, base)
    assert run.schedule.warmup_steps == 7
    assert run.schedule.gamma == 0.1
    assert run.model.anchors.stride == 16


def test_overlay_of_an_optional_section(path: Path) -> None:
    path.write_text("extra:\n  gamma: 0.3\n")
    extra = overlay_yaml(path, Run()).extra
    assert extra is not None
    assert extra.gamma == 0.3
    path.write_text("extra: null\n")
    assert overlay_yaml(path, Run(extra=ScheduleConfig())).extra is None


def test_overlay_passes_over_what_is_no_news(path: Path) -> None:
    """Where the file repeats the known config, the value that it lies over stays."""
    fitted = Run(name="fitted", schedule=ScheduleConfig(epochs=3.0, gamma=0.5))
    known = Run(name="screws", schedule=ScheduleConfig(epochs=20.0))
    run = overlay_yaml(path, fitted, unless_as_in=known)
    assert run.name == "fitted"
    assert run.schedule == fitted.schedule  # 20 is 20.0, 1e-1 is the default
    assert run.model == overlay_yaml(path, Run()).model
    assert overlay_yaml(path, fitted).schedule.epochs == 20.0


def test_news_of_an_optional_section_and_of_a_wrong_type(path: Path) -> None:
    path.write_text("extra:\n  gamma: 0.5\n")
    assert overlay_yaml(path, Run(), unless_as_in=Run()).extra == ScheduleConfig(gamma=0.5)
    path.write_text("model:\n  classes: true\n")
    one = Run(model=FasterRCNNConfig(classes=1))
    with pytest.raises(ConfigError, match="RC345"):
        overlay_yaml(path, Run(), unless_as_in=one)


def test_one_value_is_looked_up(path: Path) -> None:
    assert look_up_yaml(path, "name") == ("screws", f"{path}:1:1")
    assert look_up_yaml(path, "nothing") == (None, str(path))
    path.write_text("")
    assert look_up_yaml(path, "name") == (None, str(path))
    with pytest.raises(ConfigError, match="RC349"):
        look_up_yaml(path.with_name("gone.yaml"), "name")


def test_options_by_the_names_under_which_they_are_typed(path: Path) -> None:
    names = {"a-plan": "schedule", "net": "model"}
    path.write_text("a-plan: {epochs: 2}\nnet: {classes: 3}\n")
    run = read_options(path, Run, names)
    assert (run.schedule.epochs, run.model.classes) == (2.0, 3)
    path.write_text("net:\n  classes: 0\n")
    with pytest.raises(ConfigError, match=f"RC350.*{path}:2:"):
        read_options(path, Run, names)
    path.write_text("net: {classes: 3}\nmodel: {classes: 3}\n")
    with pytest.raises(ConfigError, match=f"RC343.*{path}:2:.*first at {path}:1:"):
        read_options(path, Run, names)


def test_overlay_names_the_line(path: Path) -> None:
    path.write_text("model:\n  pictures:\n    longer_side: 100\n")
    with pytest.raises(ConfigError) as caught:
        overlay_yaml(path, Run())
    assert caught.value.place == f"{path}:3:5" or caught.value.place == f"{path}:2:3"


class TestOverrides:
    def test_golden(self) -> None:
        run = apply_overrides(
            Run(), ["model.pictures.shorter_side=480", "name=x", "schedule.steps=1000"]
        )
        assert (run.model.pictures.shorter_side, run.name, run.schedule.steps) == (480, "x", 1000)

    def test_nothing_in(self) -> None:
        assert apply_overrides(Run(), []) == Run()

    def test_lists_null_and_equals_signs(self) -> None:
        run = apply_overrides(
            Run(), ["model.anchors.sides=[8, 16.5]", "schedule.steps=null", "name=a=b"]
        )
        assert run.model.anchors.sides == (8.0, 16.5)
        assert run.schedule.steps is None
        assert run.name == "a=b"

    def test_the_last_one_wins(self) -> None:
        assert apply_overrides(Run(), ["name=a", "name=b"]).name == "b"

    def test_two_that_are_right_together_only(self) -> None:
        both = ["model.pictures.shorter_side=2000", "model.pictures.longer_side=3000"]
        assert apply_overrides(Run(), both).model.pictures.shorter_side == 2000

    def test_into_an_optional_section(self) -> None:
        extra = apply_overrides(Run(), ["extra.gamma=0.3"]).extra
        assert extra == replace(ScheduleConfig(), gamma=0.3)

    @pytest.mark.parametrize(
        ("override", "code", "piece"),
        [
            ("model.anchors.stride", "RC347", "section.name=value"),
            ("=8", "RC347", "section.name=value"),
            ("", "RC347", "section.name=value"),
            ("model.anchors=8", "RC347", "model.anchors.sides"),
            ("model.anchors.strid=8", "RC344", "did you mean `model.anchors.stride`"),
            ("anchors.sides=[8]", "RC344", "did you mean `model.anchors.sides`"),
            ("model.anchors.stride.x=8", "RC344", "no such setting"),
            ("zzzz=8", "RC344", "presets show"),
            ("model.anchors.stride=x", "RC345", "want a whole number"),
            ("model.anchors.stride=", "RC345", "got null"),
            ("model.anchors.stride=-4", "RC350", "-4"),
            ("model.anchors.stride=[", "RC348", "cannot be read"),
            ("name=!!python/name:os.system x", "RC341", "tags"),
            ("name=*x", "RC342", "aliases"),
        ],
    )
    def test_wrong_in(self, override: str, code: str, piece: str) -> None:
        with pytest.raises(ConfigError) as caught:
            apply_overrides(Run(), ["name=fine", override])
        error = caught.value
        assert (error.code, error.place) == (code, f"--set {override}")
        assert piece in str(error)


def test_write_goes_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.yaml"
    write_yaml(path, Run(name="old"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError):
        write_yaml(path, Run(name="new"))
    monkeypatch.undo()
    assert read_yaml(path, Run).name == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]


def test_order_of_fields_is_kept() -> None:
    keys = list(yaml.safe_load(to_yaml(Run())))
    assert keys == list(to_mapping(Run())) == ["name", "model", "schedule", "extra"]
