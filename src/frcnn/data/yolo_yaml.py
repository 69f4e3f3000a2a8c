"""The YAML file of a data set in YOLO layout: class names, and where each split's pictures are.

Paths in it are relative to the file's own folder, never to a folder of settings somewhere else.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from frcnn.data.picture_paths import another_machine, leads_out, require_own_path
from frcnn.data.problems import Problem
from frcnn.data.seen import Declared
from frcnn.data.split_words import (
    SPLIT_NAMES,
    USUAL,
    require_new_split,
    split_of_folder,
)
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES

_LARGEST = 1_000_000
"""Bytes of a YAML file; more is none of a data set."""
_MOST_IDS = 1_000_000
"""Ids of classes have six digits at most."""


def yaml_file(root: Path) -> Path | None:
    """Find the YAML file that names classes and splits.

    Args:
        root: a folder, or such a file.

    Returns:
        Its path; None where there is none.
    """
    if root.is_file():
        return root if root.suffix.lower() in (".yaml", ".yml") else None
    for path in (*sorted(root.glob("*.yaml")), *sorted(root.glob("*.yml"))):
        if not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        if _describes_data(path):
            return path
    return None


def _describes_data(path: Path) -> bool:
    """Tell a data set's file from any other YAML beside the pictures, such as a trainer's."""
    try:
        values = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, OSError, ValueError, RecursionError):
        return path.stem == "data"  # whoever names it so is told what is wrong with it
    if not isinstance(values, dict) or not isinstance(values.get("names"), list | dict):
        return False
    splits = (*USUAL, *SPLIT_NAMES)
    return any(
        str(key).lower() in splits and isinstance(named, str | list)
        for key, named in values.items()
    )


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a data set's YAML file.

    Args:
        path: of the file.

    Returns:
        What it says.

    Raises:
        AnnotationError: it is no YAML, or no mapping (RC280).
    """
    try:
        text = path.read_bytes()
        values = yaml.safe_load(text)
        twice = _key_twice(yaml.compose(text, yaml.SafeLoader))
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        where = getattr(getattr(error, "problem_mark", None), "line", None)
        place = place_of(path) + ("" if where is None else f":{where + 1}")
        got = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise _bad_yaml(place, str(got)[:80]) from error
    if not isinstance(values, dict):
        raise _bad_yaml(place_of(path), f"a {type(values).__name__}")
    if twice is not None:
        line = twice.start_mark.line + 1
        raise _bad_yaml(f"{place_of(path)}:{line}", f"the key {str(twice.value)[:40]!r} twice")
    return values


def _key_twice(top: yaml.Node | None) -> yaml.ScalarNode | None:
    """Find a key that stands twice at the top or among the names: one of the two would be lost."""
    if not isinstance(top, yaml.MappingNode):
        return None
    inner = [value for _, value in top.value if isinstance(value, yaml.MappingNode)]
    for mapping in (top, *inner):
        known: set[str] = set()
        for key, _ in mapping.value:
            if isinstance(key, yaml.ScalarNode) and key.value in known:
                return key
            known.add(str(key.value))
    return None


def _bad_yaml(place: str, got: str) -> AnnotationError:
    return AnnotationError(
        "RC280",
        place,
        "the data set's YAML file cannot be read",
        got=got,
        want="names, and a folder for each of train, val, test",
        fix="mend the file",
    )


def names_of_yaml(path: Path, values: dict[str, Any]) -> Declared:
    """Take the class list of a data set's YAML file; ids of a mapping may have gaps.

    Args:
        path: of the file.
        values: what it says.

    Returns:
        The names by id.

    Raises:
        AnnotationError: there is no such list (RC277).
    """
    names = values.get("names")
    ids: Sequence[int] = range(len(names)) if isinstance(names, list) else ()
    if isinstance(names, dict):
        if not all(type(number) is int and 0 <= number < _MOST_IDS for number in names):
            raise no_names(place_of(path), f"ids {str(list(names))[:60]}")
        ids = sorted(names)
        names = [names[number] for number in ids]
    if not isinstance(names, list):
        raise no_names(place_of(path), f"names: {str(names)[:40]}")
    said = values.get("nc", len(names))
    if said not in (len(names), max(ids, default=-1) + 1):
        raise no_names(place_of(path), f"nc {said} and {len(names)} names")
    for name in names:  # str() of nested aliases has no bound, and YAML reads `no` as false
        if not isinstance(name, str | int) or isinstance(name, bool):
            got = "a list or mapping" if isinstance(name, list | dict) else repr(name)
            raise no_names(place_of(path), f"{got}, which is no text: write names in quotes")
    return declared([str(name) for name in names], place_of(path), ids)


def key_points_of_yaml(values: dict[str, Any]) -> int:
    """Count the numbers of a pose that stand behind the box in a line of a label file.

    Args:
        values: of the YAML file; `kpt_shape` has how many points, and numbers of each.

    Returns:
        Their product; 0 where there are no key points.
    """
    shape = values.get("kpt_shape")
    if not (isinstance(shape, list) and len(shape) == 2 and all(type(n) is int for n in shape)):
        return 0
    points, numbers = map(int, shape)
    return max(points * numbers, 0)


def declared(names: list[str], place: str, ids: Sequence[int] = ()) -> Declared:
    """Make a class list of names.

    Args:
        names: in the order of their ids.
        place: where they stand.
        ids: rising; empty: 0 ... C-1.

    Returns:
        The list.

    Raises:
        AnnotationError: a name is empty or there twice (RC277).
    """
    if not names or not all(name.strip() for name in names) or len(set(names)) < len(names):
        raise no_names(place, ", ".join(map(repr, names))[:60] or "none")
    return Declared(tuple(names), tuple(ids or range(len(names))), place)


def no_names(place: str, got: str) -> AnnotationError:
    """Make the error of a data set whose class ids have no names."""
    return AnnotationError(
        "RC277",
        place,
        "not a list of class names",
        got=got,
        want="a name for each id, 0 or more, each once",
        fix="name the classes: `names` in data.yaml, or a line for each in classes.txt",
    )


def named_folders(
    file: Path, values: dict[str, Any], problems: list[Problem]
) -> dict[str, list[Path]]:
    """Find the folders and lists that a YAML file names.

    Args:
        file: the YAML file.
        values: what it says.
        problems: gets those that are not there.

    Returns:
        Those that are, by split.
    """
    homes = [file.parent]
    path = values.get("path")
    if isinstance(path, str) and path.strip(" ./"):
        home = file.parent / path.lstrip("/")
        if home.resolve().is_relative_to(file.parent.resolve()):  # else it leads out of the data
            homes.insert(0, home)
        if leads_out(path):
            problems.append(another_machine(file.parent, "path", [path]))
    folders: dict[str, list[Path]] = {}
    known: dict[str, Path] = {}
    for key, named in values.items():
        usual = SPLIT_NAMES.get(str(key).lower(), str(key).lower())
        texts = [named] if isinstance(named, str) else named
        if key == "path" or not isinstance(texts, list) or not texts:
            continue
        if split_of_folder(usual) != usual and not _is_there(named, homes):
            continue  # a key of some other tool's
        found = [_folder(str(text), homes, file, str(key), problems) for text in texts]
        if there := [path for path in found if path is not None]:
            require_new_split(usual, Path(str(key)), known)
            known[usual] = Path(str(key))
            folders[usual] = there
    return folders


def _is_there(named: object, homes: list[Path]) -> bool:
    """Say whether a value is a path of the data set: then its key is a split of the user's own."""
    if not isinstance(named, str) or named.strip("./") == "":
        return False
    return any((home / named).exists() for home in homes)


def _folder(
    text: str, homes: list[Path], file: Path, key: str, problems: list[Problem]
) -> Path | None:
    """Find a folder or list that a YAML file names.

    Roboflow writes `../train/images` where `train/images` is meant, and so do others who mean
    another working directory: what goes up is looked for here.
    """
    plain = text.replace("\\", "/")
    while plain.startswith(("../", "./")):
        plain = plain.partition("/")[2]
    place = f"{place_of(file)}: {key}"
    try:
        plain = require_own_path(plain, place)
        for home in homes:
            path = home / plain
            if (path / "images").is_dir() and not any(map(_is_picture, path.iterdir())):
                return path / "images"
            if path.exists():
                return path
        if not split_of_folder(plain.partition("/")[0]):  # as it is in Roboflow's
            require_own_path(text, place)
    except AnnotationError as error:
        problems.append(Problem.of(error, effect="none"))
        return None
    problems.append(
        Problem(
            code="RC281",
            place=place,
            what="a split's folder is not there; the split is left out",
            got=place_of(text),
            want=f"a folder or a list in {place_of(homes[-1])}",
            fix="put it there, or take the line out",
            severity="warning",
        )
    )
    return None


def pictures_below(folder: Path) -> list[Path]:
    """List the pictures of a folder and of those in it; links to folders are not followed.

    Args:
        folder: of a split.

    Returns:
        Their paths, sorted.
    """
    return sorted(filter(_is_picture, folder.rglob("*")))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
