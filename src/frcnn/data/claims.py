"""What a layout says of every picture, held against the pictures themselves.

A bad box is left out and its picture kept; a bad picture is left out. Both are reported.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from frcnn.data.looking import Looking, opened, require_size
from frcnn.data.picture_paths import PictureFinder, count_others
from frcnn.data.problems import Problem
from frcnn.data.seen import (
    FileId,
    Folder,
    Places,
    Rows,
    Seen,
    fit_rows,
)
from frcnn.errors import DataError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a layout says of one picture, before the picture is looked at."""

    name: str
    """File name without its ending."""
    path: Path
    places: Places
    """Of its boxes."""
    rows: Callable[[Size, list[Problem]], Rows]
    """Gives the boxes, once the picture's size is known; a DataError costs the picture."""
    place: str = ""
    """Of the stated size, for errors; empty where there is none."""
    stated: Size | None = None
    """The picture's size, where the file says it."""
    file_id: FileId = ""
    """The file's own id of the picture; empty where it has none."""


def read_claims(
    splits: Mapping[str, Iterable[Claim]],
    sums: Mapping[Path, str],
    folder: Folder,
    look: Looking = opened,
) -> None:
    """Look at every picture and keep what can be used.

    Args:
        splits: what the layout says, by split.
        sums: SHA-256 by path, of those that are known.
        folder: gets the usable pictures, and a problem for everything else.
        look: tells the size of a picture.
    """
    known: dict[tuple[Path, Places, FileId], Seen | None] = {}
    for split, claims in splits.items():
        seen = []
        for claim in claims:
            key = (claim.path, claim.places, claim.file_id)
            if key not in known:  # a picture in train and in trainval is read once
                known[key] = _seen_or_reported(claim, sums, folder.problems, look)
            seen.append(known[key])
        folder.splits[split] = tuple(s for s in seen if s is not None)
    folder.pictures += len({path for path, _, _ in known})


def unlisted(
    finders: Iterable[PictureFinder], claims: Mapping[str, Sequence[Claim]]
) -> list[Problem]:
    """Report pictures that lie beside those of the data set and are in no split.

    Args:
        finders: that looked for the pictures.
        claims: of all splits.

    Returns:
        A warning, or nothing.
    """
    known = {claim.path for of_split in claims.values() for claim in of_split}
    folders = sorted({folder for finder in finders for folder in finder.used})
    others = count_others(folders, known)
    if not others:
        return []
    return [
        Problem(
            code="RC230",
            place=place_of(folders[0]),
            what="pictures are in no split and not used",
            got=str(others),
            fix="add them to a list or annotation file, if they ought to be used",
            severity="warning",
        )
    ]


def _seen_or_reported(
    claim: Claim, sums: Mapping[Path, str], problems: list[Problem], look: Looking
) -> Seen | None:
    before = len(problems)
    try:
        header, stamp = look(claim.path, claim.stated, problems)
        size = header.upright
        if claim.stated != size:
            require_size(claim.stated, header, claim.place or place_of(claim.path))
        written = claim.rows(size, problems)
        rows = fit_rows(written, size, claim.places, problems)
    except DataError as error:
        problems.append(Problem.of(error, effect="picture skipped").on(claim.path))
        return None
    problems[before:] = [problem.on(claim.path) for problem in problems[before:]]
    return Seen(
        name=claim.name,
        path=claim.path,
        size=size,
        stamp=stamp,
        rows=rows,
        written=written,
        stated=claim.stated,
        orientation=header.orientation,
        places=claim.places,
        sha256=sums.get(claim.path, ""),
        file_id=claim.file_id,
    )
