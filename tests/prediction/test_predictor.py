"""Detector: right forms out of any form in, whatever was asked and in whatever company."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.errors import ConfigError, ModelFileError, PictureError, ShapeError
from frcnn.model.batch import prepare, to_batch
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction import loading
from frcnn.prediction.predictor import Detector
from frcnn.types import Detections, Size

CLASSES = ("bolt", "nut", "washer")
Draw = Callable[..., np.ndarray]


def same(one: Detections, other: Detections) -> bool:
    return all(
        torch.equal(getattr(one, name), getattr(other, name))
        for name in ("boxes", "scores", "labels", "proposals")
    )


def rows(found: Detections) -> set[tuple[float, ...]]:
    """Detections as a set, rounded."""
    return {
        (*(round(x, 2) for x in box), label)
        for box, label in zip(found.boxes.tolist(), found.labels.tolist(), strict=True)
    }


# --- golden: what the network itself answers


def test_golden_the_networks_own_answer(
    network: FasterRCNN, detector: Detector, make_photo: Draw
) -> None:
    picture = torch.from_numpy(make_photo(3)).permute(2, 0, 1)
    config = network.config.pictures
    (want,) = network.predict(to_batch([prepare(picture, config)], config))
    got = detector.predict(picture).detections
    assert len(got.boxes) > 3
    torch.testing.assert_close(got.boxes, want.boxes, atol=1e-2, rtol=0)
    torch.testing.assert_close(got.scores, want.scores, atol=1e-4, rtol=0)
    assert torch.equal(got.labels, want.labels)


def test_every_form_gives_the_same_result(
    detector: Detector, make_photo: Draw, tmp_path: Path
) -> None:
    photo = make_photo(2)
    Image.fromarray(photo).save(tmp_path / "p.png")
    want = detector.predict(tmp_path / "p.png")
    for source, bgr in (
        (str(tmp_path / "p.png"), False),
        ((tmp_path / "p.png").read_bytes(), False),
        (Image.fromarray(photo), False),
        (photo, False),
        (photo[:, :, ::-1], True),
        (torch.from_numpy(photo).permute(2, 0, 1), False),
    ):
        got = detector.predict(source, bgr=bgr)
        assert same(got.detections, want.detections)
        np.testing.assert_array_equal(got.plotted(), want.plotted())
    assert want.path == tmp_path / "p.png"
    assert want.pixels is None  # read again when needed


def test_lists_and_generators_give_lists(detector: Detector, make_photo: Draw) -> None:
    photos = [make_photo(i) for i in range(3)]
    want = [detector.predict(photo).detections for photo in photos]
    for several in (photos, tuple(photos), iter(photos), (p for p in photos)):
        got = detector.predict(several)
        assert isinstance(got, list)
        assert all(same(g.detections, w) for g, w in zip(got, want, strict=True))
    assert detector.predict([]) == []
    assert detector.predict(iter(())) == []


def test_a_stream_reads_no_further_than_it_must(detector: Detector, make_photo: Draw) -> None:
    asked = 0

    def endless():
        nonlocal asked
        while True:
            asked += 1
            yield make_photo(0)

    stream = detector.stream(endless())
    next(stream)
    next(stream)
    assert asked == 2


# --- what always holds


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [(96, 128), (1, 1), (1, 300), (300, 1), (7, 5), (333, 1000)])
def test_any_size_of_picture(
    network: FasterRCNN, make_photo: Draw, assert_detections, size: tuple[int, int], precision
) -> None:
    detector = Detector(network, CLASSES, precision=precision)
    found = detector.predict(make_photo(1, *size), conf=0.0, probabilities=True)
    assert found.size == size
    assert_detections(found.detections, Size(*size), 3)


def test_results_are_normal_tensors_on_the_cpu(detector: Detector, make_photo: Draw) -> None:
    found = detector.predict(make_photo(0), probabilities=True)
    for values in (found.boxes, found.scores, found.probabilities):
        assert not values.is_inference()
        assert values.device.type == "cpu"
        values.mul_(2)  # which a tensor of inference mode would refuse
        values.clone().requires_grad_().sum().backward()


@pytest.mark.parametrize("batch", [2, 5])
def test_company_changes_no_result(network: FasterRCNN, make_photo: Draw, batch: int) -> None:
    """Pictures of several sizes in one call: each is computed as if it were alone (F04)."""
    sizes = [(96, 128), (128, 96), (96, 128), (60, 60), (96, 128), (64, 64), (192, 256)]
    photos = [make_photo(i, *size) for i, size in enumerate(sizes)]
    alone = Detector(network, CLASSES)
    together = Detector(network, CLASSES, batch=batch)
    for one, other in zip(map(alone.predict, photos), together.predict(photos), strict=True):
        assert one.size == other.size
        assert rows(one.detections) == rows(other.detections)
        torch.testing.assert_close(one.scores, other.scores, atol=1e-4, rtol=0)


def test_pictures_of_one_resized_size_share_a_batch(
    network: FasterRCNN, make_photo: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = Detector(network, CLASSES, batch=3)
    shapes = []
    true_predict = FasterRCNN.predict

    def watched(self, batch, report=None):
        shapes.append(tuple(batch.pixels.shape))
        return true_predict(self, batch, report)

    monkeypatch.setattr(FasterRCNN, "predict", watched)
    detector.detect(
        [detector_picture(make_photo(0, h, w)) for h, w in ((96, 128), (60, 60), (192, 256))]
    )
    assert sorted(shapes) == [(1, 3, 64, 64), (2, 3, 64, 85)]


def detector_picture(photo: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(photo).permute(2, 0, 1)


def test_threads_get_what_a_single_one_gets(detector: Detector, make_photo: Draw) -> None:
    photos = [make_photo(i) for i in range(6)]
    want = [detector.predict(photo).detections for photo in photos]
    wrong: list[int] = []

    def work(start: int) -> None:
        for i in range(12):
            row = (start + i) % len(photos)
            if not same(detector.predict(photos[row]).detections, want[row]):
                wrong.append(row)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_module_stays_as_it_was(
    make_network: Callable[..., FasterRCNN], make_photo: Draw, precision: torch.dtype
) -> None:
    network = make_network(batch_norm="live").train()
    network.box_head.eval()  # a state of one's own
    state = {name: values.clone() for name, values in network.state_dict().items()}
    modes = [layer.training for layer in network.modules()]
    detector = Detector(network, CLASSES, precision=precision)
    first = detector.predict(make_photo(0))
    assert detector.module is network
    assert [layer.training for layer in network.modules()] == modes
    assert all(torch.equal(values, state[name]) for name, values in network.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert same(
        Detector(network.eval(), CLASSES, precision=precision).predict(make_photo(0)).detections,
        first.detections,
    )


def test_gradients_stay_switched_on(detector: Detector, make_photo: Draw) -> None:
    detector.predict(make_photo(0))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_bfloat16_finds_nearly_the_same(network: FasterRCNN, make_photo: Draw) -> None:
    exact = Detector(network, CLASSES)
    coarse = Detector(network, CLASSES, precision=torch.bfloat16)
    for seed in range(4):
        one, other = (d.predict(make_photo(seed), conf=0.0, iou=1.0) for d in (exact, coarse))
        assert abs(one.scores[:10] - other.scores[:10]).max() < 0.05
        assert other.boxes.dtype == other.scores.dtype == torch.float32


def test_repr(detector: Detector) -> None:
    assert repr(detector) == "Detector(resnet18, 3 classes, float32 on cpu)"


# --- what the caller chooses


def test_a_higher_threshold_gives_a_part(detector: Detector, make_photo: Draw) -> None:
    for seed in range(4):
        photo = make_photo(seed)
        low, high = (detector.predict(photo, conf=c, max_det=10_000) for c in (0.1, 0.35))
        assert rows(high.detections) <= rows(low.detections)
        assert len(low[low.scores > 0.35]) == len(high)
        assert rows(low.detections) == rows(
            detector.predict(photo, conf=0.1, max_det=999).detections
        )


def test_fewer_detections_are_the_first(detector: Detector, make_photo: Draw) -> None:
    every = detector.predict(make_photo(0), conf=0.0)
    assert len(every) > 5
    for count in (1, 5, 1000):
        assert (
            same(
                detector.predict(make_photo(0), conf=0.0, max_det=count).detections,
                every[:count].detections,
            )
            or count == 1000
        )


def test_a_lower_iou_keeps_fewer(detector: Detector, make_photo: Draw) -> None:
    counts = [
        len(detector.predict(make_photo(1), conf=0.0, iou=iou, max_det=999))
        for iou in (0.01, 0.3, 1.0)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_chosen_classes_are_those_of_the_whole(detector: Detector, make_photo: Draw) -> None:
    every = detector.predict(make_photo(1), conf=0.0, max_det=999)
    for label, name in enumerate(CLASSES):
        chosen = detector.predict(make_photo(1), conf=0.0, classes=[name], max_det=4)
        assert same(chosen.detections, every[every.labels == label][:4].detections)
    assert len(detector.predict(make_photo(1), classes=[])) == 0


def test_probabilities_on_request(detector: Detector, make_photo: Draw) -> None:
    assert detector.predict(make_photo(0)).probabilities is None
    found = detector.predict(make_photo(0), probabilities=True, classes=["nut", "bolt"])
    assert found.probabilities is not None
    assert found.probabilities.shape == (len(found), 3)
    own = found.probabilities.gather(1, found.labels[:, None])[:, 0]
    torch.testing.assert_close(own, found.scores)


# --- nothing in


def test_nothing_found_has_the_right_forms(
    make_network: Callable[..., FasterRCNN], make_photo: Draw
) -> None:
    """No score high enough, no proposal large enough: an empty result all the same (F01)."""
    network = make_network()
    detectors = [Detector(network, CLASSES)]
    small = replace(network.config.proposals_test, min_side=1e6)
    network.config = replace(network.config, proposals_test=small)
    detectors.append(Detector(network, CLASSES))
    for detector in detectors:
        for classes in (None, ["nut"]):
            found = detector.predict(make_photo(0), conf=0.999, classes=classes, probabilities=True)
            assert found.boxes.shape == (0, 4)
            assert found.boxes.dtype == found.scores.dtype == torch.float32
            assert found.scores.shape == found.labels.shape == (0,)
            assert found.labels.dtype == torch.int64
            assert found.probabilities.shape == (0, 3)
            assert repr(found) == "0 objects"


# --- wrong in


def test_weights_that_are_not_finite(make_network: Callable[..., FasterRCNN]) -> None:
    network = make_network()
    with torch.no_grad():
        network.rpn.conv.weight[0] = torch.nan
    with pytest.raises(ModelFileError, match=r"RC525.*rpn\.conv\.weight"):
        Detector(network, CLASSES)


def test_numbers_that_overflow_on_the_way(
    make_network: Callable[..., FasterRCNN], make_photo: Draw
) -> None:
    """Finite weights whose product is infinite are an error, not zero detections (F02)."""
    network = make_network()
    with torch.no_grad():
        network.rpn.conv.weight.fill_(1e30)
        network.rpn.objectness.weight.fill_(1e30)
    with pytest.raises(ModelFileError, match="not finite"):
        Detector(network, CLASSES).predict(make_photo(0))


@pytest.mark.parametrize("names", [("bolt",), ("bolt", "nut", "nut"), ("a", "b", "c", "d")])
def test_names_that_do_not_fit(network: FasterRCNN, names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"RC386.*want 3 different names"):
        Detector(network, names)


def test_an_empty_batch(network: FasterRCNN) -> None:
    with pytest.raises(ConfigError, match=r"RC381.*batch"):
        Detector(network, CLASSES, batch=0)


def test_wrong_pictures_are_named(detector: Detector, make_photo: Draw, tmp_path: Path) -> None:
    photo = make_photo(0)
    with pytest.raises(ConfigError, match=r"RC380.*predict: picture: "):
        detector.predict(photo.astype(np.float32))
    with pytest.raises(ConfigError, match=r"RC380.*predict: picture 2: "):
        detector.predict([photo, photo, photo[:, :, 0]])
    with pytest.raises(ConfigError, match=r"RC382.*predict: picture 1: "):
        detector.predict([photo, [photo]])
    with pytest.raises(ConfigError, match="RC382"):
        detector.predict({"a": photo})
    with pytest.raises(PictureError, match=r"none\.jpg"):
        detector.predict([photo, tmp_path / "none.jpg"])
    with pytest.raises(ShapeError):
        detector.detect([torch.zeros(3, 5, 5)])


def test_wrong_choices_are_refused_before_any_picture(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading.pictures, "decode", pytest.fail)
    with pytest.raises(ConfigError, match="RC381"):
        detector.predict("a.jpg", conf=2)


def test_an_unknown_class(detector: Detector, make_photo: Draw) -> None:
    with pytest.raises(ConfigError, match=r"RC387.*'nuts'"):
        detector.predict(make_photo(0), classes=["nuts"])
