"""True boxes as they are drawn on contact sheets: a colour for each class, names, counts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from frcnn.data.class_names import nearest
from frcnn.data.records import Record
from frcnn.data.sheet import Mark
from frcnn.draw import Colour, colour_of, colours_of
from frcnn.errors import ConfigError
from frcnn.types import Target

_OTHER: Colour = (150, 150, 150)
"""Of boxes of other classes than the one that was asked for."""


@dataclass(frozen=True)
class Marking:
    """How the classes of some pictures are shown, the same on all of their sheets."""

    classes: tuple[str, ...]
    colours: Mapping[int, Colour]
    """By class id; others have their usual one."""
    label: int | None = None
    """The class that was asked for; others have no name on the picture, and are grey."""

    def marks(self, target: Target) -> Iterator[Mark]:
        """Give the boxes of a picture as marks.

        Args:
            target: boxes in pixels of the picture that is shown.

        Yields:
            A mark for each box, small ones first: these are drawn on top, and their captions have
            the first choice of a place.
        """
        rows = zip(
            target.boxes.tolist(), target.labels.tolist(), target.difficult.tolist(), strict=True
        )
        for box, label, difficult in sorted(rows, key=lambda row: _area(row[0])):
            x1, y1, x2, y2 = box
            yield Mark(
                box=(x1, y1, x2, y2),
                caption=self.classes[label] if self.label in (None, label) else "",
                colour=self._colour(label),
                is_dashed=difficult,
            )

    def counts(self, target: Target) -> list[tuple[Colour, str]]:
        """Count the boxes of each class: the one that was asked for, then the most frequent."""
        counts = Counter(target.labels.tolist()).most_common()
        counts.sort(key=lambda pair: pair[0] != self.label)
        return [(self._colour(label), f"{self.classes[label]} {n}") for label, n in counts]

    def _colour(self, label: int) -> Colour:
        if self.label not in (None, label):
            return _OTHER
        return self.colours.get(label, colour_of(label))


def marking_of(
    records: Sequence[Record], classes: tuple[str, ...], label: int | None = None
) -> Marking:
    """Choose colours by which the classes of each picture differ.

    Args:
        records: all that is shown.
        classes: of the data.
        label: the class that was asked for; None: all.

    Returns:
        How they are shown.
    """
    seen = [record.target.labels.tolist() for record in records]
    return Marking(classes, colours_of(seen), label)


def label_of(name: str, classes: Sequence[str]) -> int | None:
    """Find the class that was asked for.

    Args:
        name: of a class; empty: all.
        classes: of the data.

    Returns:
        Its id; None for all.

    Raises:
        ConfigError: no class has this name (RC377).
    """
    if not name:
        return None
    if name in classes:
        return classes.index(name)
    near = nearest(name, classes)
    raise ConfigError(
        "RC377",
        "class",
        "the data does not have this class",
        got=repr(name[:60]),
        want=", ".join(classes[:20]) + (", ..." if len(classes) > 20 else ""),
        fix=f"did you mean {near!r}?" if near else "write it as the data does",
    )


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
