"""The face VAE: 128x128 faces to 500 numbers and back (seed: Face Flex).

Lean by design: a pixel-unshuffle stem (a quarter of the pixels at once), residual blocks at 64 to 4 pixels,
a 4x4 bottleneck. Batch normalisation follows each convolution, so that export folds it away.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

IMAGE_SIZE = 128
LATENT_SIZE = 500
WIDTHS = (32, 64, 112, 160, 176)
"""Channels at 64, 32, 16, 8 and 4 pixels."""

BOTTLENECK_CHANNELS = 96
"""Channels of the 4x4 map that the latent numbers are read from and written to."""


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch normalisation, SiLU."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.SiLU(),
        )


class ResidualBlock(nn.Module):
    """Two convolutions added to their input; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, channels, h, w)."""
        return F.silu(x + self.norm(self.second(self.first(x))))


class Encoder(nn.Module):
    """(n, 3, 128, 128) in 0..1 -> mean and log variance, each (n, 500)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), ConvBlock(12, WIDTHS[0]), ResidualBlock(WIDTHS[0])]
        for narrow, wide in itertools.pairwise(WIDTHS):
            layers += [ConvBlock(narrow, wide, stride=2), ResidualBlock(wide)]
        layers += [ConvBlock(WIDTHS[-1], BOTTLENECK_CHANNELS), nn.Flatten()]
        self.features = nn.Sequential(*layers)
        self.mean = nn.Linear(BOTTLENECK_CHANNELS * 16, LATENT_SIZE)
        self.log_variance = nn.Linear(BOTTLENECK_CHANNELS * 16, LATENT_SIZE)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance of the latent numbers."""
        features = self.features(image * 2 - 1)
        return self.mean(features), self.log_variance(features).clamp(-8, 4)


class Decoder(nn.Module):
    """(n, 500) -> (n, 3, 128, 128), about 0..1 but not clamped (a residual of two needs no clamping)."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = nn.Linear(LATENT_SIZE, BOTTLENECK_CHANNELS * 16)
        wide_to_narrow = WIDTHS[::-1]
        layers: list[nn.Module] = [nn.Unflatten(1, (BOTTLENECK_CHANNELS, 4, 4))]
        layers += [ConvBlock(BOTTLENECK_CHANNELS, WIDTHS[-1]), ResidualBlock(WIDTHS[-1])]
        for wide, narrow in itertools.pairwise(wide_to_narrow):
            layers += [ConvBlock(wide, narrow), nn.Upsample(scale_factor=2), ResidualBlock(narrow)]
        layers += [nn.Conv2d(WIDTHS[0], 12, 3, 1, 1), nn.PixelShuffle(2)]
        self.pixels = nn.Sequential(*layers)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the decoded face."""
        return self.pixels(self.spread(latent)) * 0.5 + 0.5


class FaceVae(nn.Module):
    """Encoder and decoder together, as they are trained."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the reconstruction from a sampled latent, and the latent's mean and log variance."""
        mean, log_variance = self.encoder(image)
        latent = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return self.decoder(latent), mean, log_variance
