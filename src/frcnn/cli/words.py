"""One word of the command line into a value, strictly: 3.7 is no count, NaN is no number."""

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

from frcnn.errors import ConfigError

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_LONGEST_SHOWN = 60


def whole(kind: Any, tokens: Sequence[Token]) -> int:  # noqa: ANN401  # cyclopts' form
    """Read a whole number in decimal digits.

    Args:
        kind: the option's type, as cyclopts passes it; known here already.
        tokens: the one word.

    Returns:
        Its value.

    Raises:
        ConfigError: it is something else (RC304).
    """
    word = tokens[0].value
    if not _WHOLE.fullmatch(word):
        raise wrong(tokens[0].keyword, word, "a whole number")
    return int(word)


def number(kind: Any, tokens: Sequence[Token]) -> float:  # noqa: ANN401
    """Read a number such as 12, 0.5 or 1e-3.

    Args:
        kind: the option's type, as cyclopts passes it; known here already.
        tokens: the one word.

    Returns:
        Its value; finite.

    Raises:
        ConfigError: it is something else, NaN and infinity too (RC304).
    """
    word = tokens[0].value
    if not _NUMBER.fullmatch(word) or not math.isfinite(float(word)):
        raise wrong(tokens[0].keyword, word, "a number")
    return float(word)


def text(kind: Any, tokens: Sequence[Token]) -> str:  # noqa: ANN401
    """Read a word that is not empty: a name, a path.

    Args:
        kind: the option's type, as cyclopts passes it; known here already.
        tokens: the one word.

    Returns:
        The word as it is.

    Raises:
        ConfigError: it is empty, or blank (RC304).
    """
    word = tokens[0].value
    if not word.strip():
        raise wrong(tokens[0].keyword, word, "a name or a path")
    return word


def wrong(option: str | None, word: str, want: str) -> ConfigError:
    """Say that an option's value has the wrong form."""
    shown = repr(word if len(word) <= _LONGEST_SHOWN else word[: _LONGEST_SHOWN - 3] + "...")
    place = option or "argument"
    fix = f"as in: {place} {_EXAMPLES.get(want, 'VALUE')}"
    return ConfigError("RC304", place, "wrong value", got=shown, want=want, fix=fix)


Text = Annotated[str | None, Parameter(converter=text, metavar="NAME")]
Path = Annotated[str | None, Parameter(converter=text, metavar="PATH")]
Whole = Annotated[int | None, Parameter(converter=whole, metavar="N")]
Number = Annotated[float | None, Parameter(converter=number, metavar="X")]
Flag = Annotated[bool, Parameter(negative="")]

_EXAMPLES = {
    "a whole number": "8",
    "a number": "0.5",
    "a name or a path": "NAME",
    "NAME=VALUE": "model.pictures.shorter_side=480",
}
