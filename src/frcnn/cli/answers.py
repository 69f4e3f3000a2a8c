"""What a verb found: text for people on stdout, or JSON alone on stdout and people on stderr."""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Protocol

from frcnn.cli.options import Shared


class Answer(Protocol):
    """What a function of `frcnn.api` returns to the command line; its `str` is for people."""

    def to_json(self) -> Mapping[str, object]:
        """Give the same as plain values, without NaN."""
        ...


@contextlib.contextmanager
def alone_on_stdout(options: Shared) -> Iterator[None]:
    """Keep stdout for the JSON, if that was asked for: whatever is printed inside is for people."""
    if not options.json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def give(answer: Answer, options: Shared) -> None:
    """Print the result.

    Args:
        answer: what was found.
        options: `--json` turns it into one JSON object.
    """
    if options.json:
        give_json(answer.to_json())
    else:
        print(answer)


def give_json(values: object) -> None:
    """Print plain values as strict JSON, indented on a terminal.

    Args:
        values: without NaN and infinity.
    """
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(values, allow_nan=False, indent=indent))
