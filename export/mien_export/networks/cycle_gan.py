"""CycleGan: the design of the seed project for its addiction preview, as a baseline.

Two generators redraw the whole square, from young faces to older ones and back, each by the looks of faces that nobody
has paired (Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks"). They
are the paper's for 128 pixels, six residual blocks deep, at three eighths of its widths: 1.1 million parameters and 1.3
GMAC each, where the paper's have 7.8 million and 9. A step on one pair of faces runs them six times forwards and
backwards: half a second on one CPU core, so 25 minutes are 3,000 steps and more.
"""

from itertools import pairwise

import torch
from torch import nn

IMAGE_SIZE = 128

WIDTH = 24
"""Channels at the full side; twice as many at half of it, four times at a quarter. The paper has 64."""

BLOCKS = 6

CRITIC_WIDTHS = (24, 48, 96, 192)
"""Channels of a critic at 1/2, 1/4, 1/8 and 1/8 of the side: a patch is 70 pixels wide. The paper's are 64 to
512."""

SLOPE = 0.2


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_padded_convolution(channels, channels, 3), nn.ReLU(), *_padded_convolution(channels, channels, 3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


def _padded_convolution(channels_in: int, channels_out: int, kernel: int) -> list[nn.Module]:
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, padding_mode="reflect")
    return [convolution, nn.InstanceNorm2d(channels_out)]


class Generator(nn.Module):
    """(n, 3, s, s) RGB in 0..1 to the same face redrawn, in 0..1; s a multiple of 4."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        layers: list[nn.Module] = [*_padded_convolution(3, width, 7), nn.ReLU()]
        for wide in (width, 2 * width):
            layers += [nn.Conv2d(wide, 2 * wide, 3, 2, 1), nn.InstanceNorm2d(2 * wide), nn.ReLU()]
        layers += [_Residual(4 * width) for _ in range(BLOCKS)]
        for wide in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, output_padding=1)
            layers += [up, nn.InstanceNorm2d(wide // 2), nn.ReLU()]
        layers += [nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the redrawn face."""
        return self.layers(image * 2 - 1)


class Critic(nn.Module):
    """(n, 3, s, s) RGB in 0..1 to scores (n, 1, s / 8 - 2, s / 8 - 2) of its patches: 1 for real, 0 for made."""

    def __init__(self, widths: tuple[int, ...] = CRITIC_WIDTHS) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for place, (before, after) in enumerate(pairwise(widths), 2):
            stride = 1 if place == len(widths) else 2
            layers += [nn.Conv2d(before, after, 4, stride, 1), nn.InstanceNorm2d(after), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the patches' scores."""
        return self.layers(image * 2 - 1)


class CycleGan(nn.Module):
    """The generator that makes faces older, and the one that makes them younger."""

    def __init__(self) -> None:
        super().__init__()
        self.older = Generator()
        self.younger = Generator()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return faces (n, 3, s, s) in 0..1 made older."""
        return self.older(image)


class Critics(nn.Module):
    """The critic of older faces and the one of younger faces."""

    def __init__(self) -> None:
        super().__init__()
        self.older = Critic()
        self.younger = Critic()
