"""The Lite0 distance inside a region: how different two pictures look, whatever their pixels say."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.networks.lite0 import Lite0
from mien_service.faces.face import RgbImage

BATCH = 32


class PerceptualMeter:
    """Compares aligned squares by EfficientNet-Lite0's features; the distance is named Lite0, not LPIPS."""

    def __init__(self) -> None:
        self._lite0 = Lite0()

    @torch.no_grad()
    def distances(self, squares: torch.Tensor, others: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Return (n,) Lite0 distances under the masks, from 0 (alike) to 4.

        squares and others are (n, 3, side, side) RGB in 0..1, masks (n, h, w) of any size in 0..1.
        """
        batches = zip(squares.split(BATCH), others.split(BATCH), masks.split(BATCH), strict=True)
        return torch.cat([self._batch(*batch) for batch in batches])

    def _batch(self, squares: torch.Tensor, others: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        features, compared = self._lite0.features(squares), self._lite0.features(others)
        return masked_distance(features, compared, masks)


def as_squares(pictures: Sequence[RgbImage]) -> torch.Tensor:
    """Return pictures (side, side, 3) uint8 as the squares that Lite0 sees, (n, 3, side, side) in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def masked_distance(features: list[torch.Tensor], others: list[torch.Tensor], masks: torch.Tensor) -> torch.Tensor:
    """Return (n,) the mean over taps of squared differences of unit feature vectors, weighted by the masks.

    The form is LPIPS's (Zhang et al. 2018) without learned channel weights, as in networks/lite0.py; masks
    (n, h, w) are averaged down to each tap's size. 0 under an empty mask.
    """
    total = torch.zeros(len(masks))
    for a, b in zip(features, others, strict=True):
        difference = (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(dim=1)
        weights = F.adaptive_avg_pool2d(masks[:, None], (a.shape[-2], a.shape[-1]))[:, 0]
        total += (difference * weights).sum(dim=(1, 2)) / weights.sum(dim=(1, 2)).clamp(min=1e-6)
    return total / len(features)
