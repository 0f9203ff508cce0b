"""Fréchet distance of Lite0 features: whether a set of pictures looks drawn from the real ones.

The form is FID's (Heusel et al. 2017) on other features and fewer dimensions, so that some hundred pictures do; the
figures are no published FIDs. It falls with n, hence the floor beside it: real pictures against real ones, as many.
"""

from dataclasses import dataclass

import numpy as np
import torch

from mien_export.networks.lite0 import Lite0
from mien_export.quality.statistics import Floats, TooFewSamples

FEWEST = 300
DIMENSIONS = 32
"""Principal components. With 300 CelebA pictures of 128 pixels the floor is 15.4 and 300 other reals read 15.5;
with 128 components the floor is 57 and other reals read 50: what is fitted on the reals flatters them."""

TAPS = (4, 10, 15)
"""Blocks at 1/8, 1/16 and 1/32 of the side: texture, parts, and the whole face; 40 + 112 + 320 channels."""

DRAWS = 8
"""Random halvings of the reals that value and floor are meaned over."""

BATCH = 32


@dataclass(frozen=True)
class Fid:
    """A Fréchet distance, always beside what real pictures themselves have."""

    value: float
    floor: float
    """Of n real pictures to the same reference."""

    n: int
    dimensions: int

    @property
    def excess(self) -> float:
        """How far the pictures are from the reals beyond what chance makes."""
        return self.value - self.floor


@torch.no_grad()
def pooled_features(squares: torch.Tensor, lite0: Lite0) -> Floats:
    """Return (n, 472) Lite0 features of aligned squares (n, 3, side, side), RGB in 0..1, meaned over place.

    Compare sets of one side only: the features see how large a face is.
    """
    batches = [[tap.mean(dim=(2, 3)) for tap in lite0.features(batch, TAPS)] for batch in squares.split(BATCH)]
    return torch.cat([torch.cat(taps, dim=1) for taps in batches]).double().numpy()


class FidMeter:
    """Measures sets of pictures against the same reals, on the reals' principal components."""

    def __init__(self, reals: Floats, dimensions: int = DIMENSIONS, seed: int = 0) -> None:
        """Fit on features (m, d) of real pictures; their people may not be those of the pictures to measure.

        Channels are standardised first, else the loudest ones rule. Raises TooFewSamples under twice FEWEST:
        one half is the reference, the other the floor.
        """
        if len(reals) < 2 * FEWEST:
            raise TooFewSamples("real pictures", len(reals), 2 * FEWEST)
        self._mean, self._scale = reals.mean(axis=0), np.maximum(reals.std(axis=0), 1e-9)
        standard = self._standard(reals)
        self._axes = np.linalg.svd(standard, full_matrices=False)[2][:dimensions].T
        self._reals = standard @ self._axes
        self._seed = seed

    def measure(self, made: Floats) -> Fid:
        """Return the distance of made pictures' features (n, d) to the reals, and the floor at the same n.

        Of more pictures than half the reals, a random part is taken each time. Raises TooFewSamples under FEWEST.
        """
        if len(made) < FEWEST:
            raise TooFewSamples("made pictures", len(made), FEWEST)
        random = np.random.default_rng(self._seed)
        projected = self._standard(made) @ self._axes
        n = min(len(made), len(self._reals) // 2)
        values, floors = np.zeros(DRAWS), np.zeros(DRAWS)
        for draw in range(DRAWS):
            reals = random.permutation(self._reals)
            values[draw] = frechet_distance(random.permutation(projected)[:n], reals[n:])
            floors[draw] = frechet_distance(reals[:n], reals[n:])
        return Fid(float(values.mean()), float(floors.mean()), n, self._axes.shape[1])

    def _standard(self, features: Floats) -> Floats:
        return (features - self._mean) / self._scale


def frechet_distance(samples: Floats, others: Floats) -> float:
    """Return the squared Fréchet distance of the normal distributions fitted to (n, k) and (m, k).

    |mean difference|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2) with covariances A and B (Dowson & Landau 1982).
    """
    between = float(np.square(samples.mean(axis=0) - others.mean(axis=0)).sum())
    a, b = np.cov(samples, rowvar=False), np.cov(others, rowvar=False)
    values, vectors = np.linalg.eigh(np.atleast_2d(a))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ np.atleast_2d(b) @ root), 0)).sum()
    return max(between + float(np.trace(np.atleast_2d(a)) + np.trace(np.atleast_2d(b)) - 2 * shared), 0.0)
