"""PatchDiscriminator: says for each patch of an edited region whether it looks real.

A small PatchGAN (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks"). It is kept
in check by spectral normalisation (Miyato et al. 2018), which costs one product with each weight a step; a gradient
penalty would cost a second backward pass, in full precision.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128)
"""Channels at 1/4, 1/8 and 1/8 of the picture's side: a patch is 36 pixels wide. With one width more it is 76 pixels
wide, its last two at 1/16."""

SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """(n, 3, s, s) RGB in 0..1, a region (n, 1, s, s) in 0..1 and a condition to scores of patches.

    What lies outside the region is to be the same in real and made pictures: then only the region can tell
    them apart, and the patches at its rim still see whether it joins its surroundings.
    """

    def __init__(self, condition_size: int = 0, widths: tuple[int, ...] = WIDTHS, gain: float = 1.0) -> None:
        """All widths but the last halve the side.

        Scores are `gain` times what the normalised layers say: with a gain of 1 a small network hardly reaches the
        hinge loss's margin.
        """
        super().__init__()
        *halving, last = widths
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        for before, after in pairwise((16, *halving)):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
        layers += [spectral_norm(nn.Conv2d(halving[-1], last, 3, 1, 1)), nn.LeakyReLU(SLOPE)]
        self.features = nn.Sequential(*layers)
        self.score = spectral_norm(nn.Conv2d(last, 1, 1))
        self.project = spectral_norm(nn.Linear(condition_size, last, bias=False)) if condition_size else None
        self.gain = gain

    def forward(self, image: torch.Tensor, region: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Return scores (n, 1, h, w) of patches, at 1/8 of the side with three widths: higher for what looks real.

        A condition (n, size) is compared with the features (Miyato & Koyama 2018, "cGANs with Projection
        Discriminator").
        """
        x = self.features(torch.cat([image * 2 - 1, region], dim=1))
        score = self.score(x).float()
        if self.project is None or condition is None:
            return self.gain * score
        return self.gain * (score + (self.project(condition)[:, :, None, None] * x).float().sum(dim=1, keepdim=True))


def discriminator_loss(real: torch.Tensor, made: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return the hinge loss (Lim & Ye 2017) of patch scores, each patch counting by its share of the region."""
    return weighted_mean(F.relu(1 - real) + F.relu(1 + made), region)


def generator_loss(made: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return how real the made patches' scores are not, each patch counting by its share of the region."""
    return -weighted_mean(made, region)


def weighted_mean(scores: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return the mean of scores (n, 1, h, w), weighted by the region (n, 1, s, s) averaged down; 0 for none at all."""
    weights = F.adaptive_avg_pool2d(region, (scores.shape[-2], scores.shape[-1]))
    return (scores * weights).sum() / weights.sum().clamp(min=1e-6)
