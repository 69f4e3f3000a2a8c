"""Contact sheets in PNG files: where they may stand, and how several are numbered."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from frcnn import files
from frcnn.data.dataset import Dataset
from frcnn.data.picture_paths import home_of
from frcnn.data.sheet import Cell, draw_sheet
from frcnn.errors import ConfigError


def place_of_sheets(out: str | Path | None, data: Dataset, what: str) -> Path:
    """Choose the file that sheets are written into, and refuse one among the data's pictures.

    Args:
        out: as it was asked for; None: NAME_WHAT.png in the working folder.
        data: whose name it has then.
        what: is drawn, in a word.

    Returns:
        A path that ends in .png, outside the data.

    Raises:
        ConfigError: it is no such path (RC378).
    """
    path = Path(f"{data.name}_{what}.png") if out is None else Path(out)
    is_within = path.resolve().is_relative_to(home_of(data.root).resolve())
    if path.suffix.lower() == ".png" and not is_within:
        return path
    raise ConfigError(
        "RC378",
        "out",
        "a contact sheet cannot be written there",
        got=f"{path}{' within the data' if is_within else ''}",
        want="a file NAME.png outside the data, whose pictures it would join",
        fix=f"name another: --out {path.stem or what}.png, in another folder than the data's",
    )


def numbered(path: Path, number: int, count: int) -> Path:
    """Give the file of one of several sheets: `_1`, `_2` ... behind the name; of one the path."""
    return path if count == 1 else path.with_name(f"{path.stem}_{number}{path.suffix}")


def write_sheet(path: Path, head: Sequence[str], cells: Sequence[Cell], columns: int = 0) -> None:
    """Draw a sheet into a file.

    Args:
        path: of the PNG file, replaced if it is there.
        head: lines above.
        cells: one or more.
        columns: in a row; 0: as many as a screen is wide.

    Raises:
        DiskError: it could not be written.
    """
    sheet = draw_sheet(head, cells, columns)

    def save(stream: BinaryIO) -> None:
        sheet.save(stream, "PNG")

    files.write_atomically(path, save)
