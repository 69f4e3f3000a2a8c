"""presets list and show: what is printed can be used as it is."""

import json
from pathlib import Path

import pytest

from frcnn import presets, settings
from frcnn.presets import RunConfig


def test_list_names_every_preset(frcnn_command) -> None:
    outcome = frcnn_command("presets", "list")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines] == list(presets.PRESETS)
    assert all(len(line.split()) > 3 for line in lines), "each with its sentence"


def test_list_as_json(frcnn_command) -> None:
    names = json.loads(frcnn_command("presets", "list", "--json").out)
    assert list(names) == list(presets.PRESETS)


@pytest.mark.parametrize("name", list(presets.PRESETS))
def test_show_prints_a_file_of_settings(frcnn_command, tmp_path: Path, name: str) -> None:
    outcome = frcnn_command("presets", "show", name)
    assert (outcome.code, outcome.err) == (0, "")
    path = tmp_path / "preset.yaml"
    path.write_text(outcome.out, encoding="utf-8")
    assert settings.read_yaml(path, RunConfig) == presets.named(name)


def test_show_explains_every_value(frcnn_command) -> None:
    text = frcnn_command("presets", "show", "vgg16_voc07").out
    for row in settings.describe(presets.named("vgg16_voc07")):
        assert f"{row.name.rpartition('.')[2]}: " in text
        assert row.text.split()[0] in text
    assert text.startswith("# VGG-16")


@pytest.mark.parametrize("name", ["vgg16_voc07", "paper", "resnet18_scratch"])
def test_show_has_the_source_behind_every_value(frcnn_command, name: str) -> None:
    lines = [row.strip() for row in frcnn_command("presets", "show", name).out.splitlines()]
    sources = presets.sources_of(name)
    for row in settings.describe(presets.named(name)):
        last = row.name.rpartition(".")[2]
        behind = f"  # {sources[row.name]}"
        assert any(line.startswith(f"{last}: ") and line.endswith(behind) for line in lines)


def test_show_as_json(frcnn_command) -> None:
    rows = json.loads(frcnn_command("presets", "show", "vgg16", "--json").out)
    by_name = {row["name"]: row for row in rows}
    assert by_name["model.backbone.name"]["value"] == "vgg16"
    assert by_name["model.anchors.sides"]["text"]
    assert {row["name"]: row["source"] for row in rows} == presets.sources_of("vgg16")


def test_a_name_that_is_not_there(frcnn_command) -> None:
    outcome = frcnn_command.refused(["presets", "show", "vgg61"], "RC353")
    assert "vgg16" in outcome.err
    assert outcome.err.startswith("error[RC353] frcnn presets show: ")


def test_options_may_stand_in_a_file(frcnn_command, tmp_path: Path) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("json: true\n")
    for words in (["list"], ["show", "vgg16"]):
        assert json.loads(frcnn_command("presets", *words, "--config", str(path)).out)
