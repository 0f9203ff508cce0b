"""FacePrior: a linear model of aligned faces that says what a hole most likely shows, coarsely.

Principal components of small faces; given the pixels around a hole, the most likely coefficients (probabilistic PCA,
Tipping & Bishop 1999) give the rest.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

SIDE = 32
COMPONENTS = 120

LEAST_VARIANCE = 1e-6
"""A quarter of a grey level, squared: below that there is nothing to be known."""

LEAST_SHOWN = 1e-3
"""A coarse pixel of which less than this shows counts for nothing."""


class FacePrior(nn.Module):
    """Faces with a hole to faces whose hole is filled. The model's faces are (3, side, side) in 0..1."""

    mean: torch.Tensor
    components: torch.Tensor
    variances: torch.Tensor
    noise: torch.Tensor

    def __init__(self, side: int = SIDE, components: int = COMPONENTS) -> None:
        super().__init__()
        self.side = side
        size = 3 * side * side
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("components", torch.zeros(components, size))
        self.register_buffer("variances", torch.ones(components))
        self.register_buffer("noise", torch.ones(()))

    @torch.no_grad()
    def fit(self, images: torch.Tensor, caution: float = 1.0) -> None:
        """Take mean, components and variances from faces (n, 3, s, s) in 0..1, n over the components.

        `caution` is how many times stronger the noise is taken to be than what the components leave.
        """
        count = len(self.components)
        flat = self._coarse(images).flatten(1)
        self.mean.copy_(flat.mean(dim=0))
        centred = flat - self.mean
        _, spread, axes = torch.pca_lowrank(centred, count, center=False, niter=4)
        variances = spread.square() / (len(flat) - 1)
        left = centred.square().sum() / (len(flat) - 1) - variances.sum()
        self.components.copy_(axes.T)
        self.variances.copy_(variances.clamp(min=LEAST_VARIANCE))
        self.noise.copy_((caution * left / (flat.shape[1] - count)).clamp(min=LEAST_VARIANCE))

    @torch.no_grad()
    def forward(self, images: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
        """Return images (n, 3, s, s) in 0..1 with the hole (n, 1, s, s) in 0..1 filled; what is in it is not looked at.

        Where everything is hole, the mean face is.
        """
        return self.filled(images, hole, self.coefficients(images, hole))

    @torch.no_grad()
    def coefficients(self, images: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
        """Return the most likely coefficients (n, components) of images (n, 3, s, s) with a hole."""
        shown = 1 - hole
        share = self._coarse(shown)
        small = self._coarse(images * shown) / share.clamp(min=LEAST_SHOWN)
        weight = torch.where(share > LEAST_SHOWN, share, 0.0).expand_as(small).flatten(1)
        weighted = self.components * weight[:, None]
        gram = weighted @ self.components.T + torch.diag(self.noise / self.variances)
        known = (weighted @ (small.flatten(1) - self.mean)[..., None]).squeeze(2)
        return torch.linalg.solve(gram, known)

    @torch.no_grad()
    def own_coefficients(self, images: torch.Tensor) -> torch.Tensor:
        """Return the coefficients (n, components) of images without a hole."""
        known = (self._coarse(images).flatten(1) - self.mean) @ self.components.T
        return known / (1 + self.noise / self.variances)

    @torch.no_grad()
    def filled(self, images: torch.Tensor, hole: torch.Tensor, coefficients: torch.Tensor) -> torch.Tensor:
        """Return images whose hole shows the face of `coefficients` (n, components)."""
        small = (self.mean + coefficients @ self.components).view(-1, 3, self.side, self.side)
        large = F.interpolate(small, images.shape[2:], mode="bicubic", align_corners=False)
        return images * (1 - hole) + large.clamp(0, 1) * hole

    def table(self) -> dict[str, NDArray[np.float32]]:
        """Return the model as the service's `faces.prior.FacePrior` takes it."""
        return {
            "mean": self.mean.view(3, self.side, self.side).numpy(),
            "components": self.components.numpy(),
            "variances": self.variances.numpy(),
            "noise": self.noise.view(1).numpy(),
        }

    def _coarse(self, images: torch.Tensor) -> torch.Tensor:
        return F.interpolate(images, (self.side, self.side), mode="area")
