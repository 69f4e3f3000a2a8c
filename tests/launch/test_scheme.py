"""Schemes as a person starts them: networks that fit, proposals that are there, clear refusals."""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from frcnn import presets
from frcnn.data.dataset import Dataset
from frcnn.data.proposals import StoredProposals
from frcnn.errors import ConfigError, DataError, ModelFileError
from frcnn.launch import announcing
from frcnn.launch import run as run_module
from frcnn.launch.launched import Launched
from frcnn.launch.measure import measure
from frcnn.launch.propose import propose
from frcnn.launch.run import launch, train
from frcnn.launch.scheme import begins_with_ours, network_for, require_scheme
from frcnn.prediction.proposing import Order, store_proposals
from frcnn.prediction.saved import read_saved
from frcnn.presets import RunConfig, StartConfig
from frcnn.run_folder import RunFolder
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file

SHORT = ("training.schedule.steps=2", "training.evaluation.loss_pictures=1")
Options = Callable[..., dict[str, Any]]


def start(rectangles: Path, words: dict[str, Any]) -> Launched:
    return launch(rectangles, {"backbone_weights": "none", **words}, lambda _: None)


def configured(scheme: str, **of_model: Any) -> RunConfig:
    config = presets.resnet18()
    model = replace(network_for(scheme, config.model), **of_model)
    return replace(config, model=model, training=replace(config.training, scheme=scheme))


@pytest.fixture
def proposer(rectangles: Path, options: Options) -> RunFolder:
    """A run of the RPN alone."""
    launched = start(rectangles, options(*SHORT, scheme="rpn"))
    train(launched, Quiet())
    return launched.job.run


@pytest.fixture
def stored(proposer: RunFolder, tmp_path: Path) -> Path:
    """Its proposals in the training pictures."""
    path = tmp_path / "p.safetensors"
    propose(proposer.path, path, {"device": "cpu", "quiet": True}, lambda _: None)
    return path


def test_networks_are_fitted_to_the_scheme() -> None:
    model = presets.resnet18().model
    assert network_for("joint", model) == network_for("rpn", model) == model
    assert (
        network_for("unshared", model).sharing == network_for("head", model).sharing == "separate"
    )
    assert network_for("alternating", replace(model, sharing="separate")).sharing == "shared"
    assert network_for("exact-joint", model).roi_pooling.method == "warp"


@pytest.mark.parametrize(
    ("scheme", "change", "got"),
    [
        ("unshared", {"sharing": "shared"}, "model.sharing=shared"),
        ("alternating", {"sharing": "separate"}, "model.sharing=separate"),
    ],
)
def test_a_network_that_a_scheme_cannot_train_is_refused(
    scheme: str, change: dict, got: str
) -> None:
    with pytest.raises(ConfigError, match=f"RC365.*cannot be trained by.*{scheme}.*{got}"):
        require_scheme(configured(scheme, **change))


def test_exact_joint_training_needs_warping(rectangles: Path, options: Options) -> None:
    words = options(*SHORT, "model.roi_pooling.method=align", scheme="exact-joint")
    with pytest.raises(ConfigError, match=r"RC365.*model.roi_pooling.method=align"):
        start(rectangles, words)
    assert not Path(words["out"]).exists() or not list(Path(words["out"]).iterdir())


@pytest.mark.parametrize(
    ("begin", "missing"),
    [({}, "--proposals"), ({"proposals": "p"}, "--init"), ({"init": "r"}, "--proposals")],
)
def test_the_head_alone_needs_proposals_and_who_proposes(begin: dict, missing: str) -> None:
    config = replace(configured("head"), start=StartConfig(**begin))
    with pytest.raises(ConfigError, match=f"RC367.*{missing}") as caught:
        require_scheme(config)
    assert caught.value.place == missing


def test_other_schemes_make_their_own_proposals() -> None:
    config = replace(configured("alternating"), start=StartConfig(proposals="p.safetensors"))
    with pytest.raises(ConfigError, match=r"RC367\] --proposals.*want --scheme head"):
        require_scheme(config)


def test_a_scale_is_measured_only_where_proposals_are_stored() -> None:
    config = configured("joint")
    head = replace(config.model.box_head, normalisation="measured")
    with pytest.raises(ConfigError, match=r"RC365.*normalisation=measured.*alternating"):
        require_scheme(replace(config, model=replace(config.model, box_head=head)))
    require_scheme(configured("alternating", box_head=head))


def test_init_is_a_start_but_for_the_head_alone() -> None:
    begun = StartConfig(init="runs/a")
    assert begins_with_ours(replace(configured("joint"), start=begun))
    assert not begins_with_ours(replace(configured("head"), start=begun))
    assert not begins_with_ours(configured("joint"))


def test_the_head_alone_learns_on_the_file_and_proposes_as_the_other_run(
    rectangles: Path, options: Options, proposer: RunFolder, stored: Path
) -> None:
    launched = start(
        rectangles, options(*SHORT, scheme="head", proposals=stored, init=proposer.path)
    )
    figures = train(launched, Quiet())
    assert figures is not None
    assert "proposals from" in launched.config.started_from
    found = weights_file.load(launched.job.run.last)[1]
    rpn = weights_file.load(proposer.best)[1]
    for name, tensor in rpn.items():
        if name.startswith(("rpn.", "backbone.")):
            ours = name if name.startswith("rpn.") else f"rpn_{name}"
            if ours in found:
                assert torch.equal(found[ours], tensor), name
    again = launch(None, {"resume": launched.job.run.path, "device": "cpu"}, lambda _: None)
    assert train(again, Quiet()) is None


def test_a_pickle_of_the_authors_is_taken_over_into_the_run_folder(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path
) -> None:
    path = tmp_path / "rpn_proposals.pkl"
    how: dict[str, Any] = {"device": "cpu", "quiet": True, "format": "pickle"}
    propose(proposer.path, path, how, lambda _: None)  # type: ignore[arg-type]
    launched = start(rectangles, options(*SHORT, scheme="head", proposals=path, init=proposer.path))
    kept = launched.job.run.path / "proposals.safetensors"
    assert launched.config.start.proposals == str(kept)
    assert len(StoredProposals.open(kept)) == 10
    assert not list(launched.job.run.path.parent.glob(".*tmp"))
    train(launched, Quiet())


@pytest.mark.parametrize("form", ["frcnn", "pickle"])
def test_the_head_alone_that_was_killed_goes_on_to_the_bit(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path, form: str
) -> None:
    """On a file of ours, and on a pickle that is gone by then: its copy is in the run folder."""
    path = tmp_path / "proposals"
    how: dict[str, Any] = {"device": "cpu", "quiet": True, "format": form}
    propose(proposer.path, path, how, lambda _: None)  # type: ignore[arg-type]
    four = ("training.schedule.steps=4", "training.checkpoint.minutes=0", *SHORT[1:])
    own = options(*four, scheme="head", proposals=path, init=proposer.path)
    whole = start(rectangles, own)
    train(whole, Quiet())

    class KilledError(BaseException):
        """The end of a process, as far as a test can play it."""

    def dies(report: StepReport) -> None:
        if report.step == 3:
            raise KilledError

    killed = start(rectangles, {**own, "callbacks": [dies]})
    with pytest.raises(KilledError):
        train(killed, Quiet())
    kept = path
    if form == "pickle":
        kept = killed.job.run.path / "proposals.safetensors"
        path.unlink()
    again = launch(None, {"resume": killed.job.run.path, "device": "cpu"}, lambda _: None)
    assert again.config.start.proposals == str(kept)
    train(again, Quiet())
    assert [row["step"] for row in Diary(again.job.run).steps()] == [1, 2, 3, 4]
    for name in ("best", "last"):
        assert (
            getattr(again.job.run, name).read_bytes() == getattr(whole.job.run, name).read_bytes()
        )


def test_a_pickle_that_could_run_code_is_refused_before_there_is_a_run(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (print, ("owned",))

    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps([Evil()]))
    runs = sorted(proposer.path.parent.iterdir())
    with pytest.raises((DataError, ModelFileError)):
        start(rectangles, options(*SHORT, scheme="head", proposals=path, init=proposer.path))
    assert sorted(proposer.path.parent.iterdir()) == runs


def test_an_empty_file_is_no_pickle(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    words = options(*SHORT, scheme="head", proposals=tmp_path / "empty", init=proposer.path)
    with pytest.raises(DataError, match=r"RC251.*got an empty file"):
        start(rectangles, words)


def test_a_box_outside_its_picture_is_told_of_the_pickle(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path
) -> None:
    path = tmp_path / "out.pkl"
    path.write_bytes(pickle.dumps([np.array([[0, 0, 5000, 10]], np.float32)] * 10, protocol=2))
    words = options(*SHORT, scheme="head", proposals=path, init=proposer.path)
    with pytest.raises(DataError, match=r"RC254\].*out.pkl: .*row 0: \(0, 0, 5000, 10\), want"):
        start(rectangles, words)
    assert not list(proposer.path.parent.glob(".*tmp"))


def test_a_file_that_is_not_there_is_told_before_anything_is_read(
    options: Options, tmp_path: Path
) -> None:
    words = options(*SHORT, scheme="head", proposals=tmp_path / "gone", init=tmp_path)
    with pytest.raises(DataError, match="RC250"):
        start(tmp_path / "no data here", words)


def test_an_rpn_is_refused_where_detections_are_asked_for(proposer: RunFolder) -> None:
    quiet: dict[str, Any] = {"device": "cpu", "quiet": True, "split": "val"}
    with pytest.raises(ModelFileError, match="RC539"):
        measure(proposer.path, quiet, lambda _: None)  # type: ignore[arg-type]
    found = measure(proposer.path, {**quiet, "metric": "proposals"}, lambda _: None)  # type: ignore[typeddict-item]
    assert found.headline is not None
    assert "never what" in proposer.model_card.read_text()


def decoded(*_: Any, **__: Any) -> None:
    raise AssertionError("too late")


def test_proposals_of_other_pictures_are_refused_before_a_picture_is_decoded(
    rectangles: Path,
    options: Options,
    proposer: RunFolder,
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcing, "usable_pictures", decoded)
    monkeypatch.setattr(run_module, "new_network", decoded)
    runs = sorted(proposer.path.parent.iterdir())
    names = (rectangles / "ImageSets" / "Main" / "train.txt").read_text().split()
    other = tmp_path / "other"
    for folder in ("JPEGImages", "Annotations"):
        (other / folder).parent.mkdir(exist_ok=True)
        (other / folder).symlink_to(rectangles / folder)
    lists = other / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(names[:-1]))
    (lists / "val.txt").write_text((rectangles / "ImageSets" / "Main" / "val.txt").read_text())
    assert len(Dataset.open(other).split("train")) == 9
    with pytest.raises(DataError, match="RC253"):
        start(other, options(*SHORT, scheme="head", proposals=stored, init=proposer.path))
    pickled = tmp_path / "of ten.pkl"
    pickled.write_bytes(pickle.dumps([np.zeros((0, 4), np.float32)] * 10, protocol=2))
    with pytest.raises(DataError, match=r"RC253.*of ten.pkl: .*10 arrays.*want 9"):
        start(other, options(*SHORT, scheme="head", proposals=pickled, init=proposer.path))
    assert sorted(proposer.path.parent.iterdir()) == runs


@pytest.mark.parametrize("form", ["frcnn", "pickle"])
def test_a_picture_that_cannot_be_read_needs_no_proposals(
    rectangles: Path, options: Options, proposer: RunFolder, tmp_path: Path, form: str
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(rectangles, damaged)
    picture = damaged / "JPEGImages" / "train04.png"
    picture.write_bytes(picture.read_bytes()[:-40])
    few = Dataset.open(damaged).split("train")
    few = few.subset(row for row, record in enumerate(few.records) if record.path != picture)
    path = tmp_path / "p"
    order = Order(out=path, format=form)  # type: ignore[arg-type]
    store_proposals(read_saved(proposer.path, device="cpu").detector, few, order)
    own = options(*SHORT, "max_bad=0.1", scheme="head", proposals=path, init=proposer.path)
    launched = start(damaged, own)
    assert len(launched.job.train) == 9
    train(launched, Quiet())
    with pytest.raises(DataError):  # that picture is one too many
        start(damaged, {**own, "settings": [*own["settings"], "max_bad=0"]})


def test_who_proposes_must_be_of_the_same_network(
    rectangles: Path, options: Options, proposer: RunFolder, stored: Path
) -> None:
    words = options(
        *SHORT, "model.rpn.channels=8", scheme="head", proposals=stored, init=proposer.path
    )
    with pytest.raises(ModelFileError, match="RC510"):
        start(rectangles, words)


@pytest.mark.parametrize("scheme", ["alternating", "unshared", "exact-joint", "rpn", "head"])
def test_a_scheme_goes_on_under_its_own_name_alone(
    rectangles: Path, options: Options, scheme: str, request: pytest.FixtureRequest
) -> None:
    more = {}
    if scheme == "head":
        more = {"proposals": request.getfixturevalue("stored")}
        more["init"] = request.getfixturevalue("proposer").path
    launched = start(rectangles, options(*SHORT, scheme=scheme, **more))
    train(launched, Quiet())
    run = launched.job.run.path
    assert RunFolder(run).best.exists()
    again = {"resume": run, "device": "cpu", "settings": ["training.scheme=joint"]}
    with pytest.raises(ConfigError, match=f"RC308.*own scheme, {scheme}"):
        launch(None, again, lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="RC308"):
        launch(None, {"resume": run, "scheme": "joint"}, lambda _: None)
    whole = launch(None, {"resume": run, "device": "cpu"}, lambda _: None)
    assert train(whole, Quiet()) is None
