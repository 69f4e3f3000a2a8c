"""Faster R-CNN (Ren et al., arXiv 1506.01497v3), the map: one line per stage. Start reading here.

stage         file               source            gives, for one picture
batch         batch.py           §3.3              [3, H, W], shorter side 600 pixels
backbone      backbone.py        §3.1, §4.1        [D, H/16, W/16]
anchors       anchors.py         §3.1.1            [M, 4]
RPN           rpn.py             §3.1              objectness [M], deltas [M, 4]
anchor labels anchor_labels.py   §3.1.2, §3.1.3    which anchors are learnt from, training only
proposals     proposals.py       §3.3              [P, 4]
RoI sampling  roi_sampling.py    Fast R-CNN §2.3   [R, 4] and their targets, training only
RoI pooling   roi_pooling.py     Fast R-CNN §2.1   [R, D, 7, 7]
box head      box_head.py        Fast R-CNN §2     logits [R, C + 1], deltas [R, C, 4]
losses        losses.py          Eq. (1)           four numbers, training only
postprocess   postprocess.py     Fast R-CNN §3     Detections
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from frcnn.model.anchor_labels import label_anchors
from frcnn.model.anchors import anchor_grid
from frcnn.model.backbone import Backbone
from frcnn.model.box_head import BoxHead
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.guards import are_finite, evaluating, require_finite
from frcnn.model.losses import head_box_loss, head_class_loss, rpn_box_loss, rpn_objectness_loss
from frcnn.model.postprocess import PostprocessConfig, postprocess
from frcnn.model.proposals import ProposalConfig, propose
from frcnn.model.roi_pooling import pool_regions
from frcnn.model.roi_sampling import sample_regions
from frcnn.model.rpn import RPNHead, RPNOutput
from frcnn.ops import boxes as box_ops
from frcnn.ops.deltas import encode
from frcnn.types import Detections, ImageBatch, Losses, Proposals, Size, Target

Boxed = TypeVar("Boxed", Detections, Proposals)


class FasterRCNN(nn.Module):
    """The two stages on one backbone (§3.2). It has no modes: `predict` and `losses`."""

    def __init__(self, config: FasterRCNNConfig) -> None:
        """Make a network with random weights, drawn from torch's global generator.

        Args:
            config: every stage's settings.
        """
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone)
        channels = self.backbone.out_channels
        self.rpn = RPNHead(channels, config.anchors.per_cell, config.rpn)
        self.box_head = BoxHead(channels, config.roi_pooling.cells, config.classes, config.box_head)

    def predict(
        self, batch: ImageBatch, report: PostprocessConfig | None = None
    ) -> list[Detections]:
        """Find objects; always evaluation behaviour, the module's state is restored.

        Args:
            batch: B pictures.
            report: other thresholds than the config's.

        Returns:
            For each picture its detections, in pixels of the original picture.

        Raises:
            ModelFileError: the network's numbers are not finite.
        """
        with evaluating(self), torch.no_grad():
            features = self.backbone(self._pixels(batch))
            proposals = self._proposed(features, batch, self.config.proposals_test)
            regions = self._pool(features, [p.boxes for p in proposals])
            answer = self.box_head(regions)
            require_finite("box head", answer.logits, answer.deltas)
            found = self._postprocess(answer.logits, answer.deltas, proposals, batch, report)
            return [
                _to_original_pixels(*row)
                for row in zip(found, batch.sizes, batch.originals, strict=True)
            ]

    def find_proposals(self, batch: ImageBatch, config: ProposalConfig) -> list[Proposals]:
        """Run the first stage alone; always evaluation behaviour, the module's state is restored.

        Args:
            batch: B pictures.
            config: how many, in original pixels where it speaks of pixels.

        Returns:
            For each picture its proposals, in pixels of the original picture.

        Raises:
            ModelFileError: the network's numbers are not finite.
        """
        with evaluating(self), torch.no_grad():
            proposals = self._proposed(self.backbone(self._pixels(batch)), batch, config)
            return [
                _to_original_pixels(*row)
                for row in zip(proposals, batch.sizes, batch.originals, strict=True)
            ]

    def losses(
        self,
        batch: ImageBatch,
        targets: Sequence[Target],
        generators: Sequence[torch.Generator],
    ) -> Losses:
        """Compute the joint loss of both stages (§3.2, approximate joint training).

        Args:
            batch: B pictures.
            targets: for each its true boxes, pixels of the resized picture.
            generators: for each where its draws come from (anchors, regions, dropout), so that
                a picture's draws do not depend on its neighbours.

        Returns:
            Four scalars, each the mean over the pictures. All are NaN where the network no
            longer gives finite numbers: there is nothing to propose from then.
        """
        features = self.backbone(self._pixels(batch))
        anchors = self._anchors(features)
        rpn = self.rpn(features)
        if not are_finite(rpn.objectness, rpn.deltas):
            nowhere = rpn.objectness.sum() * torch.nan
            return Losses(
                rpn_objectness=nowhere, rpn_boxes=nowhere, head_classes=nowhere, head_boxes=nowhere
            )
        objectness, boxes = self.rpn_losses(rpn, anchors, batch, targets, generators)
        proposals = self.propose(_detached(rpn), anchors, batch, self.config.proposals_train)
        classes, regions = self.head_losses(
            features, [p.boxes for p in proposals], targets, generators
        )
        return Losses(
            rpn_objectness=objectness, rpn_boxes=boxes, head_classes=classes, head_boxes=regions
        )

    def rpn_losses(
        self,
        rpn: RPNOutput,
        anchors: Tensor,
        batch: ImageBatch,
        targets: Sequence[Target],
        generators: Sequence[torch.Generator],
    ) -> tuple[Tensor, Tensor]:
        """Compute the first stage's two losses, means over the pictures. Eq. (1).

        Args:
            rpn: the head's output for the batch.
            anchors: [M, 4] float32, pixels of the resized picture.
            batch: its sizes are read.
            targets: for each picture its true boxes, pixels of the resized picture.
            generators: for each picture where its draw comes from.

        Returns:
            Objectness loss and box loss, scalars.
        """
        objectness, boxes = [], []
        for row, (target, generator) in enumerate(zip(targets, generators, strict=True)):
            labels = label_anchors(
                anchors, target, batch.sizes[row], self.config.anchor_labels, generator
            )
            objectness.append(rpn_objectness_loss(rpn.objectness[row], labels))
            per_cell = self.config.anchors.per_cell
            boxes.append(
                rpn_box_loss(
                    rpn.deltas[row], anchors, target.boxes, labels, self.config.rpn_loss, per_cell
                )
            )
        return torch.stack(objectness).mean(), torch.stack(boxes).mean()

    def propose(
        self, rpn: RPNOutput, anchors: Tensor, batch: ImageBatch, config: ProposalConfig
    ) -> list[Proposals]:
        """Choose each picture's proposals. §3.3.

        Args:
            rpn: the head's output for the batch.
            anchors: [M, 4] float32, pixels of the resized picture.
            batch: its sizes are read.
            config: how many, in original pixels where it speaks of pixels.

        Returns:
            For each picture its proposals, in pixels of the resized picture.
        """
        rows = zip(rpn.objectness, rpn.deltas, batch.sizes, batch.originals, strict=True)
        return [
            propose(objectness, deltas, anchors, size, _in_resized_pixels(config, size, original))
            for objectness, deltas, size, original in rows
        ]

    def head_losses(
        self,
        features: Tensor,
        proposals: Sequence[Tensor],
        targets: Sequence[Target],
        generators: Sequence[torch.Generator],
    ) -> tuple[Tensor, Tensor]:
        """Compute the second stage's two losses, means over the pictures. Fast R-CNN Eq. (1).

        Args:
            features: [B, D, h, w].
            proposals: for each picture [P, 4] float32, pixels of the resized picture.
            targets: for each picture its true boxes, pixels of the resized picture.
            generators: for each picture where its draws come from.

        Returns:
            Class loss and box loss, scalars.
        """
        config = self.config.roi_sampling
        sampled = [
            sample_regions(*row[:2], config, row[2])
            for row in zip(proposals, targets, generators, strict=True)
        ]
        counts = [len(s.boxes) for s in sampled]
        regions = self._pool(features, [s.boxes for s in sampled])
        answer = self.box_head.forward_dropping(regions, list(zip(counts, generators, strict=True)))
        classes, boxes = [], []
        for logits, deltas, regions_of in zip(
            torch.split(answer.logits, counts),
            torch.split(answer.deltas, counts),
            sampled,
            strict=True,
        ):
            wanted = self.box_head.normalise(encode(regions_of.targets, regions_of.boxes))
            classes.append(head_class_loss(logits, regions_of.labels))
            boxes.append(head_box_loss(deltas, regions_of.labels, wanted, self.config.head_loss))
        return torch.stack(classes).mean(), torch.stack(boxes).mean()

    def _pixels(self, batch: ImageBatch) -> Tensor:
        weight = self.rpn.conv.weight
        return batch.pixels.to(weight.device, weight.dtype, memory_format=torch.channels_last)

    def _anchors(self, features: Tensor) -> Tensor:
        grid = Size(features.shape[2], features.shape[3])
        return anchor_grid(self.config.anchors, grid).to(features.device)

    def _proposed(
        self, features: Tensor, batch: ImageBatch, config: ProposalConfig
    ) -> list[Proposals]:
        rpn = self.rpn(features)
        require_finite("RPN", rpn.objectness, rpn.deltas)
        return self.propose(rpn, self._anchors(features), batch, config)

    def _pool(self, features: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        return pool_regions(features, boxes, self.backbone.stride, self.config.roi_pooling)

    def _postprocess(
        self,
        logits: Tensor,
        deltas: Tensor,
        proposals: Sequence[Proposals],
        batch: ImageBatch,
        report: PostprocessConfig | None,
    ) -> list[Detections]:
        counts = [len(p.boxes) for p in proposals]
        probabilities = torch.split(logits.softmax(dim=1), counts)
        real = torch.split(self.box_head.denormalise(deltas), counts)
        rows = zip(probabilities, real, proposals, batch.sizes, strict=True)
        return [postprocess(*row, report or self.config.postprocess) for row in rows]


def _detached(rpn: RPNOutput) -> RPNOutput:
    """Hold the proposals fixed: approximate joint training ignores their gradient (§3.2, ii)."""
    return RPNOutput(objectness=rpn.objectness.detach(), deltas=rpn.deltas.detach())


def _in_resized_pixels(config: ProposalConfig, size: Size, original: Size) -> ProposalConfig:
    return replace(config, min_side=config.min_side * min(size) / min(original))


def _to_original_pixels(found: Boxed, size: Size, original: Size) -> Boxed:
    boxes = box_ops.scale(found.boxes, size, original)
    return replace(found, boxes=box_ops.clip(boxes, original))  # rounding may cross the border
