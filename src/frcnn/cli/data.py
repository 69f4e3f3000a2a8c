"""Data sets themselves: looked over, and written in another layout."""

from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import process, words
from frcnn.cli.answers import alone_on_stdout, give
from frcnn.cli.data_options import CheckOptions, ConvertOptions
from frcnn.cli.option_files import with_file
from frcnn.errors import ConfigError


def check_(
    data: Annotated[str, Parameter(converter=words.text)],
    /,
    *,
    options: Annotated[CheckOptions | None, Parameter(name="*")] = None,
) -> int:
    """Look a data set over: counts by code on the screen, every place in --report.

    The exit code is 3 where the data cannot be used at all, and with --strict where there is an
    error. Nothing in the data's folder is changed; --fix OUT writes a repaired copy.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, CheckOptions)
    from frcnn import api

    names = ("layout", "report", "fix", "no_pictures", "shorter_side", "longer_side", "quiet")
    with alone_on_stdout(said):
        answer = api.check_data(data, **said.said(*names))
    give(answer, said)
    first = answer.fatal or next(iter(answer.report.errors if said.strict else ()), None)
    if first is None:
        return 0
    error = first.error()
    process.tell(error)
    return error.exit_code


def convert_(
    data: Annotated[str, Parameter(converter=words.text)],
    /,
    *,
    options: Annotated[ConvertOptions | None, Parameter(name="*")] = None,
) -> int:
    """Write a data set in another layout, into a new folder.

    What the new layout cannot hold is counted, and listed in conversion.jsonl.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, ConvertOptions)
    for name, want, example in (
        ("to", "voc, coco, yolo or csv", "--to coco --out NEW"),
        ("out", "the folder to write", f"--to {said.to or 'coco'} --out NEW"),
    ):
        if getattr(said, name) is None:
            raise ConfigError(
                "RC303",
                f"frcnn data convert --{name}",
                "is missing",
                got="nothing",
                want=want,
                fix=f"as in: frcnn data convert {data} {example}",
            )
    from frcnn.data.convert import convert_folder

    with alone_on_stdout(said):
        answer = convert_folder(data, **said.said("to", "out", "layout", "pictures"))
    give(answer, said)
    return 0
