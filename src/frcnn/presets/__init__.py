"""Presets: functions with the literature's names that return a whole run's settings.

file             what it does
run_config.py    everything that a run is made of, as one value
voc.py           the paper's networks, in the authors' joint training
literature.py    one network in five readings of the paper: what each source says and does
own_data.py      for data of one's own: what was learnt since
fitting.py       a preset fitted to a start from random numbers, to pictures, to a scheme
names.py         all of them, by name
default_sources.py  where the default of every setting comes from
sources.py       where each value of a preset comes from

A preset says what it stands for, the published figure with its source, and ours where there is
one (`docs/results.md`).
"""

from frcnn.presets.fitting import for_head, for_pictures, from_scratch
from frcnn.presets.literature import all_anchor_regression, alt_opt, end2end, matlab, paper
from frcnn.presets.names import DEFAULT, OWN_DATA, PRESETS, named, of_backbone
from frcnn.presets.own_data import mobilenet_v2, resnet18, resnet18_scratch, vgg16
from frcnn.presets.run_config import RunConfig, StartConfig
from frcnn.presets.sources import sources_of
from frcnn.presets.voc import vgg16_voc07, vgg16_voc0712, zf_voc07

__all__ = [
    "DEFAULT",
    "OWN_DATA",
    "PRESETS",
    "RunConfig",
    "StartConfig",
    "all_anchor_regression",
    "alt_opt",
    "end2end",
    "for_head",
    "for_pictures",
    "from_scratch",
    "matlab",
    "mobilenet_v2",
    "named",
    "of_backbone",
    "paper",
    "resnet18",
    "resnet18_scratch",
    "sources_of",
    "vgg16",
    "vgg16_voc07",
    "vgg16_voc0712",
    "zf_voc07",
]
