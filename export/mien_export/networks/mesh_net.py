"""MeshNet: a face square to its 468-point mesh, each point's visibility, the head's rotation and a face score."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

IMAGE_SIZE = 128
POINTS = 468

WIDTHS = (24, 40, 88, 144, 224)
"""Channels at 64, 32, 16, 8 and 4 pixels."""

CODE = 256
"""Numbers from which the mesh is put together linearly; the layer starts as the principal components of meshes."""


class MeshOutput(NamedTuple):
    """points: (n, 468, 3) in shares of the square's side, 0, 0 its upper left corner; z grows away from the camera.

    visibility: (n, 468) and score: (n, 1), probabilities (in training: logits). rotation: (n, 3, 2), the first two
    columns of the head's rotation matrix, not yet orthonormal (Zhou et al. 2019, "On the Continuity of Rotation
    Representations in Neural Networks").
    """

    points: torch.Tensor
    visibility: torch.Tensor
    rotation: torch.Tensor
    score: torch.Tensor


class Conv(nn.Sequential):
    """3x3 convolution, batch norm, ReLU; both linear parts fold into one when served."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, *, activate: bool = True) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True) if activate else nn.Identity(),
        )


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Conv(channels, channels), Conv(channels, channels, activate=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features of the shape of `x`."""
        return F.relu(x + self.body(x))


class MeshNet(nn.Module):
    """A small residual network whose heads share one code."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [Conv(3, WIDTHS[0], 2), Conv(WIDTHS[0], WIDTHS[1], 2)]
        for narrow, wide in pairwise(WIDTHS[1:]):
            layers += [Conv(narrow, wide, 2), Residual(wide)]
        layers += [nn.Conv2d(WIDTHS[-1], 64, 1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64 * 16, 512)]
        self.trunk = nn.Sequential(*layers, nn.ReLU(inplace=True))
        self.code = nn.Linear(512, CODE)
        self.points = nn.Linear(CODE, POINTS * 3)
        self.visibility = nn.Linear(512, POINTS)
        self.rotation = nn.Linear(512, 6)
        self.score = nn.Linear(512, 1)

    def forward(self, image: torch.Tensor) -> MeshOutput:
        """Return the answer for images (n, 3, 128, 128), RGB in 0..1; visibility and score as logits."""
        features = self.trunk(image * 2 - 1)
        points = self.points(self.code(features)).view(-1, POINTS, 3)
        rotation = self.rotation(features).view(-1, 3, 2)
        return MeshOutput(points, self.visibility(features), rotation, self.score(features))

    @torch.no_grad()
    def start_from(self, meshes: torch.Tensor) -> None:
        """Let the mesh layer start as the mean and principal components of `meshes`, (n, 468, 3), n over 256."""
        flat = meshes.flatten(1)
        mean = flat.mean(dim=0)
        _, spread, axes = torch.pca_lowrank(flat - mean, CODE, center=False)
        deviations = spread / (len(flat) - 1) ** 0.5
        self.points.weight.copy_((axes * deviations).to(self.points.weight))
        self.points.bias.copy_(mean.to(self.points.bias))
        self.rotation.bias.copy_(torch.tensor([1.0, 0, 0, 1, 0, 0]))


class ServedMeshNet(nn.Module):
    """MeshNet as it is served: probabilities instead of logits."""

    def __init__(self, net: MeshNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> MeshOutput:
        """Return the answer for images (n, 3, 128, 128), RGB in 0..1."""
        points, visibility, rotation, score = self.net(image)
        return MeshOutput(points, visibility.sigmoid(), rotation, score.sigmoid())


def orthonormal(columns: torch.Tensor) -> torch.Tensor:
    """Return rotations (n, 3, 3) from their first two columns (n, 3, 2), by Gram and Schmidt."""
    first = F.normalize(columns[..., 0], dim=-1)
    second = columns[..., 1] - (first * columns[..., 1]).sum(dim=-1, keepdim=True) * first
    second = F.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
