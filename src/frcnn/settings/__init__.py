"""Settings: frozen dataclasses read and written strictly, with the line of every mistake.

file              what it does
yaml_tree.py      YAML text -> plain values and where each stood; refuses all that is not plain
schema.py         what a dataclass accepts, and the words that say so
conversion.py     plain mapping <-> frozen keyword-only dataclass, of any nesting
files.py          the two above on files, and `section.name=value` overrides
pairs.py          a mapping of Python -> `section.name=value`
description.py    a table of every setting: name, value, default, and the sentence under its field

A config dataclass lives beside the code that reads it. This room knows none of them.
"""

from frcnn.settings.conversion import differences, from_mapping, to_mapping
from frcnn.settings.description import Row, describe, to_annotated_yaml
from frcnn.settings.files import (
    apply_overrides,
    flow_yaml,
    look_up_yaml,
    overlay_yaml,
    read_options,
    read_yaml,
    to_yaml,
    write_yaml,
)
from frcnn.settings.pairs import Settings, pairs_of
from frcnn.settings.schema import nearest

__all__ = [
    "Row",
    "Settings",
    "apply_overrides",
    "describe",
    "differences",
    "flow_yaml",
    "from_mapping",
    "look_up_yaml",
    "nearest",
    "overlay_yaml",
    "pairs_of",
    "read_options",
    "read_yaml",
    "to_annotated_yaml",
    "to_mapping",
    "to_yaml",
    "write_yaml",
]
