"""Which classes a data set has, and which names are mistakes.

The classes are the sorted names of the training split. A name that is found only elsewhere is
an error, never a new class: a model cannot be trained for it and must not be judged by it.
"""

import difflib
from collections.abc import Mapping, Sequence

from frcnn.errors import AnnotationError

TWINS = "RC232"
"""Two names that differ only in capitals or spaces."""
UNKNOWN_CLASS = "RC214"
"""Code of the error that means: a name that is no class."""


def classes_of(names: Mapping[str, str]) -> tuple[str, ...]:
    """Sort the names of the training split into classes.

    Args:
        names: each name with the place of its first mention.

    Returns:
        The classes; a name's position is its class id.

    Raises:
        AnnotationError: two names differ only in capitals or spaces (RC232).
    """
    seen: dict[str, str] = {}
    for name, place in names.items():
        twin = seen.setdefault(plain(name), name)
        if twin != name:
            raise AnnotationError(
                TWINS,
                place,
                "two class names differ only in capitals or spaces",
                got=f"{name!r} and {twin!r} ({names[twin]})",
                fix="write one of them everywhere; if they are two classes, name them all: "
                "Dataset.open(..., classes=[...]), or --set classes=[...] in training",
            )
    return tuple(sorted(names))


def require_known(names: Mapping[str, str], classes: Sequence[str], whose: str) -> None:
    """Refuse names that are no class.

    Args:
        names: each name with the place of its first mention.
        classes: the known ones.
        whose: whose classes they are, as an error says it.

    Raises:
        AnnotationError: a name is not among them (RC214).
    """
    for name, place in names.items():
        if name in classes:
            continue
        raise unknown_name(name, place, classes, whose)


def unknown_name(name: str, place: str, classes: Sequence[str], whose: str) -> AnnotationError:
    """Make the error of a name that is no class.

    Args:
        name: as written.
        place: of its mention.
        classes: the known ones.
        whose: they are, in words.

    Returns:
        The error, to be raised or reported.
    """
    near = nearest(name, classes)
    return AnnotationError(
        UNKNOWN_CLASS,
        place,
        f"the class is not one of {whose}",
        got=repr(name[:60]),
        want=", ".join(classes[:20]) + (", ..." if len(classes) > 20 else ""),
        fix=(f"did you mean {near!r}? Mend" if near else "mend") + " the name, leave these "
        "pictures out, or take data of these classes alone",
    )


def nearest(name: str, classes: Sequence[str]) -> str:
    """Find the class that was probably meant.

    Args:
        name: as written.
        classes: the known ones.

    Returns:
        One of the classes; empty when none is near.
    """
    by_form = {plain(known): known for known in reversed(classes)}
    found = difflib.get_close_matches(plain(name), by_form, n=1, cutoff=0.5)
    return by_form[found[0]] if found else ""


def plain(name: str) -> str:
    """Write a name without what is easily mistaken: capitals, spaces, hyphens, underscores.

    Args:
        name: of a class.

    Returns:
        The bare form, for comparison only.
    """
    return "".join(c for c in name.casefold() if c not in " -_\t\n")
