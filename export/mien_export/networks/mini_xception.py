"""mini-XCEPTION, the seed project's network of expressions, a baseline (Arriaga et al. 2017, arXiv 1710.07557)."""

import torch
from torch import nn

from mien_export.networks.emotion_net import ExpressionNet

WIDTHS = (16, 32, 64, 128)
STEM_WIDTH = 8


class MiniXception(ExpressionNet):
    """Four residual modules of separable convolutions; the last convolution's mean over the face are the logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before in (1, STEM_WIDTH):
            layers += [nn.Conv2d(before, STEM_WIDTH, 3, bias=False), nn.BatchNorm2d(STEM_WIDTH), nn.ReLU()]
        layers += [_Module(before, width) for before, width in zip((STEM_WIDTH, *WIDTHS), WIDTHS, strict=False)]
        layers.append(nn.Conv2d(WIDTHS[-1], classes, 3, 1, 1))
        self.features = nn.Sequential(*layers)
        self.head = nn.Identity()


class _Module(nn.Module):
    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.separable = nn.Sequential(
            *_separable(before, width), nn.ReLU(), *_separable(width, width), nn.MaxPool2d(3, 2, 1)
        )
        self.short = nn.Sequential(nn.Conv2d(before, width, 1, 2, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.separable(x) + self.short(x)


def _separable(before: int, width: int) -> list[nn.Module]:
    each = nn.Conv2d(before, before, 3, 1, 1, groups=before, bias=False)
    return [each, nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)]
