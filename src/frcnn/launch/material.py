"""What a run is made of: pictures to train and validate on, weights to start from."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from frcnn.data.dataset import MAX_BAD, Dataset, split_off, too_many, training_split
from frcnn.data.pixel_check import check_pixels
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.errors import ConfigError, ModelFileError
from frcnn.model.batch import Normalisation
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.saved import weights_path
from frcnn.presets import RunConfig
from frcnn.training import start
from frcnn.weights import file as weights_file
from frcnn.weights.backbone import PREPROCESSING, BackboneWeights, read_backbone
from frcnn.weights.torchvision import DEFAULTS, PUBLISHED, UNAVAILABLE, read_published

Say = Callable[[str], None]
FROM_SCRATCH = "random numbers"
"""What a run says that it started from, where it had no weights."""


def open_data(config: RunConfig) -> tuple[Dataset, Split, Split]:
    """Open a run's data and give the pictures it trains and is validated on.

    Args:
        config: its `data`, `validation_share` and seed are read.

    Returns:
        The data set, the training pictures, the validation pictures; where the data has no
        validation split, a share of the training pictures stands in.

    Raises:
        ConfigError: no data was named.
        DataError: the data cannot be used.
    """
    if not config.data:
        raise ConfigError(
            "RC354",
            "--data",
            "no data to train on",
            want="a folder of pictures with boxes",
            fix="name it: frcnn train --data DIR; frcnn demo makes some",
        )
    dataset = Dataset.open(config.data)
    name = training_split(dataset.splits) or "train"
    whole = dataset.split(name)
    if "val" in dataset.splits and name != "val":
        val = dataset.split("val")
        judged = {record.path for record in val.records if name == "trainval"}  # has it on purpose
        rest = whole.subset(i for i, r in enumerate(whole.records) if r.path not in judged)
        if rest:
            return dataset, rest, val
    rest, taken = split_off(whole, config.validation_share, seed=config.training.seed)
    return dataset, rest, taken


def usable_pictures(*splits: Split) -> tuple[list[Split], Report]:
    """Decode every picture once: one that cannot be is left out now, not met in hour nine.

    Args:
        splits: what will be trained or judged on.

    Returns:
        The splits without the pictures that cannot be read, and what was wrong with these.

    Raises:
        DataError: more than one picture in a hundred cannot be read, or all of a split.
    """
    checked = [check_pixels(split) for split in splits]
    report = Report(tuple(problem for _, each in checked for problem in each.problems))
    bad = [problem for problem in report.problems if problem.effect == "picture skipped"]
    pictures = sum(map(len, splits))
    if len(bad) > MAX_BAD * pictures or not all(len(usable) for usable, _ in checked):
        raise too_many(bad, pictures)
    return [usable for usable, _ in checked], report


def backbone_weights(config: RunConfig, say: Say) -> BackboneWeights | None:
    """Find the weights that the backbone starts from.

    Args:
        config: its `start` and backbone are read.
        say: told of a download, and plainly where the published weights cannot be had.

    Returns:
        The weights, their preprocessing known; None for a start from random numbers or from
        weights of ours.

    Raises:
        ModelFileError: the file cannot be used, or does not say how pictures are prepared.
        ConfigError: no preprocessing of the name that was asked for.
    """
    named, architecture = config.start.backbone_weights, config.model.backbone.name
    if config.start.init or named == "none":
        return None
    if named and named not in PUBLISHED:
        weights = read_backbone(named, architecture)
        return _with_preprocessing(weights, config.start.preprocessing)
    if not named and architecture not in DEFAULTS:
        _say_from_scratch(f"no weights of {architecture} are known here", architecture, say)
        return None
    published = named or DEFAULTS[architecture]
    _require_architecture(published, architecture)
    try:
        return read_published(published, say=say)
    except ModelFileError as error:
        if named or error.code != UNAVAILABLE:
            raise
        _say_from_scratch(error.what, architecture, say)
        return None


def fill(
    model: FasterRCNN, config: RunConfig, classes: Sequence[str], weights: BackboneWeights | None
) -> str:
    """Put the weights that a run starts from into its network.

    Args:
        model: changed in place.
        config: its `start` is read.
        classes: of the data, in the order of their ids.
        weights: of the backbone, or None.

    Returns:
        A sentence that says where the weights came from.

    Raises:
        ModelFileError: the weights do not fit the network.
    """
    if config.start.init:
        path = weights_path(config.start.init)
        header, tensors = weights_file.load(path)
        return start.take_weights(model, classes, header, tensors, str(path))
    return FROM_SCRATCH if weights is None else start.take_backbone(model, weights)


def _say_from_scratch(reason: str, architecture: str, say: Say) -> None:
    say(f"warning: {reason}, so {architecture} starts from random numbers and needs more")
    say("  pictures and time; --backbone-weights FILE starts from a file")


def _require_architecture(published: str, architecture: str) -> None:
    if PUBLISHED[published].architecture != architecture:
        raise ConfigError(
            "RC356",
            "--backbone-weights",
            "the weights are of another network",
            got=f"{published}, {PUBLISHED[published].architecture}",
            want=f"weights of {architecture}",
            fix="name the model that they are for with --model",
        )


def _with_preprocessing(weights: BackboneWeights, named: str) -> BackboneWeights:
    if named and named not in PREPROCESSING:
        raise ConfigError(
            "RC355",
            "--preprocessing",
            "no preprocessing of that name",
            got=named,
            want=" or ".join(PREPROCESSING),
            fix="name what the weights were trained with",
        )
    found: Normalisation | None = PREPROCESSING[named] if named else weights.preprocessing
    if found is None:
        raise ModelFileError(
            "RC535",
            weights.origin,
            "the file does not say how its pictures were prepared",
            want="a `preprocessing` entry in the file, or the option",
            fix="add --preprocessing torchvision (RGB, 0 to 1, mean and std) or caffe (BGR, 0 to "
            "255, mean)",
        )
    return replace(weights, preprocessing=found)
