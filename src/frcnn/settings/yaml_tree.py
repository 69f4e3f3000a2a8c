"""YAML text into plain values, and where each of them stood. Nothing but plain values passes.

The scalars are those of YAML 1.2's core schema: `1e-3` is a number, `no` and `on` are words, and
`12:30` is not a count of seconds. Tags, anchors, aliases, duplicate keys, second documents and deep
nesting are refused: a settings file has no use for them, and each has hurt somebody.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from frcnn.errors import ConfigError

MAX_CHARACTERS = 256 * 1024
"""A settings file is a page or two; YAML is slow to read."""
MAX_DEPTH = 16
"""Nested mappings and lists; the settings need five."""

NULL = re.compile(r"~|null|Null|NULL|")
BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
INT = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITE = re.compile(r"([-+]?\.(inf|Inf|INF))|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 400  # digits; Python refuses to read much longer ones

Keys = tuple[str, ...]
"""Keys from the top; a list's items count from "0"."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Plain values, and where they came from."""

    value: object
    """None, bool, int, float, str, list or dict with str keys."""
    places: Mapping[Keys, str] = field(default_factory=dict)
    """`file:line:column` of each value, lines and columns counted from 1."""


def parse(text: str, place: str, *, columns: bool = True) -> Tree:
    """Read one YAML document.

    Args:
        text: the document; an empty one is a null.
        place: how errors call it, a path or an option.
        columns: whether line and column are added to the place.

    Returns:
        The values and their places.

    Raises:
        ConfigError: the text is not YAML (RC348), or holds a tag (RC341), an anchor or alias
            (RC342), a key twice (RC343), or more than the limits allow (RC346).
    """
    if len(text) > MAX_CHARACTERS:
        raise _too_much(place, f"{len(text)} characters", f"at most {MAX_CHARACTERS}")
    builder = _Builder(place, columns=columns)
    try:
        value = builder.document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(builder.at(mark), error.problem or "no YAML") from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise _not_yaml(place, " ".join(str(error).split())) from error
    return Tree(value=value, places=builder.places)


class _Mark(Protocol):
    """PyYAML's position, counted from 0."""

    line: int
    column: int


class _Builder:
    """Builds the tree from PyYAML's events, one by one."""

    def __init__(self, place: str, *, columns: bool) -> None:
        self.place, self.columns = place, columns
        self.places: dict[Keys, str] = {}

    def at(self, mark: "_Mark | None") -> str:
        """Write a place the way editors and shells understand it."""
        if mark is None or not self.columns:
            return self.place
        return f"{self.place}:{mark.line + 1}:{mark.column + 1}"

    def document(self, events: Iterator[yaml.Event]) -> object:
        """Read the only document; the events are used up."""
        value: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _not_yaml(self.at(event.start_mark), "a second document")
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, events, ())
        return value

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: Keys) -> object:
        self.places[path] = self.at(event.start_mark)
        self._refuse_marks(event, self.places[path])
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(path) >= MAX_DEPTH:
            got = f"more than {MAX_DEPTH} levels"
            raise _too_much(self.places[path], got, f"at most {MAX_DEPTH}")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, path)
        return self._mapping(events, path)

    def _list(self, events: Iterator[yaml.Event], path: Keys) -> list[object]:
        values: list[object] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, events, (*path, str(len(values)))))
        return values

    def _mapping(self, events: Iterator[yaml.Event], path: Keys) -> dict[str, object]:
        values: dict[str, object] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            place = self.at(event.start_mark)
            self._refuse_marks(event, place)
            if not isinstance(event, yaml.ScalarEvent):
                raise _not_yaml(place, "a key that is a list or mapping")
            if event.value in values:
                raise _duplicate(place, event.value, self.places[(*path, event.value)])
            below = (*path, event.value)
            values[event.value] = self._value(next(events), events, below)
            self.places[below] = place  # the key's place says more than its value's
        return values

    def _refuse_marks(self, event: yaml.Event, place: str) -> None:
        tag, anchor = getattr(event, "tag", None), getattr(event, "anchor", None)
        if anchor is not None:
            raise ConfigError(
                "RC342",
                place,
                "anchors and aliases are not read",
                got=f"{'*' if isinstance(event, yaml.AliasEvent) else '&'}{anchor}",
                want="plain values",
                fix="write the value out at each place",
            )
        if tag is not None:
            raise ConfigError(
                "RC341",
                place,
                "tags are not read: a settings file holds values, not objects",
                got=tag.replace("tag:yaml.org,2002:", "!!"),
                want="plain values",
                fix="remove the tag",
            )


def _scalar(event: yaml.ScalarEvent) -> object:
    text = event.value
    if event.style is not None:  # quoted, or a block
        return text
    if NULL.fullmatch(text):
        return None
    if BOOL.fullmatch(text):
        return text.lower() == "true"
    if INT.fullmatch(text) and len(text) < _LONGEST_NUMBER:
        return int(text)
    if FLOAT.fullmatch(text) and len(text) < _LONGEST_NUMBER:
        return float(text)
    if INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _not_yaml(place: str, got: str) -> ConfigError:
    return ConfigError(
        "RC348",
        place,
        "cannot be read as YAML",
        got=got,
        want="lines of `name: value`, indented by spaces",
        fix="mend the line; `frcnn presets show NAME` prints a correct example",
    )


def _too_much(place: str, got: str, want: str) -> ConfigError:
    fix = "this is no settings file of ours: they are short and flat"
    return ConfigError("RC346", place, "too much for settings", got=got, want=want, fix=fix)


def _duplicate(place: str, key: str, first: str) -> ConfigError:
    return ConfigError(
        "RC343",
        place,
        f"`{key}` stands here a second time",
        got=f"first at {first}",
        want="each name once",
        fix="remove one of the two",
    )
