"""Which pictures belong together, so that no two of a group are ever in different splits.

Pictures of one patient, one film or one place look alike. A detector that has learnt from one
of them is judged too well on the others. Files with the same bytes, and tiles of one picture, are
one group in any case, and so are pictures that show nearly the same, unless that is not wanted
(`look_alikes`).
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from frcnn.data.picture_paths import within
from frcnn.data.problems import Problem
from frcnn.data.records import Record
from frcnn.data.split_checks import same_bytes
from frcnn.data.tile_origins import read_origins, tiles_of_one_picture
from frcnn.errors import ConfigError
from frcnn.ops.picture_header import place_of

FOLDER = "folder"
PREFIX = "prefix:"
WAYS = f"{FOLDER}, or {PREFIX}PATTERN"


def groups_of(
    records: Sequence[Record],
    home: Path,
    by: str,
    problems: list[Problem],
    together: Iterable[Sequence[Path]] = (),
) -> list[str]:
    """Name the group of every picture.

    Args:
        records: pictures, each once.
        home: the data set's folder.
        by: "folder": that which a picture is in. "prefix:PATTERN": what the first brackets of a
            regular expression find in the file's name. Empty: each picture is a group.
        problems: gets the pictures in whose name the pattern finds nothing; each is a group.
        together: pictures of one group whatever their names.

    Returns:
        A name for each picture; it follows from names of files within the data alone.

    Raises:
        ConfigError: no such way to group (RC374), or a pattern that cannot be used (RC375).
        AnnotationError: the list of tiles cannot be read (RC236).
    """
    own = [within(record.path, home) for record in records]
    if by == "":
        names = own
    elif by == FOLDER:
        names = [name.rpartition("/")[0] or "." for name in own]
    elif by.startswith(PREFIX):
        names = _by_pattern(own, _pattern_of(by), problems)
    else:
        raise _no_way(by)
    origins = read_origins(home)
    # tiles of nothing, as beyond an aerial picture's border, are alike in pictures that are not
    telling = [r for r in records if len(r.target.boxes) or r.path.name not in origins]
    alike = [*same_bytes(telling), *tiles_of_one_picture(records, origins)]
    copies = ([record.path for record in same] for same in alike)
    return _joined(records, names, [*copies, *together])


def require_way(by: str) -> None:
    """Refuse what is no way to group, before any file is read.

    Args:
        by: as `groups_of` has it.

    Raises:
        ConfigError: no such way (RC374), or a pattern that cannot be used (RC375).
    """
    if by.startswith(PREFIX):
        _pattern_of(by)
    elif by not in ("", FOLDER):
        raise _no_way(by)


def _pattern_of(by: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(by.removeprefix(PREFIX))
    except re.error as error:
        raise _no_pattern(by, str(error)) from error
    if not pattern.groups:
        raise _no_pattern(by, "no brackets")
    return pattern


def _by_pattern(own: Sequence[str], pattern: re.Pattern[str], problems: list[Problem]) -> list[str]:
    found = [pattern.search(name.rpartition("/")[2]) for name in own]
    names = [match[1] if match and match[1] else None for match in found]
    without = [mine for mine, name in zip(own, names, strict=True) if name is None]
    if len(without) == len(own):
        raise _no_pattern(PREFIX + pattern.pattern, f"nothing in {place_of(Path(own[0]))}")
    if without:
        problems.append(_unmatched(without))
    # a picture alone has a slash before its name, which no name of a file has
    return [f"/{mine}" if name is None else name for mine, name in zip(own, names, strict=True)]


def _joined(
    records: Sequence[Record], names: list[str], together: Iterable[Sequence[Path]]
) -> list[str]:
    """Give groups that have pictures of one list one name, the first of theirs."""
    by_path = {record.path: name for record, name in zip(records, names, strict=True)}
    parents = {name: name for name in names}

    def top(name: str) -> str:
        while parents[name] != name:
            name = parents[name]
        return name

    for paths in together:
        tops = sorted({top(by_path[path]) for path in paths})
        parents.update(dict.fromkeys(tops, tops[0]))
    return [top(name) for name in names]


def _unmatched(names: Sequence[str]) -> Problem:
    return Problem(
        code="RC287",
        place=place_of(Path(names[0])),
        what="the pattern of groups finds nothing in names of pictures; each is a group of its own",
        got=str(len(names)),
        fix="let the pattern fit all names, if these belong together with others",
        severity="warning",
    )


def _no_way(by: str) -> ConfigError:
    return ConfigError(
        "RC374",
        "group_by",
        "no such way to group pictures",
        got=repr(by[:60]),
        want=WAYS,
        fix="for scan_07_a.png and scan_07_b.png: --group-by 'prefix:(scan_[0-9]+)'",
    )


def _no_pattern(by: str, got: str) -> ConfigError:
    return ConfigError(
        "RC375",
        f"group_by: {by[:60]}",
        "the pattern of groups cannot be used",
        got=got[:80],
        want="a regular expression that finds the group's name with its first brackets",
        fix="for scan_07_a.png and scan_07_b.png: --group-by 'prefix:(scan_[0-9]+)'",
    )
