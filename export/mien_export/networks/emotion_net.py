"""EmotionNet: a grey face to seven scores of expressions.

EfficientNet-Lite0 with its ImageNet weights, fine-tuned. FER2013 is small and its labels noisy: residual blocks of the
same size from scratch stood still at .65 on `valid`, whatever the time.
"""

import torch
from torch import nn
from torch.nn import functional as F

from mien_export.networks.lite0 import Lite0

SIDE = 88
"""Pixels of the face's side as the network sees it: twice those it is given. Lite0's first convolution halves them."""

DROPOUT = 0.3

IMAGENET_CONTRAST = 0.5
"""Deviation of grey in the pictures that Lite0 learned from, as it sees them."""


class ExpressionNet(nn.Module):
    """What networks of expressions share: (n, 1, s, s) grey faces in 0..1 to logits (n, k), whatever their light."""

    features: nn.Module
    head: nn.Module

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Return the logits of the expressions."""
        return self.head(self.features(standardized(faces)).mean(dim=(2, 3))).float()


def standardized(faces: torch.Tensor) -> torch.Tensor:
    """Return faces (n, 1, s, s), each with a mean of 0 and a deviation of 1."""
    centred = faces - faces.mean(dim=(2, 3), keepdim=True)
    return centred * (centred.square().mean(dim=(2, 3), keepdim=True) + 1e-4).rsqrt()


class EmotionNet(ExpressionNet):
    """EfficientNet-Lite0 on an enlarged face, the mean over it, dropout, and one linear layer: 3.4 M parameters.

    side: pixels that the face is enlarged to. Training may begin with fewer, which is faster.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        lite0 = Lite0().requires_grad_(requires_grad=True)
        self.features = nn.Sequential(*lite0.layers(), *lite0.last_layers())
        _see_grey(lite0.stem)
        self.head = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(lite0.width, classes))
        self.side = SIDE
        self.train()

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Return the logits of the expressions."""
        return super().forward(F.interpolate(faces, size=(self.side, self.side), mode="bilinear", align_corners=False))


def _see_grey(stem: nn.Conv2d) -> None:
    """Make a first convolution of colours one of faces with a deviation of 1, whose red, green and blue are alike."""
    stem.weight = nn.Parameter(stem.weight.detach().sum(dim=1, keepdim=True) * IMAGENET_CONTRAST)
    stem.in_channels = 1


class ServedEmotionNet(nn.Module):
    """A network of expressions as it is served: its probabilities, made calibrated by one temperature."""

    def __init__(self, net: ExpressionNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the probabilities (n, k) of faces (n, 1, s, s), grey in 0..1."""
        return (self.net(image) / self.temperature).softmax(dim=1)
