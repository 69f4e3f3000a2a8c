"""What the functions of Python are given, refused where it is of another kind or no option."""

import os
from collections.abc import Mapping
from pathlib import Path

from frcnn.errors import ConfigError
from frcnn.launch.finished import Run
from frcnn.settings import nearest

Named = str | os.PathLike[str] | Run
"""A run folder or a weights file of ours; what `frcnn.train` returns stands for its folder."""


def path_of(named: Named, verb: str) -> Path:
    """Give the path of what was named.

    Args:
        named: a run or a path.
        verb: the function that was called, for the error.

    Returns:
        The folder or file.

    Raises:
        ConfigError: it is neither (RC319).
    """
    if isinstance(named, Run):
        return named.path
    if not isinstance(named, str | os.PathLike):
        raise other_kind(verb, named, "the path of a run folder or weights file")
    return Path(named)


def other_kind(place: str, got: object, want: str) -> ConfigError:
    """Make the error of an argument of another kind.

    Args:
        place: function and argument, without `frcnn.`.
        got: what was passed.
        want: what is taken, in words.

    Returns:
        The error, to be raised.
    """
    kind = type(got).__name__
    what, fix = "an argument of another kind", f"pass {want}"
    return ConfigError("RC319", f"frcnn.{place}", what, got=kind, want=want, fix=fix)


def require_known(verb: str, options: Mapping[str, object], kind: type) -> None:
    """Refuse a keyword that no option has: Python itself does not look into `**options`.

    Args:
        verb: the function that was called.
        options: the keywords.
        kind: a TypedDict of those that there are.

    Raises:
        ConfigError: there is no such one (RC310).
    """
    known = list(kind.__annotations__)
    for name in options:
        if name not in known:
            near = nearest(name, known)
            raise ConfigError(
                "RC310",
                f"frcnn.{verb}",
                "no such option",
                got=name,
                want=", ".join(known),
                fix=f"did you mean {near}?" if near else "settings go into settings={...}",
            )
