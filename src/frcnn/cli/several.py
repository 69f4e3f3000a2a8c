"""`--processes N`: the same words once more, said by each of N processes."""

from dataclasses import fields

from frcnn.cli.options import TrainOptions


def in_processes(said: TrainOptions) -> int:
    """Train with several processes on this machine.

    Args:
        said: what was said; `processes` is read and left out.

    Returns:
        The exit code of the process that failed first, or 0.
    """
    from frcnn.launch.processes import run_together  # late: it imports torch

    device = said.device or "auto"
    return run_together(said.processes or 1, device, ["train", *words_of(said, "processes")])


def words_of(said: TrainOptions, *without: str) -> list[str]:
    """Write options as they can be typed, so that they are understood the same again.

    Args:
        said: any options.
        without: names of fields that are left out.

    Returns:
        The words; none for what was not said.
    """
    words: list[str] = []
    for name, value in said.said(*(each.name for each in fields(said))).items():
        option = "--set" if name == "settings" else "--" + name.replace("_", "-")
        if name in without:
            continue
        if value is True:
            words.append(option)
        else:
            each = value if isinstance(value, tuple) else (value,)
            words += [f"{option}={one}" for one in each]
    return words
