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

Here stands what looks at features; `stage_losses.py` has what each stage does in training only.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from frcnn.model.anchors import anchor_grid
from frcnn.model.backbone import Backbone
from frcnn.model.batch import to_original_pixels
from frcnn.model.box_head import BoxHead, HeadOutput
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.guards import are_finite, evaluating, nowhere, require_finite
from frcnn.model.postprocess import PostprocessConfig, postprocess
from frcnn.model.proposals import ProposalConfig, propose
from frcnn.model.roi_pooling import pool_regions, require_movable_boxes
from frcnn.model.rpn import RPNHead, RPNOutput
from frcnn.model.stage_losses import Generators, Targets, head_losses, rpn_losses
from frcnn.types import Detections, ImageBatch, Losses, Proposals, Size


class FasterRCNN(nn.Module):
    """The two stages, on one backbone (§3.2) or each on its own. No modes: predict and losses."""

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
        self.rpn_backbone = Backbone(config.backbone) if config.sharing == "separate" else None

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
            features, rpn = self._look(batch)
            require_finite("backbone", features)
            proposals = self._proposed(rpn, features, batch, self.config.proposals_test)
            regions = self._pool(features, [p.boxes for p in proposals])
            answer = self.box_head(regions)
            require_finite("box head", *answer)
            answers = answer.split([len(p.boxes) for p in proposals])
            rows = zip(answers, proposals, batch.sizes, strict=True)
            found = [self._detections(*row, report or self.config.postprocess) for row in rows]
            return to_original_pixels(found, batch)

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
            features = self._first_backbone(self._pixels(batch))
            proposals = self._proposed(self.rpn(features), features, batch, config)
            return to_original_pixels(proposals, batch)

    def losses(self, batch: ImageBatch, targets: Targets, generators: Generators) -> Losses:
        """Compute the joint loss of both stages (§3.2, approximate joint training).

        The proposals are taken as fixed: the head's loss does not teach the RPN through them.

        Args:
            batch: B pictures.
            targets: for each its true boxes, pixels of the resized picture.
            generators: for each where its draws come from (anchors, regions, dropout).

        Returns:
            Four scalars, each the mean over the pictures. All are NaN where the network no
            longer gives finite numbers: there is nothing to propose from then.
        """
        return self._joint_losses(batch, targets, generators, RPNOutput.detached)

    def exact_losses(self, batch: ImageBatch, targets: Targets, generators: Generators) -> Losses:
        """Compute the same loss, for exact joint training (§3.2, iii): its whole gradient.

        The head's loss also flows into the coordinates of the proposals, by two ways: the
        features pooled under a moving box (RoI warping), and the box targets, which are encoded
        against it. The second is part of the derivative of the loss that is printed, so it is
        kept. NMS, ranking and sampling choose; they have no gradient. Nobody has published a
        figure for this scheme.

        Args:
            batch: B pictures.
            targets: for each its true boxes, pixels of the resized picture.
            generators: for each where its draws come from (anchors, regions, dropout).

        Returns:
            As `losses`, to the bit where the pooling is the same.

        Raises:
            ConfigError: the pooling has no gradient for the boxes (RC366).
        """
        require_movable_boxes(self.config.roi_pooling)
        return self._joint_losses(batch, targets, generators, RPNOutput.as_it_is)

    def first_stage_losses(
        self, batch: ImageBatch, targets: Targets, generators: Generators
    ) -> tuple[Tensor, Tensor]:
        """Compute the RPN's two losses alone, from pixels. §3.1.3; §3.2, steps 1 and 3.

        Args:
            batch: B pictures.
            targets: for each its true boxes, pixels of the resized picture.
            generators: for each where its draw of anchors comes from.

        Returns:
            Objectness loss and box loss, scalars, means over the pictures; both are NaN where
            the network no longer gives finite numbers.
        """
        features = self._first_backbone(self._pixels(batch))
        rpn = self.rpn(features)
        if not are_finite(*rpn):
            return nowhere(rpn.objectness), nowhere(rpn.objectness)
        anchors = self._anchors(features)
        return rpn_losses(rpn, anchors, batch, targets, generators, self.config)

    def second_stage_losses(
        self,
        batch: ImageBatch,
        proposals: Sequence[Tensor],
        targets: Targets,
        generators: Generators,
    ) -> tuple[Tensor, Tensor]:
        """Compute Fast R-CNN's two losses alone, on given proposals. §3.2, steps 2 and 4.

        Args:
            batch: B pictures.
            proposals: for each [P, 4] float32, pixels of the resized picture; P may be 0.
            targets: for each its true boxes, pixels of the resized picture.
            generators: for each where its draws come from (regions, dropout).

        Returns:
            Class loss and box loss, scalars, means over the pictures; both are NaN where the
            network no longer gives finite numbers.
        """
        features = self.backbone(self._pixels(batch))
        return head_losses(self.box_head, features, proposals, targets, generators, self.config)

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
            propose(objectness, deltas, anchors, size, config.in_resized_pixels(size, original))
            for objectness, deltas, size, original in rows
        ]

    def _joint_losses(
        self,
        batch: ImageBatch,
        targets: Targets,
        generators: Generators,
        seen_by_head: Callable[[RPNOutput], RPNOutput],
    ) -> Losses:
        features, rpn = self._look(batch)
        if not are_finite(*rpn):
            lost = nowhere(rpn.objectness)
            return Losses(rpn_objectness=lost, rpn_boxes=lost, head_classes=lost, head_boxes=lost)
        anchors = self._anchors(features)
        objectness, boxes = rpn_losses(rpn, anchors, batch, targets, generators, self.config)
        found = self.propose(seen_by_head(rpn), anchors, batch, self.config.proposals_train)
        proposals = [p.boxes for p in found]
        classes, regions = head_losses(
            self.box_head, features, proposals, targets, generators, self.config
        )
        return Losses(
            rpn_objectness=objectness, rpn_boxes=boxes, head_classes=classes, head_boxes=regions
        )

    def _pixels(self, batch: ImageBatch) -> Tensor:
        weight = self.rpn.conv.weight
        is_last = weight.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if is_last else torch.contiguous_format
        return batch.pixels.to(weight.device, weight.dtype, memory_format=layout)

    def _first_backbone(self, pixels: Tensor) -> Tensor:
        features: Tensor = (self.rpn_backbone or self.backbone)(pixels)
        return features

    def _look(self, batch: ImageBatch) -> tuple[Tensor, RPNOutput]:
        """Give the detector's feature map, and what the RPN says of it, or of its own one."""
        pixels = self._pixels(batch)
        features = self.backbone(pixels)
        own = features if self.rpn_backbone is None else self.rpn_backbone(pixels)
        return features, self.rpn(own)

    def _anchors(self, features: Tensor) -> Tensor:
        grid = Size(features.shape[2], features.shape[3])
        return anchor_grid(self.config.anchors, grid).to(features.device)

    def _proposed(
        self, rpn: RPNOutput, features: Tensor, batch: ImageBatch, config: ProposalConfig
    ) -> list[Proposals]:
        require_finite("RPN", *rpn)
        return self.propose(rpn, self._anchors(features), batch, config)

    def _pool(self, features: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        return pool_regions(features, boxes, self.backbone.stride, self.config.roi_pooling)

    def _detections(
        self, answer: HeadOutput, proposals: Proposals, size: Size, report: PostprocessConfig
    ) -> Detections:
        deltas = self.box_head.denormalise(answer.deltas)
        return postprocess(answer.logits.softmax(dim=1), deltas, proposals, size, report)
