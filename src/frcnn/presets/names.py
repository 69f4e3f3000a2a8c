"""All presets by name."""

from collections.abc import Callable, Mapping

from frcnn.errors import ConfigError
from frcnn.presets import literature, own_data, voc
from frcnn.presets.run_config import RunConfig
from frcnn.settings import nearest

PRESETS: Mapping[str, Callable[[], RunConfig]] = {
    function.__name__: function
    for function in (
        voc.vgg16_voc07,
        voc.vgg16_voc0712,
        voc.zf_voc07,
        literature.paper,
        literature.matlab,
        literature.alt_opt,
        literature.end2end,
        literature.all_anchor_regression,
        own_data.vgg16,
        own_data.mobilenet_v2,
        own_data.resnet18,
        own_data.resnet18_scratch,
    )
}
DEFAULT = "mobilenet_v2"
OWN_DATA = ("vgg16", "mobilenet_v2", "resnet18")
"""Presets whose length follows from the data."""


def named(name: str, place: str = "--model") -> RunConfig:
    """Give a preset by its name.

    Args:
        name: of one of `PRESETS`.
        place: where the name stands, for the error.

    Returns:
        Its settings.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in PRESETS:
        near = nearest(name, PRESETS)
        raise ConfigError(
            "RC353",
            place,
            "no preset of that name",
            got=name,
            want=", ".join(PRESETS),
            fix=f"did you mean {near}?" if near else "list them with `frcnn presets list`",
        )
    return PRESETS[name]()


def of_backbone(name: str) -> RunConfig:
    """Give the preset that trains a network with this backbone further.

    Args:
        name: as `BackboneConfig` has it.

    Returns:
        The one for data of one's own; of ZF there is the paper's only.
    """
    return named("zf_voc07" if name == "zf" else name)
