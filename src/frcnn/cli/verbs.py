"""The verbs: each hands what was said to one function, and prints what that found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import process, words
from frcnn.cli.answers import alone_on_stdout, give
from frcnn.cli.option_files import with_file
from frcnn.cli.options import (
    DemoOptions,
    DoctorOptions,
    EvalOptions,
    TrainOptions,
)
from frcnn.cli.predict_options import SAVE, PredictOptions
from frcnn.cli.propose_options import ProposeOptions
from frcnn.cli.several import in_processes
from frcnn.errors import ConfigError

_Model = Annotated[str, Parameter(converter=words.text)]
_Sources = Annotated[str, Parameter(converter=words.text)]


def demo_(options: Annotated[DemoOptions | None, Parameter(name="*")] = None) -> int:
    """Draw scenes with dice, train on them, evaluate, predict: all offline.

    Takes some minutes on two CPU cores, and ends with the commands that it ran.
    """
    said = with_file(options, DemoOptions)
    from frcnn import api

    names = ("out", "scenes", "epochs", "seed", "workers", "settings", "device", "precision")
    with alone_on_stdout(said):
        answer = api.demo(**said.said(*names, "quiet"))
    give(answer, said)
    return 0


def train_(options: Annotated[TrainOptions | None, Parameter(name="*")] = None) -> int:
    """Train a detector on a folder of pictures with boxes.

    With --data alone: a light model, its published weights, a length that fits the data.
    """
    said = options or TrainOptions()
    if (said.processes or 1) > 1:
        return in_processes(said)
    from frcnn import api

    names = (
        "model",
        "scheme",
        "epochs",
        "batch",
        "workers",
        "seed",
        "patience",
        "init",
        "proposals",
        "resume",
        "out",
    )
    more = (
        "layout",
        "backbone_weights",
        "preprocessing",
        "device",
        "precision",
        "config",
        "settings",
    )
    with alone_on_stdout(said):
        answer = api.train(said.data, **said.said(*names, *more, "quiet"))
    if answer.rank == 0:
        give(answer, said)
    return 0


def eval_(
    run: _Model, /, *, options: Annotated[EvalOptions | None, Parameter(name="*")] = None
) -> int:
    """Measure a trained detector on a split of a data set.

    Args:
        run: a run folder, or a weights file of ours.
        options: what was said.
    """
    said = with_file(options, EvalOptions)
    from frcnn import api

    names = ("data", "layout", "split", "metric", "batch", "out", "save", "quiet")
    more = ("device", "precision", "settings")
    with alone_on_stdout(said):
        answer = api.evaluate_run(run, **said.said(*names, *more))
    give(answer, said)
    return 0


def predict_(
    run: _Model,
    /,
    *sources: _Sources,
    options: Annotated[PredictOptions | None, Parameter(name="*")] = None,
) -> int:
    """Find objects in pictures and videos: files, folders, globs, addresses, cameras.

    A picture that cannot be read costs a line in the report. The exit code is 3 where there was
    not one good picture, and with --strict where there was a bad one.

    Args:
        run: a run folder, or a weights file of ours.
        sources: pictures and videos; folders of them; patterns in quotes; web addresses; a .txt
            with one of these a line; - for standard input; webcam:0; rtsp://HOST/STREAM.
        options: what was said.
    """
    said = with_file(options, PredictOptions)
    _require_sources(run, sources, said)
    from frcnn import api

    names = ("conf", "iou", "max_det", "batch", "out", "resume", "device", "precision", "quiet")
    tiles = ("tile", "tile_overlap", "tile_merge", "tile_match", "tile_threshold", "tiles_only")
    asked = said.said(*names, *tiles, "vid_stride", "max_frames", "image_url")
    if said.kinds is not None:
        asked["save"] = said.kinds
    with alone_on_stdout(said):
        answer = api.predict_files(run, sources, **asked)
    give(answer, said)
    if not answer.failures or not (said.strict or answer.is_empty):
        return 0
    error = answer.failures[0].error()
    process.tell(error)
    return error.exit_code


def propose_(
    run: _Model, /, *, options: Annotated[ProposeOptions | None, Parameter(name="*")] = None
) -> int:
    """Store the first stage's proposals in every picture of a split.

    Fast R-CNN can be trained on such a file alone, and alternating training makes two of them.

    Args:
        run: a run folder, or a weights file of ours.
        options: what was said.
    """
    said = with_file(options, ProposeOptions)
    if said.out is None:
        raise ConfigError(
            "RC303",
            "frcnn propose --out",
            "is missing",
            got="nothing",
            want="the file to write",
            fix=f"as in: frcnn propose {run} --out proposals.safetensors",
        )
    from frcnn import api

    names = ("data", "layout", "split", "format", "proposals", "mirrored", "batch")
    more = ("device", "precision", "settings", "quiet")
    with alone_on_stdout(said):
        answer = api.propose(run, said.out, **said.said(*names, *more))
    give(answer, said)
    return 0


def doctor_(options: Annotated[DoctorOptions | None, Parameter(name="*")] = None) -> int:
    """Show versions and devices, and try the parts that break most often.

    Ends with 0 when all is well, and with 2 when something is broken.
    """
    said = with_file(options, DoctorOptions)
    from frcnn import doctor

    with alone_on_stdout(said):
        findings = doctor.examine()
    give(findings, said)
    return findings.exit_code


def _require_sources(run: str, sources: Sequence[str], said: PredictOptions) -> None:
    """Refuse to look at nothing, and at a second word of --save, which takes one."""
    if not sources:
        raise ConfigError(
            "RC303",
            "frcnn predict SOURCE",
            "is missing",
            got="nothing",
            want="pictures, folders of pictures, or patterns in quotes",
            fix=f"as in: frcnn predict {run} photos/",
        )
    kinds = [word for word in sources if word in SAVE and not Path(word).exists()]
    if said.save is not None and kinds and len(sources) > len(kinds):
        raise ConfigError(
            "RC307",
            "frcnn predict --save",
            "a word too many",
            got=repr(kinds[0]),
            want="one word",
            fix="join several with commas, as in --save images,json",
        )
