"""From what a person asks for to a run that trains.

file               what it does
options.py         the words of the command line
arguments.py       what the functions of Python are given
asked.py           the words of the command line -> a whole run's settings
contradictions.py  options that exclude each other
material.py        the data to train and validate on, the weights to start from
scheme.py          what a scheme asks for: a network that it can train, proposals
kept.py            what a run keeps: its settings, where its data is
rewording.py       an error of the data in other words
check.py           `frcnn data check`: a data set looked over, and mended in a copy
tile.py            `frcnn data tile`: large pictures and their boxes as tiles to train on
small_boxes.py     true boxes that resizing leaves nothing of
augmented.py       `frcnn data show --augmented`: what training sees, on contact sheets
look_cells.py      a training picture as it is and as training sees it, as cells of a sheet
after_training.py  which settings a trained network may have otherwise
announcing.py      what a person is told of it before it begins
differing.py       where its settings differ from its preset's or its config file's
surprises.py       what of its settings may surprise
run.py             a run folder with its papers, and the training itself
finished.py        what a training says once it is over
resumed.py         a run that goes on where it stopped
launched.py        a run's parts together, the same in all of its processes
processes.py       several processes on this machine
chosen.py          the pictures that a trained detector looks at
measure.py         a trained detector on a split: figures and plots
measured.py        what that answers
propose.py         a trained detector's proposals of a split, in a file

All that is decided here is written down before the first step: `config.yaml` holds every resolved
setting, so that `frcnn train --config RUN/config.yaml` does it again.
"""

from frcnn.launch.launched import Launched
from frcnn.launch.material import open_data
from frcnn.launch.options import TrainOptions
from frcnn.launch.run import launch, train

__all__ = ["Launched", "TrainOptions", "launch", "open_data", "train"]
