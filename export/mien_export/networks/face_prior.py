"""FacePrior: a linear model of aligned faces that says what a hole most likely shows, coarsely.

Principal components of small faces; given the pixels around a hole, the most likely coefficients (probabilistic PCA,
Tipping & Bishop 1999) give the rest.
"""

import torch
from torch import nn
from torch.nn import functional as F

SIDE = 32
COMPONENTS = 120

LEAST_VARIANCE = 1e-6
"""A quarter of a grey level, squared: below that there is nothing to be known."""

LEAST_SHOWN = 1e-3
"""A coarse pixel of which less than this shows counts for nothing."""


class FacePrior(nn.Module):
    """Faces with a hole to faces whose hole is filled. The model's faces are (3, SIDE, SIDE) in 0..1."""

    mean: torch.Tensor
    components: torch.Tensor
    variances: torch.Tensor
    noise: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        size = 3 * SIDE * SIDE
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("components", torch.zeros(COMPONENTS, size))
        self.register_buffer("variances", torch.ones(COMPONENTS))
        self.register_buffer("noise", torch.ones(()))

    @torch.no_grad()
    def fit(self, images: torch.Tensor) -> None:
        """Take mean, components and variances from faces (n, 3, s, s) in 0..1, n over COMPONENTS."""
        flat = _coarse(images).flatten(1)
        self.mean.copy_(flat.mean(dim=0))
        centred = flat - self.mean
        _, spread, axes = torch.pca_lowrank(centred, COMPONENTS, center=False, niter=4)
        variances = spread.square() / (len(flat) - 1)
        left = centred.square().sum() / (len(flat) - 1) - variances.sum()
        self.components.copy_(axes.T)
        self.variances.copy_(variances.clamp(min=LEAST_VARIANCE))
        self.noise.copy_((left / (flat.shape[1] - COMPONENTS)).clamp(min=LEAST_VARIANCE))

    @torch.no_grad()
    def forward(self, images: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
        """Return images (n, 3, s, s) in 0..1 with the hole (n, 1, s, s) in 0..1 filled; what is in it is not looked at.

        Where everything is hole, the mean face is.
        """
        shown = 1 - hole
        share = _coarse(shown)
        small = _coarse(images * shown) / share.clamp(min=LEAST_SHOWN)
        weight = torch.where(share > LEAST_SHOWN, share, 0.0).expand_as(small).flatten(1)
        weighted = self.components * weight[:, None]
        gram = weighted @ self.components.T + torch.diag(self.noise / self.variances)
        known = (weighted @ (small.flatten(1) - self.mean)[..., None]).squeeze(2)
        filled = self.mean + torch.linalg.solve(gram, known) @ self.components
        large = F.interpolate(filled.view(-1, 3, SIDE, SIDE), images.shape[2:], mode="bicubic", align_corners=False)
        return images * shown + large.clamp(0, 1) * hole


def _coarse(images: torch.Tensor) -> torch.Tensor:
    return F.interpolate(images, (SIDE, SIDE), mode="area")
