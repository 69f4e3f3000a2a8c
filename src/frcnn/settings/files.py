"""Settings from files and from `section.name=value`, and into files."""

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from frcnn import files
from frcnn.errors import ConfigError
from frcnn.settings import yaml_tree
from frcnn.settings.conversion import from_mapping, to_mapping
from frcnn.settings.schema import elsewhere, hinted_fields, leaves, section_of, show
from frcnn.settings.yaml_tree import Tree

T = TypeVar("T")

_LINE_ENDS = frozenset("\x85\u2028\u2029")
_PLAIN = (
    ("tag:yaml.org,2002:int", yaml_tree.INT, "-+0123456789"),
    ("tag:yaml.org,2002:float", yaml_tree.FLOAT, "-+.0123456789"),
)


def read_yaml(path: Path, cls: type[T]) -> T:
    """Read a config from a file.

    Args:
        path: a YAML file; names that it leaves out take their defaults.
        cls: which config it holds.

    Returns:
        The config, checked.

    Raises:
        ConfigError: the file cannot be read (RC349) or is not plain YAML (RC341 ... RC348), or a
            value is refused; the place is `file:line:column`.
    """
    tree = _read(path)
    return from_mapping(cls, _section(tree, path), str(path), tree.places)


def read_options(path: Path, cls: type[T], names: Mapping[str, str]) -> T:
    """Read options of the command line from a file, by the names under which they are typed.

    Args:
        path: a YAML file.
        cls: the options' dataclass.
        names: its field for each name in the file that is not the field's own.

    Returns:
        The options, checked.

    Raises:
        ConfigError: as `read_yaml`, and RC343 when one option stands under two names.
    """
    tree = _read(path)
    told: dict[str, object] = {}
    places = dict(tree.places)
    for key, value in _section(tree, path).items():
        name = names.get(key, key)
        if name in told:
            raise _twice(tree.places[key,], key, places[name,])
        told[name] = value
        places |= {(name, *at[1:]): place for at, place in tree.places.items() if at[:1] == (key,)}
    return from_mapping(cls, told, str(path), places)


def overlay_yaml(path: Path, value: T, *, unless_as_in: T | None = None) -> T:
    """Put the values of a file in the place of a config's own.

    Args:
        path: a YAML file; names that it leaves out stay as they are in `value`.
        value: a config.
        unless_as_in: a config whose values are no news: where the file merely repeats them,
            those of `value` stay, too. None: everything in the file counts.

    Returns:
        A new config of the same class, checked.

    Raises:
        ConfigError: as `read_yaml`.
    """
    tree = _read(path)
    told = _section(tree, path)
    if unless_as_in is not None:
        told = _news(told, to_mapping(unless_as_in))
    merged = _merge(to_mapping(value), told)
    return from_mapping(type(value), merged, str(path), tree.places)


def look_up_yaml(path: Path, name: str) -> tuple[object, str]:
    """Read one value of a file, before it is known what the others lie over.

    Args:
        path: a YAML file.
        name: of a setting at the top.

    Returns:
        The value, unchecked, and its place; None and the file where it is left out.

    Raises:
        ConfigError: the file cannot be read (RC349) or is not plain YAML (RC341 ... RC348).
    """
    tree = _read(path)
    return _section(tree, path).get(name), tree.places.get((name,), str(path))


def to_yaml(value: object) -> str:
    """Write a config as YAML text that `read_yaml` reads back to an equal value."""
    return yaml.dump(
        to_mapping(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


def flow_yaml(value: object) -> str:
    """Write one plain value as YAML on one line."""
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=math.inf
    )
    return text.removesuffix("\n").removesuffix("\n...")


def write_yaml(path: Path, value: object) -> None:
    """Write a config into a file, whole or not at all.

    Args:
        path: the place; a file that is there is replaced.
        value: the config.

    Raises:
        DiskError: the disk is full (RC601), read-only (RC602) or otherwise in the way (RC603).
    """
    files.write_text(path, to_yaml(value))


def apply_overrides(value: T, overrides: Iterable[str]) -> T:
    """Change single settings of a config, as `--set` does.

    Args:
        value: a config.
        overrides: `section.name=value`, the value written as in YAML; the last one wins. They
            are checked together, so two may be right where either alone would be wrong.

    Returns:
        A new config of the same class, checked.

    Raises:
        ConfigError: no `=` or no value (RC347), no such setting (RC344), a wrong type (RC345), or
            what the dataclass itself refuses; the place is the option as it was typed.
    """
    mapping = to_mapping(value)
    places: dict[yaml_tree.Keys, str] = {}
    for override in overrides:
        place = f"--set {override}"
        name, equals, text = override.partition("=")
        if not equals or not name.strip():
            raise _malformed(place, override, "section.name=value")
        path = _known_path(type(value), name.strip(), place)
        places[path] = place
        _put(mapping, path, yaml_tree.parse(text, place, columns=False).value)
    return from_mapping(type(value), mapping, "", places)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would take for something else."""

    def ignore_aliases(self, data: object) -> bool:  # PyYAML's signature
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        """Escape line ends of YAML 1.1: outside of double quotes, PyYAML reads them as others."""
        style = '"' if _LINE_ENDS.intersection(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.text)

for _tag, _pattern, _first in _PLAIN:
    _Dumper.add_implicit_resolver(_tag, _pattern, list(_first))


def _read(path: Path) -> Tree:
    try:
        text = _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"byte {error.start} is not UTF-8") from error
    return yaml_tree.parse(text, str(path))


def _content(path: Path) -> bytes:
    most = 4 * yaml_tree.MAX_CHARACTERS  # a character has at most four bytes
    try:
        with files.open_regular(path, lambda reason: _unreadable(path, reason)) as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise _unreadable(path, f"{size} bytes")
            return file.read()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _twice(place: str, name: str, first: str) -> ConfigError:
    what, want = "an option stands twice, under two names", f"it once; first at {first}"
    return ConfigError("RC343", place, what, got=name, want=want, fix="remove one of the two")


def _section(tree: Tree, path: Path) -> Mapping[str, object]:
    if tree.value is None:  # an empty file: all defaults
        return {}
    if isinstance(tree.value, dict):
        return tree.value
    raise ConfigError(
        "RC345",
        tree.places.get((), str(path)),
        "wrong value",
        got=show(tree.value),
        want="lines of `name: value`",
        fix="`frcnn presets show NAME` prints a correct example",
    )


def _merge(base: dict[str, Any], top: Mapping[str, object]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, Mapping)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _news(told: Mapping[str, object], known: Mapping[str, Any]) -> dict[str, object]:
    """Leave out what is known already; true is not 1."""
    news: dict[str, object] = {}
    for key, value in told.items():
        old = known.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            news[key] = _news(value, old)
        elif key not in known or value != old or isinstance(value, bool) != isinstance(old, bool):
            news[key] = value
    return news


def _known_path(cls: type, name: str, place: str) -> yaml_tree.Keys:
    """Follow a dotted name to a setting."""
    path = tuple(name.split("."))
    section: type | None = cls
    for part in path:
        hints = {each.name: hint for each, hint in hinted_fields(section)} if section else {}
        if part not in hints:
            raise _no_such(cls, name, place)
        section = section_of(hints[part])
    if section is not None:
        known = ", ".join(f"{name}.{leaf}" for leaf in leaves(section))
        raise _malformed(place, f"the whole section {name}", f"one of its settings: {known}")
    return path


def _no_such(cls: type, name: str, place: str) -> ConfigError:
    meant = elsewhere(name, cls)
    return ConfigError(
        "RC344",
        place,
        "no such setting",
        got=show(name),
        want="section.name of a setting that is there",
        fix=f"did you mean `{meant}`?" if meant else "`frcnn presets show NAME` lists them all",
    )


def _put(mapping: dict[str, Any], path: yaml_tree.Keys, value: object) -> None:
    for part in path[:-1]:
        if not isinstance(mapping[part], dict):  # an optional section that was null
            mapping[part] = {}
        mapping = mapping[part]
    mapping[path[-1]] = value


def _malformed(place: str, got: str, want: str) -> ConfigError:
    fix = "one setting at a time, as in --set model.pictures.shorter_side=480"
    return ConfigError("RC347", place, "no single setting", got=got, want=want, fix=fix)


def _unreadable(path: Path, got: str) -> ConfigError:
    return ConfigError(
        "RC349",
        str(path),
        "the settings file cannot be read",
        got=got,
        want="a short YAML file in UTF-8",
        fix="check the path; `frcnn presets show NAME` prints a correct example",
    )
