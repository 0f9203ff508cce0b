"""EmotionNet: a grey face to seven scores of expressions.

Residual blocks with squeeze-and-excitation (He et al. 2016; Hu et al. 2018). A face of 44 pixels has so little to see
that the first convolution keeps every pixel; the first block is the first to halve them.
"""

import torch
from torch import nn
from torch.nn import functional as F

STEM_WIDTH = 16

WIDTHS, DEPTHS = (48, 96, 192, 256), (1, 2, 2, 1)
"""Channels and blocks of each stage, whose first block halves the sides: 2.6 M parameters, 95 M multiplications.

A training step takes 3 ms a face on one core beside other work, so that 36 minutes are 26 rounds through FER2013.
"""

SQUEEZE = 8
DROPOUT = 0.3


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
    """Residual stages, the mean over the face, dropout, and one linear layer."""

    def __init__(
        self, classes: int, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS, stem: int = STEM_WIDTH
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
        before = stem
        for width, depth in zip(widths, depths, strict=True):
            for index in range(depth):
                layers.append(_Block(before, width, 2 if index == 0 else 1))
                before = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(before, classes))


class _Block(nn.Module):
    """Two convolutions, their channels weighted by what the whole face shows, and a short cut."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.squeeze = nn.Conv2d(width, width // SQUEEZE, 1)
        self.excite = nn.Conv2d(width // SQUEEZE, width, 1)
        self.short = nn.Sequential()
        if stride > 1 or before != width:
            pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)
            self.short = nn.Sequential(pool, nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        gain = self.excite(F.relu(self.squeeze(y.mean(dim=(2, 3), keepdim=True)))).sigmoid()
        return F.relu(y * gain + self.short(x))


class ServedEmotionNet(nn.Module):
    """A network of expressions as it is served: its probabilities, made calibrated by one temperature."""

    def __init__(self, net: ExpressionNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the probabilities (n, k) of faces (n, 1, s, s), grey in 0..1."""
        return (self.net(image) / self.temperature).softmax(dim=1)
