"""The doctor: all is well here, and each thing that can be broken is found and explained."""

import importlib.metadata
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from frcnn import doctor, machine
from frcnn.doctor import Check, Findings, examine


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return examine(tmp_path_factory.mktemp("results"))


def row(findings: Findings, name: str) -> Check:
    return next(check for check in findings.checks if check.name == name)


def test_all_is_well_here(findings: Findings) -> None:
    assert [check for check in findings.checks if check.state == "broken"] == []
    assert findings.exit_code == 0


def test_it_looks_at_everything(findings: Findings) -> None:
    names = {check.name for check in findings.checks}
    tried = {"nms", "roi_pool", "roi_align", "convolution", "pictures"}
    assert {"python", "torch", "torchvision", "torch and torchvision", "device cpu"} <= names
    assert tried | {"folder", "network", "supervision"} <= names


def test_it_knows_the_packages_of_the_project(repository: Path) -> None:
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    needed = {row.partition(">")[0] for row in project["dependencies"]}
    assert set(doctor.NEEDED) == needed
    assert project["requires-python"] == ">=" + ".".join(map(str, doctor.OLDEST_PYTHON))


def test_text_for_people(findings: Findings) -> None:
    lines = str(findings).splitlines()
    assert lines[0].split() == ["ok", "python", ".".join(map(str, sys.version_info[:3]))]
    assert lines[-1] == "all that was tried works"


def test_json_for_programs(findings: Findings) -> None:
    values = json.loads(json.dumps(findings.to_json(), allow_nan=False))
    assert values["ok"] is True
    assert values["machine"]["torch"] == torch.__version__
    assert {"name", "state", "found", "fix"} == set(values["checks"][0])


def test_what_is_broken_changes_the_exit_code_and_comes_with_a_fix() -> None:
    checks = (
        Check(name="a", state="ok", found="fine"),
        Check(name="bb", state="broken", found="gone", fix="put it back"),
    )
    found = Findings(machine={}, checks=checks)
    assert found.exit_code == 2
    assert found.to_json()["ok"] is False
    assert str(found).splitlines() == [
        "ok       a   fine",
        "broken   bb  gone",
        "             fix: put it back",
        "1 broken",
    ]


def test_a_warning_is_not_broken() -> None:
    check = Check(name="folder", state="warning", found="small", fix="free some space")
    assert Findings(machine={}, checks=(check,)).exit_code == 0


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    check = doctor._python()
    assert (check.state, check.found) == ("broken", "3.9.1")
    assert "3.11" in check.fix


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "version_of", lambda _: None)
    check = doctor._package("safetensors")
    assert (check.state, check.found) == ("broken", "not installed")
    assert "pip install" in check.fix
    extra = doctor._extra("supervision", "Result.to_supervision")
    assert extra.state == "ok"
    assert "Result.to_supervision" in extra.found


def test_a_torchvision_built_for_another_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["numpy", "torch==1.0.0"])
    check = doctor._pair()
    assert check.state == "broken"
    assert "built for torch 1.0.0" in check.found


@pytest.mark.parametrize("rows", [None, [], ["torch>=2"]])
def test_a_torchvision_that_does_not_say(
    monkeypatch: pytest.MonkeyPatch, rows: list[str] | None
) -> None:
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: rows)
    assert doctor._pair().state == "ok"


def test_a_torchvision_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert doctor._pair().state == "ok"  # its own row says that it is missing


def test_cards_are_listed() -> None:
    card = {
        "device": "cuda:0",
        "name": "Mock",
        "memory": 2**30,
        "auto_precision": "float16",
    }
    (check,) = doctor._devices({"devices": [card], "cores": 2})
    assert check.name == "device cuda:0"
    assert check.found == "Mock, 1.0 GiB, precision auto = float16"


class TestFolder:
    def test_a_good_one(self, tmp_path: Path) -> None:
        check = doctor._disk(tmp_path)
        assert check.name == "folder"
        assert "GiB free" in check.found or "MiB left" in check.found
        assert list(tmp_path.iterdir()) == []  # nothing is left behind

    def test_one_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        check = doctor._disk(tmp_path / "file")
        assert check.state == "warning"
        assert "--out" in check.fix

    def test_a_full_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor.files, "free_bytes", lambda _: 5 * 2**20)
        check = doctor._disk(tmp_path)
        assert check.state == "warning"
        assert "5 MiB left" in check.found


@pytest.mark.parametrize(("value", "piece"), [("1", "nothing"), ("0", "allowed"), ("", "allowed")])
def test_offline(monkeypatch: pytest.MonkeyPatch, value: str, piece: str) -> None:
    monkeypatch.setitem(os.environ, "FRCNN_OFFLINE", value)
    assert piece in doctor._network().found


class TestAttempts:
    """Each attempt is run on operators that answer wrongly, or not at all."""

    @pytest.mark.parametrize("name", sorted(doctor._ATTEMPTS))
    def test_they_work_here(self, name: str) -> None:
        assert doctor._ATTEMPTS[name]() == ""

    def test_an_operator_that_is_not_there(self) -> None:
        def missing() -> str:
            raise RuntimeError("operator torchvision::nms\n does not exist")

        check = doctor._tried("nms", missing)
        assert check.state == "broken"
        assert check.found == "RuntimeError: operator torchvision::nms does not exist"
        assert "fresh virtual environment" in check.fix

    def test_nms_that_keeps_everything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor.nms, "nms", lambda *_: torch.arange(3))
        assert doctor._tried("nms", doctor._try_nms).found == "kept [0, 1, 2], want [0, 2]"

    @pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
    def test_pooling_that_gives_nothing(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setattr(doctor.roi, name, lambda *_, **__: torch.zeros(1, 1, 1, 1))
        assert doctor._tried(name, doctor._ATTEMPTS[name]).found.startswith("pooled 0.0, want")

    def test_convolution_that_is_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.nn.functional, "conv2d", lambda *_: torch.full((1, 1, 3, 3), 8.0))
        assert doctor._try_convolution() == "gave 8.0, want 9"

    def test_pictures_in_the_wrong_colour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pixels = torch.zeros(3, 4, 3, dtype=torch.uint8).numpy()
        monkeypatch.setattr(doctor.pictures, "decode", lambda _: SimpleNamespace(pixels=pixels))
        assert doctor._try_pictures() == "decoded [3, 4, 3], [0, 0, 0]"
