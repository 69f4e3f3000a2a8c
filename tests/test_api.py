"""The verbs of a program: each does its whole job on a tiny data set, and answers plainly."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

import frcnn
from frcnn import api
from frcnn.data.proposals import StoredProposals
from frcnn.errors import ConfigError, DataError
from frcnn.evaluation.proposals import ProposalFigures
from frcnn.evaluation.report import Figures
from frcnn.prediction.predictor import Detector
from frcnn.weights.file import read_header

STEPS = 2


@pytest.fixture(scope="module")
def options(tiny: tuple[str, ...]) -> dict:
    """What a training of a few steps is asked for."""
    size = ("model.pictures.shorter_side=64", "model.pictures.longer_side=96")
    length = (f"training.schedule.steps={STEPS}", "training.schedule.warmup_steps=1")
    return {
        "model": "resnet18",
        "backbone_weights": "none",
        "device": "cpu",
        "seed": 3,
        "settings": (*tiny, *size, *length),
    }


@pytest.fixture(scope="module")
def run(rectangles: Path, options: dict, tmp_path_factory: pytest.TempPathFactory) -> api.Run:
    """A run that came to its end, for tests that only read it."""
    return frcnn.train(rectangles, **options, out=tmp_path_factory.mktemp("runs"), quiet=True)


@pytest.fixture
def picture(rectangles: Path) -> Path:
    """One picture to look at."""
    return rectangles / "JPEGImages" / "val00.png"


@pytest.fixture
def spoilt(rectangles: Path, tmp_path: Path) -> Path:
    """The data set once more, with a box in each split that leaves its picture."""
    root = tmp_path / "spoilt"
    shutil.copytree(rectangles, root)
    for name in ("train00", "val00"):
        path = root / "Annotations" / f"{name}.xml"
        path.write_text(re.sub("<xmax>[0-9]+<", "<xmax>99<", path.read_text(), count=1))
    return root


def strict(values: object) -> object:
    """What a JSON reader makes of it, NaN and infinity refused."""
    return json.loads(json.dumps(values, allow_nan=False))


class TestTrain:
    def test_the_run_folder_has_all_its_papers(self, run: api.Run) -> None:
        folder = run.folder
        assert run.path == folder.path
        assert run.path.name == "rectangles-001"
        files = (folder.config, folder.env, folder.data_check, folder.metrics_csv)
        more = (folder.metrics_jsonl, folder.best, folder.last, folder.model_card)
        assert all(file.stat().st_size > 0 for file in (*files, *more))
        assert (folder.plots / "curves.png").stat().st_size > 0
        assert len(folder.metrics_jsonl.read_text().splitlines()) == STEPS
        assert (run.path.parent / "latest").resolve() == run.path.resolve()

    def test_papers_say_what_was_decided(self, run: api.Run) -> None:
        config = run.folder.config.read_text()
        assert "preset: resnet18" in config
        assert "started_from: random numbers" in config
        assert json.loads(run.folder.env.read_text())["seed"] == 3
        card = run.folder.model_card.read_text()
        assert "blue, red" in card
        assert "random numbers" in card

    def test_what_it_says_of_itself(self, run: api.Run) -> None:
        assert isinstance(run.figures, Figures)
        best = read_header(run.folder.best).extra
        head, *table = str(run).splitlines()
        assert head == f"best.safetensors, of step {best['step']}, on validation pictures:"
        assert "\n".join(table[:-2]) == best["table"]
        assert table[-2] == f"run {run.path}"
        assert table[-1] == f"next: frcnn eval {run.path}; frcnn predict {run.path} PICTURE..."
        assert strict(run.to_json()) == {
            "run": str(run.path),
            "step": best["step"],
            "figures": best["figures"],
        }

    def test_best_is_a_detector_of_the_best_weights(self, run: api.Run) -> None:
        best = run.best
        assert isinstance(best, Detector)
        assert best.classes == ("blue", "red")
        weights = torch.cat([p.flatten() for p in best.module.parameters()])
        again = torch.cat([p.flatten() for p in frcnn.load(run.folder.best).module.parameters()])
        assert torch.equal(weights, again)

    def test_a_data_set_that_is_open_serves_as_well_and_the_seed_decides(
        self,
        run: api.Run,
        rectangles: Path,
        options: dict,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        seen: list[int] = []
        capsys.readouterr()
        again = frcnn.train(
            frcnn.Dataset.open(rectangles),
            **options,
            out=tmp_path,
            quiet=True,
            callbacks=[lambda report: seen.append(report.step)],
        )
        assert capsys.readouterr() == ("", ""), "quiet means silent"
        assert seen == list(range(1, STEPS + 1))
        assert again.to_json()["figures"] == run.to_json()["figures"]
        assert read_header(again.folder.last).sha256 == read_header(run.folder.last).sha256

    def test_a_finished_run_has_nothing_left_to_train(self, run: api.Run) -> None:
        before = run.folder.best.read_bytes()
        resumed = frcnn.train(resume=run.path, quiet=True, device="cpu")
        assert resumed.path == run.path.resolve()
        assert resumed.figures is None
        assert strict(resumed.to_json()) == run.to_json()
        assert str(resumed) == f"nothing left to train\n{run}"
        assert run.folder.best.read_bytes() == before

    def test_it_says_what_it_decides_and_where_it_stands(
        self, rectangles: Path, options: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = frcnn.train(rectangles, **options, out=tmp_path)
        out, err = capsys.readouterr()
        assert out == ""
        assert "10 pictures to train on (0 without objects), 3 to validate" in err
        assert "model resnet18: random numbers" in err
        assert f"run {run.path}" in err
        assert f"step {STEPS}/{STEPS}  loss" in err

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({}, "RC354"),
            ({"model": "vgg61"}, "RC353"),
            ({"settings": ("training.sed=1",)}, "RC344"),
            ({"device": "tpu"}, "RC360"),
            ({"resume": "nowhere"}, "RC370"),
        ],
    )
    def test_what_cannot_be_asked_leaves_no_folder(
        self, given: dict, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigError) as raised:
            frcnn.train(**given)
        assert raised.value.code == code
        assert list(tmp_path.iterdir()) == []


class TestEvaluate:
    def test_the_best_detector_gives_what_training_reported(
        self, run: api.Run, rectangles: Path
    ) -> None:
        val = frcnn.Dataset.open(rectangles).split("val")
        figures = frcnn.evaluate(run.best, val)
        assert figures.to_json() == read_header(run.folder.best).extra["figures"]

    def test_other_classes_are_refused(self, run: api.Run, rectangles: Path) -> None:
        val = frcnn.Dataset.open(rectangles, classes=("red", "blue")).split("val")
        with pytest.raises(ConfigError, match="RC386"):
            frcnn.evaluate(run.best, val)

    def test_proposals_are_judged_on_their_own(self, run: api.Run, rectangles: Path) -> None:
        val = frcnn.Dataset.open(rectangles).split("val")
        figures = frcnn.evaluate(run.best, val, metric="proposals")
        assert isinstance(figures, ProposalFigures)
        measured = api.evaluate_run(run.path, split="val", metric="proposals", quiet=True)
        assert measured.figures == figures
        assert strict(measured.to_json())["value"] == figures.average_recall(300)
        other = frcnn.Dataset.open(rectangles, classes=("red", "blue")).split("val")
        assert frcnn.evaluate(run.best, other, metric="proposals") == figures

    def test_no_such_metric(self, run: api.Run, rectangles: Path) -> None:
        val = frcnn.Dataset.open(rectangles).split("val")
        with pytest.raises(ConfigError, match="RC338"):
            frcnn.evaluate(run.best, val, metric="recall")  # type: ignore[call-overload]
        assert isinstance(frcnn.evaluate(run.best, val, metric="voc07"), Figures)

    def test_of_the_run_it_is_equal_to_the_bit(self, run: api.Run, tmp_path: Path) -> None:
        """metrics.csv, the header of the weights, and `frcnn eval` tell one story."""
        measured = api.evaluate_run(run.path, split="val", out=tmp_path, quiet=True)
        figures = measured.figures.to_json()
        with run.folder.metrics_csv.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        header = read_header(run.folder.best)
        (row,) = (row for row in rows if row["step"] == str(header.extra["step"]))
        for name, value in (*figures["coco"].items(), ("voc07_map", figures["voc07_map"])):
            assert row[f"val_{name}"] == ("" if value is None else repr(value)), name
        assert header.extra["figures"] == figures
        assert header.extra["table"] == measured.figures.table()
        written = json.loads((tmp_path / "metrics.json").read_text())
        assert written.pop("confusion")["classes"] == ["blue", "red", "background"]
        assert written == figures

    def test_its_answer(self, run: api.Run, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        measured = api.evaluate_run(run.path, split="val", metric="voc07")
        assert measured.folder == run.path.resolve() / "eval" / "val"
        assert {"metrics.json", "confusion.png"} <= {p.name for p in measured.folder.iterdir()}
        answer = strict(measured.to_json())
        assert answer["metric"] == "voc07"
        assert answer["value"] == measured.figures.voc07_map
        assert answer["split"] == "val"
        assert answer["folder"] == str(measured.folder)
        assert answer["coco"] == measured.figures.coco
        assert str(measured).startswith("VOC07 mAP 0.")
        assert capsys.readouterr().out == ""

    def test_on_other_data_it_says_what_is_wrong_there(
        self, run: api.Run, spoilt: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured = api.evaluate_run(run.path, data=spoilt)
        assert measured.folder == run.path.resolve() / "eval" / "spoilt-val"
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("data: 2 errors, ")
        assert "2 boxes clipped" in err
        api.evaluate_run(run.path, data=spoilt, quiet=True)
        assert capsys.readouterr() == ("", "")


class TestPropose:
    def test_what_is_stored_is_what_the_answer_says(self, run: api.Run, tmp_path: Path) -> None:
        made = frcnn.propose(run.path, tmp_path / "p", proposals=5, device="cpu", quiet=True)
        stored = StoredProposals.open(tmp_path / "p")
        answer = strict(made.to_json())
        assert (answer["path"], answer["boxes"]) == (str(tmp_path / "p"), stored.boxes)
        assert answer["pictures"] == len(stored)

    def test_it_says_what_is_wrong_with_the_data(
        self, run: api.Run, spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        frcnn.propose(run.path, tmp_path / "p", data=spoilt, device="cpu")
        out, err = capsys.readouterr()
        assert out == ""
        assert "2 boxes clipped" in err


class TestLoad:
    def test_a_run_folder_a_link_to_it_and_a_file(self, run: api.Run, picture: Path) -> None:
        places = (run.path, run.path.parent / "latest", run.folder.best, str(run.path))
        found = [frcnn.load(place, device="cpu", batch=2).predict(picture) for place in places]
        assert all(torch.equal(found[0].boxes, other.boxes) for other in found[1:])
        assert len(found[0]) > 0

    def test_what_is_nowhere(self, tmp_path: Path) -> None:
        with pytest.raises(frcnn.FrcnnError) as raised:
            frcnn.load(tmp_path / "runs" / "gone.safetensors")
        assert (raised.value.code, raised.value.exit_code) == ("RC501", 5)


class TestPredictFiles:
    def test_everything_is_written(self, run: api.Run, rectangles: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        summary = api.predict_files(
            run.path,
            [str(rectangles / "JPEGImages" / "val*.png")],
            out=out,
            save=("images", "json", "csv"),
            conf=0.2,
            max_det=4,
            batch=2,
            quiet=True,
        )
        assert (summary.done, summary.failures) == (3, ())
        names = ["predictions.csv", "predictions.json", "predictions.jsonl"]
        assert sorted(p.name for p in out.iterdir() if p.is_file()) == names
        drawn = sorted(p.name for p in (out / "pictures").iterdir())
        assert drawn == ["val00.png", "val01.png", "val02.png"]
        written = json.loads((out / "predictions.json").read_text())
        want = run.best.predict(rectangles / "JPEGImages" / "val00.png", conf=0.2, max_det=4)
        assert written["pictures"][0]["objects"] == want.to_json()["objects"]
        assert len(want) == 4
        with (out / "predictions.csv").open(newline="") as stream:
            assert len(list(csv.reader(stream))) == 1 + sum(summary.objects.values())
        assert strict(summary.to_json())["pictures"] == 3

    def test_results_name_their_weights(self, run: api.Run, picture: Path, tmp_path: Path) -> None:
        api.predict_files(run.path, [str(picture)], out=tmp_path / "out", save=["json"], quiet=True)
        about = json.loads((tmp_path / "out" / "predictions.json").read_text())["run"]
        assert about["weights"] == f"{run.path.name}/best.safetensors"
        assert about["sha256"] == read_header(run.folder.best).sha256
        assert (about["precision"], about["images"]) == ("float32", False)

    def test_it_goes_on_wherever_it_is_called_from(
        self, run: api.Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api.predict_files(run.path, [str(picture)], out=tmp_path / "out", quiet=True)
        monkeypatch.chdir(run.path)
        again = api.predict_files(
            "best.safetensors", [str(picture)], out=tmp_path / "out", resume=True, quiet=True
        )
        assert (again.done, again.resumed) == (0, 1)

    def test_other_weights_are_not_mixed_in(
        self, run: api.Run, picture: Path, tmp_path: Path
    ) -> None:
        given = {"out": tmp_path / "out", "save": ["json"], "quiet": True}
        api.predict_files(run.folder.best, [str(picture)], **given)
        with pytest.raises(ConfigError, match="RC389"):
            api.predict_files(run.folder.best, [str(picture)], **given)
        with pytest.raises(ConfigError, match="RC388"):
            api.predict_files(run.folder.best, [str(picture)], **given, resume=True, conf=0.9)

    def test_by_itself_it_finds_a_new_folder_and_latest_still_leads_to_a_training(
        self, run: api.Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        first, second = (
            api.predict_files(run.path, [str(picture)], save=["json"], quiet=True) for _ in range(2)
        )
        assert [s.out.as_posix() for s in (first, second)] == [
            "runs/predict-001",
            "runs/predict-002",
        ]
        assert sorted(p.name for p in Path("runs").iterdir()) == ["predict-001", "predict-002"]

    def test_a_line_for_each_picture_and_bad_ones_are_counted(
        self, run: api.Run, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        photos = tmp_path / "photos"
        photos.mkdir()
        Image.open(picture).save(photos / "good.png")
        (photos / "bad.png").write_bytes(b"not a picture")
        summary = api.predict_files(run.path, [str(photos)], out=tmp_path / "out")
        assert (summary.done, len(summary.failures), summary.is_empty) == (1, 1, False)
        out, err = capsys.readouterr()
        assert out == ""
        bad, good = err.splitlines()
        assert bad.startswith(f"{photos / 'bad.png'}  skipped: ")
        assert good.startswith(f"{photos / 'good.png'}  48x64  ")

    def test_without_one_picture_nothing_is_written(
        self, run: api.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sources = [str(tmp_path / "a.jpg"), str(tmp_path / "b*.jpg")]
        with pytest.raises(DataError, match=r"RC114.*a\.jpg: no picture here"):
            api.predict_files(run.path, sources, out=tmp_path / "out")
        assert "b*.jpg: no picture here" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_asked_leaves_no_folder(
        self, run: api.Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for given in ({"conf": 1.5}, {"save": ["txt"]}, {"save": []}, {"device": "tpu"}):
            with pytest.raises(ConfigError):
                api.predict_files(run.path, [str(picture)], **given, quiet=True)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["train", "evaluate_run", "predict_files", "propose", "demo"])
def test_a_keyword_that_no_option_has_is_refused(verb: str) -> None:
    needed = {"train": ("voc",), "predict_files": ("run", []), "propose": ("run", "p"), "demo": ()}
    needed["evaluate_run"] = ("run",)
    with pytest.raises(ConfigError, match=f"frcnn.{verb}: no such option") as raised:
        getattr(api, verb)(*needed[verb], devise="cpu", nonsense=1)
    assert (raised.value.code, raised.value.got) == ("RC310", "devise")
    assert raised.value.fix == "did you mean device?"
    with pytest.raises(ConfigError, match="settings go into"):
        getattr(api, verb)(*needed[verb], nonsense=1)
