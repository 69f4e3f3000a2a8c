"""Temporary."""

from dataclasses import replace

from frcnn.data.proposals_writer import write_proposals
from frcnn.ops import pictures


def store_proposals(detector, split, path, *, mirrored):
    config = replace(detector.module.config.proposals_train, before_nms=10**9)

    def each():
        for sample in split:
            (p,) = detector.propose([sample.picture], config)
            yield p.boxes, p.objectness
            if mirrored:
                (p,) = detector.propose([pictures.mirror(sample.picture)], config)
                yield p.boxes, p.objectness

    write_proposals(path, split, each(), copies=2 if mirrored else 1)
