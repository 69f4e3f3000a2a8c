"""Which of several forms the boxes have: a person names it in the words of RC260.

A form is named with its unit, as in "x y width height in pixels".
"""

from itertools import product

from frcnn.data.slips import FORMS, OWN, UNITS, Reading, Slip, words
from frcnn.errors import AnnotationError, ConfigError


def reading_named(text: str) -> Reading:
    """Find a form by its words.

    Args:
        text: as a report of RC260 has it.

    Returns:
        Form and unit.

    Raises:
        ConfigError: no form is called so (RC329).
    """
    known = {words(reading): reading for reading in product(FORMS, UNITS)}
    plain = " ".join(text.split())
    if plain not in known:
        raise ConfigError(
            "RC329",
            "read_as",
            "no form of boxes has this name",
            got=repr(text[:60]),
            want=f"{'; '.join(FORMS)}; each with in {', in '.join(UNITS)}",
            fix='name it in the words of RC260: --read-as "x y width height in pixels"',
        )
    return known[plain]


def chosen_reading(slip: Slip, wanted: Reading | None, layout: str, place: str) -> Reading:
    """Take the only form that explains the boxes, or the one of several that was chosen.

    Args:
        slip: as found.
        wanted: what was chosen; None where nothing was.
        layout: of the data.
        place: of the split.

    Returns:
        Form and unit.

    Raises:
        AnnotationError: nothing was chosen of several, or what explains nothing (RC260).
    """
    if wanted in slip.readings:
        return wanted
    if wanted is None and len(slip.readings) == 1:
        return slip.readings[0]
    fitting = " or ".join(map(words, slip.readings))
    what = "more than one form explains the boxes, and nobody said which they have"
    if wanted is not None:
        what = "the boxes do not have the form that was named"
    raise AnnotationError(
        "RC260",
        place,
        what,
        got=words(OWN[layout] if wanted is None else wanted),
        want=fitting,
        fix="look at some pictures with their boxes, and name one: "
        f'--fix NEW --read-as "{words(slip.readings[0])}"',
    )


def nothing_to_choose(wanted: Reading, layout: str, place: str) -> AnnotationError:
    """Make the error of a form that was named where the boxes are in the layout's own.

    Args:
        wanted: what was named.
        layout: of the data.
        place: of it.

    Returns:
        The error, to be raised.
    """
    return AnnotationError(
        "RC260",
        place,
        "the boxes do not have the form that was named",
        got=words(wanted),
        want=words(OWN[layout]),
        fix="leave --read-as out: nothing speaks against the layout's own form",
    )
