"""What a dataclass of settings accepts, and the words that say so."""

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

_SIMPLE = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_LONGEST_SHOWN = 60
_ENOUGH = 3  # letters that a name must begin with to be taken for its beginning


def hinted_fields(cls: type) -> list[tuple["Field[Any]", Any]]:
    """Give the fields of a dataclass, each with its evaluated type."""
    hints = typing.get_type_hints(cls)
    return [(each, hints[each.name]) for each in fields(cls)]


def names_of(cls: type) -> list[str]:
    """Give the names of a dataclass's fields, in their order."""
    return [each.name for each in fields(cls)]


def listed(cls: type) -> str:
    """Give the same as one text."""
    return ", ".join(names_of(cls))


def alternatives(hint: Any) -> list[Any]:  # noqa: ANN401  # a type may be anything
    """Give the members of a union; of any other type, the type alone."""
    return list(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else [hint]


def section_of(hint: object) -> type | None:
    """Give the dataclass behind a field's type, or None for a plain value."""
    kinds = (kind for kind in alternatives(hint) if isinstance(kind, type))
    return next((kind for kind in kinds if is_dataclass(kind)), None)


def leaves(cls: type) -> list[str]:
    """List the dotted names of all settings of a class, sections left out."""
    names: list[str] = []
    for each, hint in hinted_fields(cls):
        section = section_of(hint)
        below = [f"{each.name}.{name}" for name in leaves(section)] if section else [each.name]
        names.extend(below)
    return names


def default_at(cls: type | None, path: tuple[str, ...]) -> object:
    """Give a setting's default; MISSING where it has none or the path leads into a list."""
    each: Field[Any] | None = None
    for part in path:
        found = [pair for pair in (hinted_fields(cls) if cls else []) if pair[0].name == part]
        if not found:
            return MISSING
        each, hint = found[0]
        cls = section_of(hint)
    return each.default if each else MISSING


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that was probably meant; None when nothing is close.

    The shortest that begins with it, else one that looks much like it, else the longest that it
    begins with, else one that looks like it.
    """
    names = list(known)
    longer = [each for each in names if len(name) >= _ENOUGH and each.startswith(name)]
    if longer:
        return min(longer, key=len)
    shorter = [each for each in names if len(each) >= _ENOUGH and name.startswith(each)]
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.85 if shorter else 0.6)
    return found[0] if found else max(shorter, key=len, default=None)


def elsewhere(key: str, top: type) -> str | None:
    """Find the setting that was probably meant, in any section.

    Args:
        key: a name, dotted or not, that is not there.
        top: the class whose settings are searched, sections and all.

    Returns:
        One whose last part is the same; else one of nearly the same dotted name; else one whose
        last part is nearly the same; None when nothing is close.
    """
    names, part = leaves(top), key.rpartition(".")[2]
    last = {name.rpartition(".")[2]: name for name in reversed(names)}
    same = [name for name in names if name.rpartition(".")[2] == part]
    if same:
        return nearest(key, same) or same[0]
    found = nearest(key, names)
    return found or last.get(nearest(part, last) or "")


def form(hint: Any) -> str:  # noqa: ANN401
    """Say in words which values a type accepts, as in "a whole number, or null"."""
    kinds = alternatives(hint)
    words = " or ".join(_form_of_one(kind) for kind in kinds if kind is not types.NoneType)
    return f"{words}, or null" if types.NoneType in kinds else words


def show(value: object) -> str:
    """Write a value as a YAML reader knows it, cut to a line."""
    if isinstance(value, Mapping):
        text = "a section of " + ", ".join(map(str, value)) if value else "an empty section"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(map(show, value)) + "]"
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    else:
        text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _form_of_one(kind: Any) -> str:  # noqa: ANN401
    if get_origin(kind) is Literal:
        words = [str(each) for each in get_args(kind)]
        return "one of " + ", ".join(words) if len(words) > 1 else words[0]
    if get_origin(kind) is tuple:
        return _form_of_tuple(get_args(kind))
    return _SIMPLE.get(kind) or f"a section with {listed(kind)}"


def _form_of_tuple(kinds: tuple[Any, ...]) -> str:
    if kinds[-1] is Ellipsis:
        return f"a list, each item {form(kinds[0])}"
    return f"a list of {len(kinds)}: " + ", ".join(map(form, kinds))
