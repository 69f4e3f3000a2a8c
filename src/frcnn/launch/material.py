"""What a run is made of: pictures to train and validate on, weights to start from."""

from collections.abc import Callable, Container, Sequence
from contextlib import ExitStack
from dataclasses import replace

from frcnn.data.dataset import Dataset, too_many, training_split
from frcnn.data.look_alikes import LookAlikes
from frcnn.data.picture_paths import home_of
from frcnn.data.pixel_check import check_pixels
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.data.split_off import split_off
from frcnn.data.tile_origins import larger_pictures, read_origins
from frcnn.errors import ConfigError, ModelFileError
from frcnn.launch.scheme import begins_with_ours
from frcnn.model.batch import Normalisation
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Counting, Tell, uncounted
from frcnn.prediction.saved import weights_path
from frcnn.presets import RunConfig
from frcnn.training import start
from frcnn.weights import file as weights_file
from frcnn.weights.backbone import PREPROCESSING, BackboneWeights, read_backbone
from frcnn.weights.torchvision import (
    DEFAULTS,
    PUBLISHED,
    UNAVAILABLE,
    is_published_name,
    read_published,
)

Say = Callable[[str], None]
_MIB = 1024 * 1024
FROM_SCRATCH = "random numbers"
"""What a run says that it started from, where it had no weights."""


def open_data(config: RunConfig, opened: Dataset | None = None) -> tuple[Dataset, Split, Split]:
    """Open a run's data and give the pictures it trains and is validated on.

    Args:
        config: its `data`, `layout`, `classes`, `training_split`, `validation_share`, `max_bad`
            and seed are read.
        opened: the data set, where the caller has it open already.

    Returns:
        The data set, the training pictures, the validation pictures; where the data has no
        validation split, a share of the training pictures stands in. A training split that was
        named is learnt from whole, even where the validation split has some of its pictures.

    Raises:
        ConfigError: no data was named, or it has no such training split.
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
    dataset = opened or Dataset.open(
        config.data,
        classes=config.classes or None,
        training=config.training_split,
        layout=config.layout,
        max_bad=config.max_bad,
    )
    whole = dataset.split(config.training_split or training_split(dataset.splits) or "train")
    if "val" in dataset.splits and whole.name != "val":
        val = dataset.split("val")
        has_val_on_purpose = whole.name == "trainval" and not config.training_split
        judged = {record.path for record in val.records if has_val_on_purpose}
        rest = whole.subset(i for i, r in enumerate(whole.records) if r.path not in judged)
        if rest:
            return dataset, rest, val
    together = larger_pictures(whole.records, read_origins(home_of(dataset.root)))
    seed = config.training.seed
    rest, taken = split_off(whole, config.validation_share, seed=seed, together=together)
    return dataset, rest, taken


def usable_pictures(
    *splits: Split, count: Counting = uncounted, copies: Container[str] = ()
) -> tuple[list[Split], Report]:
    """Decode every picture once: one that cannot be is left out now, not met in hour nine.

    Args:
        splits: what will be trained or judged on.
        count: shows how far it has come.
        copies: places of pictures that are known to be copies of others.

    Returns:
        The splits without the pictures that cannot be read, and what was wrong with these.
    """
    checked: list[tuple[Split, Report]] = []
    look_alikes = LookAlikes()
    for split in splits:
        with count(f"{split.name} pictures decoded", len(split)) as tell:
            checked.append(check_pixels(split, on_picture=tell, look_alikes=look_alikes))
    report = Report(tuple(problem for _, each in checked for problem in each.problems))
    return [usable for usable, _ in checked], report.plus(look_alikes.find(copies))


def require_usable(
    splits: Sequence[Split], usable: Sequence[Split], report: Report, max_bad: float
) -> None:
    """Refuse data of which too much cannot be read.

    Args:
        splits: as they were opened.
        usable: what `usable_pictures` left of them.
        report: why it left no more.
        max_bad: share of the pictures that may be left out.

    Raises:
        DataError: more of the pictures cannot be read, or all of a split.
    """
    bad = [problem for problem in report.problems if problem.effect == "picture skipped"]
    pictures = sum(map(len, splits))
    if len(bad) > max_bad * pictures or not all(map(len, usable)):
        raise too_many(bad, pictures, max_bad)


def backbone_weights(
    config: RunConfig, warn: Say, count: Counting = uncounted
) -> BackboneWeights | None:
    """Find the weights that the backbone starts from.

    Args:
        config: its `start` and backbone are read.
        warn: told of a download, and plainly where the published weights cannot be had.
        count: shows how far a download has come.

    Returns:
        The weights, their preprocessing known; None for a start from random numbers or from
        weights of ours.

    Raises:
        ModelFileError: the file cannot be used, or does not say how pictures are prepared.
        ConfigError: no preprocessing of the name that was asked for.
    """
    named, architecture = config.start.backbone_weights, config.model.backbone.name
    if begins_with_ours(config) or named == "none":
        return None
    if named and not is_published_name(named):
        weights = read_backbone(named, architecture)
        return _with_preprocessing(weights, config.start.preprocessing)
    if not named and architecture not in DEFAULTS:
        _warn_from_scratch(f"no weights of {architecture} are known here", architecture, warn)
        return None
    published = named or DEFAULTS[architecture]
    if published in PUBLISHED:
        _require_architecture(published, architecture)
    try:
        return _published(published, warn, count)
    except ModelFileError as error:
        if named or error.code != UNAVAILABLE:
            raise
        _warn_from_scratch(f"{error.what} ({error.got})", architecture, warn)
        return None


def _published(name: str, warn: Say, count: Counting) -> BackboneWeights:
    with ExitStack() as shown:
        tell: list[Tell] = []

        def progress(done: int, size: int) -> None:
            if not tell:  # only now it is known how much there is
                tell.append(shown.enter_context(count("MiB", size // _MIB)))
            tell[0](done // _MIB)

        return read_published(name, say=warn, progress=progress)


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
    if begins_with_ours(config):
        path = weights_path(config.start.init)
        header, tensors = weights_file.load(path)
        try:
            return start.take_weights(model, classes, header, tensors, str(path))
        except ModelFileError as error:
            if error.code != "RC510":
                raise
            fix = "leave out what changes the network: --model, --config, --set model..."
            rest = {"got": error.got, "want": error.want, "fix": f"{error.fix}, or {fix}"}
            raise ModelFileError(error.code, error.place, error.what, **rest) from error
    taken = FROM_SCRATCH if weights is None else start.take_backbone(model, weights)
    if config.training.scheme != "head":
        return taken
    path = weights_path(config.start.init)
    start.take_first_stage(model, weights_file.load(path)[1], str(path))
    return f"{taken}; new pictures' proposals from {path}"


def _warn_from_scratch(reason: str, architecture: str, warn: Say) -> None:
    warn(f"warning: {reason},")
    warn(f"  so {architecture} starts from random numbers and needs more pictures and time;")
    warn("  --backbone-weights FILE starts from a file")


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
