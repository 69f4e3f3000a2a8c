"""The model card: what a trained detector is, how good it is, and where its limits are."""

from collections.abc import Mapping, Sequence

from frcnn import files
from frcnn._version import __version__
from frcnn.data.records import Split
from frcnn.run_folder import RunFolder
from frcnn.weights import file as weights_file


def write_card(run: RunFolder, splits: Mapping[str, Split], preset: str, started_from: str) -> None:
    """Write `MODEL_CARD.md`, from facts of the run alone.

    Args:
        run: whose folder gets it; the header of its best weights is read.
        splits: what was trained and validated on, by name.
        preset: the name of the settings that the run's began with.
        started_from: the sentence that says where the weights came from.

    Raises:
        ModelFileError: the best weights cannot be read.
        DiskError: it could not be written.
    """
    classes = splits["train"].classes
    lines = [
        f"# {run.path.name}",
        "",
        f"A Faster R-CNN trained with frcnn {__version__}, preset `{preset}`.",
        "",
        "## Data",
        "",
        *_data_rows(splits),
        "",
        f"Classes, in the order of their ids: {', '.join(classes)}.",
        "",
        "## Training",
        "",
        f"Started from: {started_from}. All settings are in `config.yaml`, what happened in "
        "`metrics.csv` and `metrics.jsonl`, the machine in `env.json`, what was dropped from the "
        "data in `data_check.json`.",
        "",
        "## Figures on the validation pictures",
        "",
        *_figure_rows(run),
        "",
        *_warning_rows(splits["val"].in_common(splits["train"])),
        "They were used to choose the weights, so they flatter a little: judge the detector on "
        "pictures that it has never met: `frcnn eval RUN --split test`, RUN being this folder.",
        "",
        "## Limits",
        "",
        f"{_limits(run)} Rights in the pictures and in the weights it started from may bind the "
        "use of these weights.",
        "",
    ]
    files.write_text(run.model_card, "\n".join(lines))


def _limits(run: RunFolder) -> str:
    if run.best.exists() and not weights_file.read_header(run.best).has_head:
        return (
            "It is a region proposal network: it finds where something is, never what; the head "
            "behind it was not trained."
        )
    return (
        "The detector knows the classes above and pictures like those it was trained on; it always "
        "answers with one of its classes or with nothing."
    )


def _data_rows(splits: Mapping[str, Split]) -> list[str]:
    rows = ["| split | pictures | without objects | boxes |", "|---|--:|--:|--:|"]
    for name, split in splits.items():
        counts = [len(record.target.boxes) for record in split.records]
        rows.append(f"| {name} | {len(split)} | {counts.count(0)} | {sum(counts)} |")
    return rows


def _warning_rows(learnt: int) -> Sequence[str]:
    return [f"{learnt} of these pictures were learnt from, too.", ""] if learnt else []


def _figure_rows(run: RunFolder) -> Sequence[str]:
    if not run.best.exists():
        return ["No evaluation was made."]
    about = weights_file.read_header(run.best).extra
    return [f"Of `{run.best.name}`, after step {about['step']}:", "", "```", about["table"], "```"]
