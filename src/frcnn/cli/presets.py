"""The named sets of settings: which there are, and every value of one beside its source."""

import inspect
from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import words
from frcnn.cli.answers import give_json
from frcnn.cli.option_files import with_file
from frcnn.cli.options import PresetsOptions


def list_(options: Annotated[PresetsOptions | None, Parameter(name="*")] = None) -> int:
    """List the presets."""
    said = with_file(options, PresetsOptions)
    from frcnn import presets

    texts = {name: inspect.getdoc(make) or "" for name, make in presets.PRESETS.items()}
    first = {name: text.partition("\n")[0] for name, text in texts.items()}
    if said.json:
        give_json(first)
        return 0
    width = max(map(len, first))
    for name, text in first.items():
        print(f"{name:{width}}  {text}")
    return 0


def show_(
    name: Annotated[str, Parameter(converter=words.text)],
    /,
    *,
    options: Annotated[PresetsOptions | None, Parameter(name="*")] = None,
) -> int:
    """Print every setting of a preset with its meaning above and its source behind it.

    It is YAML for --config. The source is a section of the paper, whose code it is, or our reason.

    Args:
        name: one that `frcnn presets list` names.
        options: what was said.
    """
    said = with_file(options, PresetsOptions)
    from frcnn import presets, settings

    config = presets.named(name, "frcnn presets show")
    sources = presets.sources_of(name)
    if said.json:
        rows = settings.describe(config)
        give_json([{**row.to_json(), "source": sources[row.name]} for row in rows])
        return 0
    text = inspect.getdoc(presets.PRESETS[name]) or ""
    print("".join(f"# {line}".rstrip() + "\n" for line in text.splitlines()))
    print(settings.to_annotated_yaml(config, sources), end="")
    return 0
