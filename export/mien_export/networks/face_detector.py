"""FaceDetector: a small anchor-free network that answers, at three strides, whether a face lies there, and its box.

After FCOS (Tian et al. 2019, "FCOS: Fully Convolutional One-Stage Object Detection") with one class, a short feature
pyramid, and the box's overlap with the truth learned into the score (Zhang et al. 2021, "VarifocalNet").
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.mesh_net import Conv, Residual

STRIDES = (8, 16, 32)

WIDTHS = (16, 32, 64, 96, 128)
"""Channels at strides 2, 4, 8, 16 and 32."""

HEAD_WIDTH = 48

RARE = -4.0
"""The score's first bias: few places show a face."""


class Detections(NamedTuple):
    """What is said of every cell of all strides, in the order of strides, rows, columns.

    scores: (n, cells), logits in training, 0..1 when served. boxes: (n, cells, 4) left, top, right, bottom in pixels
    of the input (edges, not pixel centres: 0 is the outer edge of the first pixel).
    """

    scores: torch.Tensor
    boxes: torch.Tensor


class FaceDetector(nn.Module):
    """Backbone, a pyramid from the coarse stride down to the fine one, one head for each stride."""

    def __init__(self) -> None:
        super().__init__()
        stem, second, *stages = WIDTHS
        self.stem = nn.Sequential(Conv(3, stem, 2), Conv(stem, second, 2))
        ins = (second, *stages)
        self.stages = nn.ModuleList(
            nn.Sequential(Conv(narrow, wide, 2), Residual(wide)) for narrow, wide in zip(ins, stages, strict=False)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(wide, HEAD_WIDTH, 1) for wide in stages)
        self.heads = nn.ModuleList(
            nn.Sequential(Conv(HEAD_WIDTH, HEAD_WIDTH), Conv(HEAD_WIDTH, HEAD_WIDTH)) for _ in stages
        )
        self.answers = nn.ModuleList(nn.Conv2d(HEAD_WIDTH, 5, 1) for _ in stages)
        for answer in self.answers:
            assert isinstance(answer, nn.Conv2d)
            assert answer.bias is not None
            nn.init.constant_(answer.bias[:1], RARE)
            nn.init.constant_(answer.bias[1:], 0.7)

    def forward(self, image: torch.Tensor) -> Detections:
        """Return detections (scores as logits) for images (n, 3, h, w), RGB in 0..1, sides multiples of 32."""
        features = self.stem(image * 2 - 1)
        pyramid: list[torch.Tensor] = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            pyramid.append(lateral(features))
        for fine in (1, 0):
            pyramid[fine] = pyramid[fine] + F.interpolate(pyramid[fine + 1], scale_factor=2.0, mode="nearest")
        scores: list[torch.Tensor] = []
        boxes: list[torch.Tensor] = []
        for level, head, answer, stride in zip(pyramid, self.heads, self.answers, STRIDES, strict=True):
            told = answer(head(level))
            scores.append(told[:, 0].flatten(1))
            # Distances to the four sides from the cell's middle, in strides; the exponent keeps them positive.
            distances = told[:, 1:].clamp(-4, 6).exp().flatten(2).transpose(1, 2) * stride
            middles = cell_middles(level.shape[2], level.shape[3], stride).to(distances)
            boxes.append(torch.cat([middles - distances[..., :2], middles + distances[..., 2:]], dim=2))
        return Detections(torch.cat(scores, dim=1), torch.cat(boxes, dim=1))


class ServedFaceDetector(nn.Module):
    """The detector as it is served: scores as probabilities."""

    def __init__(self, net: FaceDetector) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> Detections:
        """Return detections for images (n, 3, h, w), RGB in 0..1, sides multiples of 32."""
        scores, boxes = self.net(image)
        return Detections(scores.sigmoid(), boxes)


def cell_middles(rows: int, columns: int, stride: int) -> torch.Tensor:
    """Return the middles (rows * columns, 2) of a stride's cells, x and y in pixels of the input."""
    y, x = torch.arange(rows).float() + 0.5, torch.arange(columns).float() + 0.5
    grid = torch.stack([x[None, :].expand(rows, columns), y[:, None].expand(rows, columns)], dim=2)
    return grid.reshape(-1, 2) * stride
