"""A linear model of aligned faces: what a hole most likely shows, coarsely.

Given the pixels around the hole, the most likely coefficients of principal components of small faces (probabilistic
PCA, Tipping & Bishop 1999) give the rest.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field

LEAST_SHOWN = 1e-3
"""A coarse pixel of which less than this shows counts for nothing."""


class FacePrior:
    """The model of a table.

    Its arrays: mean (3, s, s) in 0..1, components (k, 3 s s), orthonormal, variances (k,), and noise (1,), the
    variance of a number that the components leave.
    """

    def __init__(self, table: dict[str, NDArray[np.floating]]) -> None:
        mean = table["mean"].astype(np.float32)
        self._side = mean.shape[1]
        self._mean = mean.ravel()
        self._components = table["components"].astype(np.float32)
        self._noise = float(table["noise"][0])
        self._doubt = np.diag(self._noise / table["variances"]).astype(np.float32)

    @property
    def components(self) -> int:
        """How many numbers say which face it is."""
        return len(self._components)

    def fill(self, face: Field, hole: Field) -> Field:
        """Return an aligned face (n, n, 3) in 0..1 whose hole, (n, n) in 0..1, is filled; what is in it is not seen.

        It is filled by the most likely face, where everything is hole by the mean one. n is a multiple of the model's
        side.
        """
        return self.fills(face, hole, [None])[0]

    def fills(self, face: Field, hole: Field, draws: Sequence[Field | None]) -> list[Field]:
        """Return the face filled once for each of `draws`, as `fill` does for None.

        Other draws, (components,) of standard normal numbers, each pick one of all the faces that may be.
        """
        shown = 1 - hole
        share = self._coarse(shown)[..., None]
        small = np.asarray(self._coarse(face * shown[..., None]) / np.maximum(share, LEAST_SHOWN), np.float32)
        weight = np.where(share > LEAST_SHOWN, share, 0).astype(np.float32)
        known, weights = _flat(small) - self._mean, _flat(np.broadcast_to(weight, small.shape))
        weighted = self._components * weights
        precision = weighted @ self._components.T + self._doubt
        # Given what shows, the coefficients are normal: their mean, and the covariance noise * precision^-1.
        likeliest = np.linalg.solve(precision, weighted @ known)
        if all(draw is None for draw in draws):
            return [self._laid(face, hole, likeliest)] * len(draws)
        spread = np.sqrt(self._noise) * np.linalg.inv(np.linalg.cholesky(precision)).T
        chosen = [likeliest if draw is None else likeliest + spread @ draw for draw in draws]
        return [self._laid(face, hole, coefficients) for coefficients in chosen]

    def _laid(self, face: Field, hole: Field, coefficients: Field) -> Field:
        """Return the face with the model's own face of these coefficients in its hole."""
        flat = (self._mean + coefficients @ self._components).astype(np.float32)
        filled = flat.reshape(3, self._side, self._side).transpose(1, 2, 0)
        large = cv2.resize(np.ascontiguousarray(filled, np.float32), face.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return np.asarray(face * (1 - hole)[..., None] + np.clip(large, 0, 1) * hole[..., None], np.float32)

    def _coarse(self, picture: Field) -> Field:
        return np.asarray(cv2.resize(picture, (self._side, self._side), interpolation=cv2.INTER_AREA), np.float32)


def _flat(picture: Field) -> Field:
    """Return (s, s, 3) as the model's numbers, channels first."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32).ravel()
