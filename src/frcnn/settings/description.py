"""A table of settings: name, value, default, and the sentence that stands under the field.

The sentence gives the unit and the source. Python drops it when it compiles a class, so it is read
from the class's source text; where there is none (a class typed at a prompt) it is empty.
"""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, is_dataclass
from typing import Any

from frcnn.settings.conversion import plain
from frcnn.settings.files import flow_yaml
from frcnn.settings.schema import form, hinted_fields, section_of

_WIDTH = 96


@dataclass(frozen=True, kw_only=True)
class Row:
    """One setting."""

    name: str
    """Dotted from the top, as `--set` wants it."""
    value: object
    """A plain value; the default where a class was described."""
    default: object
    """The dataclass's own, a plain value."""
    required: bool
    """There is no default, and where a class was described no value either."""
    accepts: str
    """The accepted form, in words."""
    text: str
    """What it means, its unit and its source, on one line."""

    def to_json(self) -> dict[str, object]:
        """Give the row as plain values."""
        names = ("name", "value", "default", "required", "accepts", "text")
        return {name: getattr(self, name) for name in names}


def describe(config: object) -> tuple[Row, ...]:
    """List every setting of a config.

    Args:
        config: a dataclass of settings, or an instance of one.

    Returns:
        One row for each setting, in the order of the fields, sections opened.
    """
    cls = config if isinstance(config, type) else type(config)
    if not is_dataclass(cls):
        raise AssertionError(
            f"describe: want a dataclass or an instance of one, got {cls.__name__}"
        )
    instance = None if isinstance(config, type) else config
    return tuple(_rows(cls, instance, _default_of_class(cls), ""))


def to_annotated_yaml(config: object, sources: Mapping[str, str] | None = None) -> str:
    """Write a config as YAML with the sentence of each setting above it.

    Args:
        config: an instance of a dataclass of settings.
        sources: by name where a value comes from, to stand behind it.

    Returns:
        Text that `read_yaml` reads back to an equal value.
    """
    lines: list[str] = []
    open_sections: tuple[str, ...] = ()
    for row in describe(config):
        *sections, name = row.name.split(".")
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != tuple(sections[: depth + 1]):
                lines.append(f"{'  ' * depth}{section}:")
        open_sections = tuple(sections)
        indent = "  " * len(sections)
        comment = f"{indent}# "
        lines += textwrap.wrap(row.text, _WIDTH, initial_indent=comment, subsequent_indent=comment)
        behind = f"  # {sources[row.name]}" if sources and row.name in sources else ""
        lines.append(f"{indent}{name}: {flow_yaml(row.value)}{behind}")
    return "\n".join(lines) + "\n"


def _rows(cls: type, value: object, default: object, prefix: str) -> Iterator[Row]:
    texts = _texts(cls)
    for each, hint in hinted_fields(cls):
        usual = getattr(default, each.name) if default is not None else _default(each)
        own = getattr(value, each.name) if value is not None else usual
        section = section_of(hint)
        if section is not None and own is not None:
            yield from _rows(section, _known(own), _known(usual), f"{prefix}{each.name}.")
            continue
        yield Row(
            name=prefix + each.name,
            value=plain(_known(own)),
            default=plain(_known(usual)),
            required=usual is MISSING,
            accepts=form(hint),
            text=texts.get(each.name, ""),
        )


def _known(value: object) -> object:
    return None if value is MISSING else value


def _default_of_class(cls: type) -> object:
    """Give the value with all defaults, or None when something is required."""
    required = any(_default(each) is MISSING for each, _ in hinted_fields(cls))
    return None if required else cls()


def _default(each: "Field[Any]") -> object:
    return each.default_factory() if each.default_factory is not MISSING else each.default


def _texts(cls: type) -> dict[str, str]:
    """Collect the sentences under the fields, those of base classes included."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not is_dataclass(base):
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError, SyntaxError):
            continue
        texts |= _texts_of(tree.body[0])
    return texts


def _texts_of(definition: ast.stmt) -> dict[str, str]:
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    texts: dict[str, str] = {}
    for field, below in itertools.pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        value = below.value if isinstance(below, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            texts[field.target.id] = " ".join(value.value.split())
    return texts
