"""PatchDiscriminator: says for each patch of an edited region whether it looks real.

A small PatchGAN (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks"). It is kept
in check by spectral normalisation (Miyato et al. 2018), which costs one product with each weight a step; a gradient
penalty would cost a second backward pass, in full precision.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128)
"""Channels at 1/4, 1/8 and 1/8 of the picture's side: a patch is 36 pixels wide."""

SLOPE = 0.2

COARSE = 0.05
"""What is coarser than this share of the side is taken off for HighPassDiscriminator."""

RAISED = 4.0
"""How much it sees of what is left: lines are a tenth as strong as a face's own contrast."""


class PatchDiscriminator(nn.Module):
    """(n, 3, s, s) RGB in 0..1, a region (n, 1, s, s) in 0..1 and a condition to scores of patches.

    What lies outside the region is to be the same in real and made pictures: then only the region can tell
    them apart, and the patches at its rim still see whether it joins its surroundings.
    """

    def __init__(self, condition_size: int = 0, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        first, second, third = widths
        self.features = nn.Sequential(
            nn.PixelUnshuffle(2),
            spectral_norm(nn.Conv2d(16, first, 4, 2, 1)),
            nn.LeakyReLU(SLOPE),
            spectral_norm(nn.Conv2d(first, second, 4, 2, 1)),
            nn.LeakyReLU(SLOPE),
            spectral_norm(nn.Conv2d(second, third, 3, 1, 1)),
            nn.LeakyReLU(SLOPE),
        )
        self.score = spectral_norm(nn.Conv2d(third, 1, 1))
        self.project = spectral_norm(nn.Linear(condition_size, third, bias=False)) if condition_size else None

    def forward(self, image: torch.Tensor, region: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Return (n, 1, s / 8, s / 8) scores, higher for what looks real.

        A condition (n, size) is compared with the features (Miyato & Koyama 2018, "cGANs with Projection
        Discriminator").
        """
        x = self.features(torch.cat([image * 2 - 1, region], dim=1))
        score = self.score(x).float()
        if self.project is None or condition is None:
            return score
        return score + (self.project(condition)[:, :, None, None] * x).float().sum(dim=1, keepdim=True)


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


class HighPassDiscriminator(PatchDiscriminator):
    """A PatchDiscriminator that sees the fine band of the region alone: lines and pores, whatever their colour.

    Faces of other people, in other light, can then be what is real.
    """

    def forward(self, image: torch.Tensor, region: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Return scores as PatchDiscriminator does."""
        grey = image.mean(dim=1, keepdim=True)
        window = 2 * round(image.shape[-1] * COARSE / 2) + 1
        soft = F.avg_pool2d(grey, window, 1, window // 2, count_include_pad=False)
        fine = 0.5 + (grey - soft) * region * RAISED
        return super().forward(fine.expand(-1, 3, -1, -1), region, condition)
