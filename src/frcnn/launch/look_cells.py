"""Looks at training pictures as cells of a contact sheet: what the feed gives, drawn."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from frcnn.data.marking import Marking
from frcnn.data.records import Record, decode_record
from frcnn.data.sheet import Cell
from frcnn.model.batch import visible
from frcnn.ops.picture_header import place_of
from frcnn.training.batches import Example, Examples
from frcnn.training.looks import Look
from frcnn.training.reading import load
from frcnn.types import Size


@dataclass(frozen=True, eq=False, kw_only=True)
class Row:
    """A picture, and how training sees it."""

    record: Record
    """As it is, but for boxes that training leaves out."""
    looks: Sequence[Look]
    examples: Sequence[Example]
    """What each look sees, as the network is given it."""

    @property
    def emptied(self) -> int:
        """Looks in which nothing is left of the picture's boxes."""
        if not len(self.record.target.boxes):
            return 0
        return sum(not len(example.target.boxes) for example in self.examples)


def rows_of(examples: Examples, looks: Mapping[int, Sequence[Look]]) -> Generator[Row, None, None]:
    """Read looks as a training reads them.

    Args:
        examples: the training pictures.
        looks: at each of some of them.

    Yields:
        A row for each picture; errors are those of `reading.load`.
    """
    visits = [[look.visit] for each in looks.values() for look in each]
    with closing(load(examples, visits)) as read:
        for picture, each in looks.items():
            seen = [example for batch in islice(read, len(each)) for example in batch]
            yield Row(record=examples.split.records[picture], looks=each, examples=seen)


def cells_of(row: Row, marking: Marking, examples: Examples, columns: int) -> list[Cell]:
    """Draw a row: the picture as it is, then each look, so large as they are beside each other.

    Args:
        row: of the examples.
        marking: how classes are shown.
        examples: that the row was read from; their normalisation is undone.
        columns: of the sheet.

    Returns:
        So many cells; the last ones are empty where the training ends before.
    """
    sizes = [Size(*example.prepared.pixels.shape[1:]) for example in row.examples]
    room = Size(max(size.height for size in sizes), max(size.width for size in sizes))
    cells = [_as_it_is(row.record, marking)]
    for look, example, size in zip(row.looks, row.examples, sizes, strict=True):
        pixels = visible(example.prepared.pixels, examples.pictures_config.normalisation)
        lost = not len(example.target.boxes) and len(row.record.target.boxes)
        cells.append(
            Cell(
                pixels=pixels.permute(1, 2, 0).numpy(),
                title=f"step {look.step}, epoch {look.visit.epoch + 1}  {_said(size)}",
                room=room,
                marks=[*marking.marks(example.target)],
                counts=marking.counts(example.target),
                faults="no box of the picture is left" if lost else "",
            )
        )
    return [*cells, *[Cell(pixels=None, title="")] * (columns - len(cells))]


def _as_it_is(record: Record, marking: Marking) -> Cell:
    return Cell(
        pixels=decode_record(record).pixels,
        title=f"{place_of(Path(record.path.name))}  {_said(record.size)}",
        marks=[*marking.marks(record.target)],
        counts=marking.counts(record.target),
    )


def _said(size: Size) -> str:
    return f"{size.width} x {size.height}"
