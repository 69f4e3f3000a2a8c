"""Any frozen dataclass of settings into a plain mapping, and strictly back again.

Fields may be int, float, bool, str, Literal, tuples, a dataclass, and each of these or None.
Strict means: an unknown name is an error that names the nearest known one, true is no number, 8.5
is no count, NaN and infinity are no numbers. A whole number is accepted where a number is wanted.
"""

import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from frcnn.errors import ConfigError
from frcnn.settings.schema import (
    alternatives,
    default_at,
    elsewhere,
    form,
    hinted_fields,
    listed,
    names_of,
    nearest,
    show,
)
from frcnn.settings.yaml_tree import Keys

T = TypeVar("T")


def to_mapping(value: object) -> dict[str, Any]:
    """Turn a config into plain values.

    Args:
        value: an instance of a dataclass of settings.

    Returns:
        Nested dicts of None, bool, int, float, str and lists, in the order of the fields; what
        `from_mapping` reads back to an equal value, and JSON and YAML can hold.
    """
    if not is_dataclass(value) or isinstance(value, type):
        raise AssertionError(f"to_mapping: want a dataclass's instance, got {type(value).__name__}")
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)}


def plain(value: object) -> object:
    """Turn the value of one field into what JSON and YAML can hold."""
    if is_dataclass(value):
        return to_mapping(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise AssertionError(f"settings: no plain form for a {type(value).__name__}")


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the settings that differ; tuples and lists are alike, as they are in JSON.

    Args:
        old: plain values by name, nested.
        new: the same names, mostly.
        prefix: what stands before every name, its dot included.

    Returns:
        Sentences such as `batches.size was 2, is 5`, sorted by name.
    """
    rows: list[str] = []
    for name in sorted({*old, *new}):
        a, b = old.get(name), new.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            rows += differences(a, b, f"{prefix}{name}.")
        elif json.dumps(a) != json.dumps(b):
            rows.append(f"{prefix}{name} was {a}, is {b}")
    return rows


def from_mapping(
    cls: type[T],
    mapping: Mapping[str, object],
    place: str = "",
    places: Mapping[Keys, str] | None = None,
) -> T:
    """Make a config from plain values.

    Args:
        cls: a dataclass of settings.
        mapping: values by field name; a missing name takes the field's default.
        place: how errors call the source as a whole, say a file; empty: the settings' own names.
        places: where each value stood, by its path of keys, as far as that is known.

    Returns:
        The config, checked.

    Raises:
        ConfigError: an unknown name (RC344), a wrong type (RC345), a required value that is
            missing (RC340), or what the dataclass itself refuses.
    """
    return _Reader(cls, place, places or {}).build(cls, mapping, ())


@dataclass(frozen=True)
class _Reader:
    """One reading: remembers the whole, for errors."""

    top: type
    place: str
    places: Mapping[Keys, str] = field(default_factory=dict)

    def build(self, cls: type[T], mapping: object, path: Keys) -> T:
        """Make one section."""
        if not isinstance(mapping, Mapping):
            raise self._wrong_type(path, mapping, f"a section with {listed(cls)}")
        for key in mapping:
            if not isinstance(key, str) or key not in names_of(cls):
                raise self._unknown(cls, path, str(key))
        values = {}
        for each, hint in hinted_fields(cls):
            below = (*path, each.name)
            if each.name in mapping:
                values[each.name] = self._read(mapping[each.name], hint, below)
            elif each.default is MISSING and each.default_factory is MISSING:
                raise self._missing(below, form(hint))
        try:
            return cls(**values)
        except ConfigError as error:
            raise self._located(error, cls, path) from error

    def _read(self, value: object, hint: Any, path: Keys) -> object:  # noqa: ANN401
        kinds = alternatives(hint)
        if value is None and types.NoneType in kinds:
            return None
        kinds = [kind for kind in kinds if kind is not types.NoneType]
        for kind in kinds[:-1]:
            try:
                return self._read_one(value, kind, path, hint)
            except ConfigError:
                continue
        return self._read_one(value, kinds[-1], path, hint)

    def _read_one(self, value: object, kind: Any, path: Keys, hint: Any) -> object:  # noqa: ANN401
        if is_dataclass(kind):
            return self.build(typing.cast("type[object]", kind), value, path)
        if get_origin(kind) is tuple:
            return self._tuple(value, kind, path, hint)
        if not _fits(value, kind):
            raise self._wrong_type(path, value, form(hint))
        return float(typing.cast("float", value)) if kind is float else value

    def _tuple(self, value: object, kind: Any, path: Keys, hint: Any) -> object:  # noqa: ANN401
        if not isinstance(value, list | tuple):
            raise self._wrong_type(path, value, form(hint))
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value)
        if len(kinds) != len(value):
            raise self._wrong_type(path, value, form(hint))
        pairs = enumerate(zip(value, kinds, strict=True))
        return tuple(self._read(item, each, (*path, str(i))) for i, (item, each) in pairs)

    def _fault(self, code: str, path: Keys, what: str, **rest: str) -> ConfigError:
        """Name the place as exactly as it is known, and the setting in any case."""
        place, name = self._place(path), ".".join(path) or "settings"
        if place is None:
            return ConfigError(code, name, what, **rest)
        return ConfigError(code, place, f"{name}: {what}", **rest)

    def _place(self, path: Keys) -> str | None:
        for length in range(len(path), -1, -1):  # the nearest section that has a place
            if path[:length] in self.places:
                return self.places[path[:length]]
        return self.place or None

    def _blamed(self, name: str, cls: type, path: Keys) -> str | None:
        """Find where the refused setting stands; `name` is what the dataclass calls it."""
        if name in self.places.values():
            return name
        last = name.rpartition(".")[2].lstrip("-").replace("-", "_")  # options are --named-so
        exact = (*path, last) if last in names_of(cls) else path
        for where in (exact, path):
            inside = [at for key, at in self.places.items() if key[: len(where)] == where]
            if inside:  # of a section, its own place comes first
                return self.places.get(where) or ", ".join(inside)
        return self._place(path)

    def _wrong_type(self, path: Keys, value: object, want: str) -> ConfigError:
        usual = default_at(self.top, path)
        known = usual is not MISSING
        fix = f"write {want}" + (f"; the default is {show(usual)}" if known else "")
        return self._fault("RC345", path, "wrong value", got=show(value), want=want, fix=fix)

    def _missing(self, path: Keys, want: str) -> ConfigError:
        fix = f"add `{path[-1]}`"
        return self._fault("RC340", path, "is required", got="nothing", want=want, fix=fix)

    def _unknown(self, cls: type, path: Keys, key: str) -> ConfigError:
        near = nearest(key, names_of(cls))
        meant = ".".join((*path, near)) if near else elsewhere(key, self.top)
        fix = f"did you mean `{meant}`?" if meant else "`frcnn presets show NAME` lists them all"
        below = (*path, key)
        return self._fault(
            "RC344", below, "no such setting", got=show(key), want=listed(cls), fix=fix
        )

    def _located(self, error: ConfigError, cls: type, path: Keys) -> ConfigError:
        """Add the place to what the dataclass itself refused."""
        place = self._blamed(error.place, cls, path)
        if place is None or error.place == place:  # a section below may have done so already
            return error
        return ConfigError(
            error.code,
            place,
            f"{error.place}: {error.what}",
            got=error.got,
            want=error.want,
            fix=error.fix,
        )


def _fits(value: object, kind: Any) -> bool:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return any(value == each and type(value) is type(each) for each in get_args(kind))
    if kind is bool or kind is str:
        return isinstance(value, kind)
    if isinstance(value, bool):  # to Python a kind of int, to a reader a mistake
        return False
    if kind is int:
        return isinstance(value, int)
    if kind is float:
        return isinstance(value, int | float) and _finite(value)
    raise AssertionError(f"settings cannot hold a {kind}")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False
