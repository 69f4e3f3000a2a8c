"""Which verbs there are. Each is fetched when it is called, or when its help is asked for."""

from collections.abc import Callable, Sequence
from inspect import BoundArguments

from cyclopts import App, CycloptsError, Parameter

from frcnn._version import __version__
from frcnn.cli import usage

HELP = """Faster R-CNN that you can train in one command, see through, and ship.

Start with `frcnn demo`, or with pictures of your own: `frcnn train --data DIR`.
"""
_CLOSING = (
    "Exit codes: 0 ok, 1 our bug, 2 usage or settings, 3 data, 4 training diverged, "
    "5 model file, 6 disk."
)
VERBS = {
    "demo": "Draw scenes with dice, train on them, evaluate, predict: all offline.",
    "train": "Train a detector on a folder of pictures with boxes.",
    "eval": "Measure a trained detector on a split of a data set.",
    "propose": "Store the first stage's proposals in every picture of a split.",
    "predict": "Find objects in pictures and videos: files, folders, globs, addresses, cameras.",
    "doctor": "Show versions and devices, and try the parts that break most often.",
}
PRESET_VERBS = {
    "list": "List the presets.",
    "show": "Print every setting of a preset with its meaning and source, as YAML.",
}
DATA_VERBS = {
    "check": "Look a data set over: every fault with its place; mend it in a copy.",
    "convert": "Write a data set in another layout, into a new folder.",
    "split": "Divide a data set into splits, stratified by class, into a new folder.",
    "tile": "Cut large pictures and their boxes into tiles to train on, into a new folder.",
    "show": "Draw a data set's pictures with their boxes on contact sheets.",
}

_STANDARD_INPUT = "/dev/stdin"  # what `-` stands for; the parser would take that for an option


def build() -> App:
    """Make the parser; no verb's code is imported."""
    app = App(
        name="frcnn",
        help=HELP,
        help_epilogue=_CLOSING,
        version=f"frcnn {__version__}",
        help_format="plaintext",
        default_parameter=Parameter(show_default=False),
    )
    for order, (verb, text) in enumerate(VERBS.items()):
        app.command(f"frcnn.cli.verbs:{verb}_", name=verb, help=text, sort_key=order)
    presets = App(
        name="presets", help="List the named sets of settings, or print one.", sort_key=len(VERBS)
    )
    for verb, text in PRESET_VERBS.items():
        presets.command(f"frcnn.cli.presets:{verb}_", name=verb, help=text)
    app.command(presets)
    data = App(name="data", help="Work on data sets themselves.", sort_key=len(VERBS) + 1)
    for verb, text in DATA_VERBS.items():
        data.command(f"frcnn.cli.data:{verb}_", name=verb, help=text)
    app.command(data)
    return app


def understood(words: Sequence[str]) -> tuple[Callable[..., object], BoundArguments]:
    """Find the verb and what it was told; CycloptsError where the words make no command.

    Args:
        words: the command line without the program's name.

    Returns:
        The verb's function, and its arguments.
    """
    plain = [_STANDARD_INPUT if word == "-" else word for word in words]
    verb, bound, _ = build().parse_args(plain, print_error=False, exit_on_error=False)
    return verb, bound


def run(words: Sequence[str]) -> int:
    """Parse the words, call the verb, and give its exit code.

    Args:
        words: the command line without the program's name.

    Returns:
        0, or what the verb says.

    Raises:
        ConfigError: the words make no command (RC301 ... RC309).
    """
    try:
        verb, bound = understood(words)
    except CycloptsError as error:
        raise usage.in_our_words(error) from error
    code = verb(*bound.args, **bound.kwargs)
    return code if isinstance(code, int) else 0
