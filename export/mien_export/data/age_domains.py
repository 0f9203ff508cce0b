"""Faces of two ages that nobody has paired: young ones and older ones of UTKFace, on the device that trains."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.augment import jittered_squares
from mien_export.data.crops import MARGIN, Crops, load_crops
from mien_export.data.packs import Row, is_training, is_validation

PACK = "utkface"

YOUNG_UNDER, OLD_FROM = 35, 55
"""Years."""

SHOWN = 8


class AgeDomains:
    """Young and older faces to train on, and young ones that are held out, to be shown."""

    def __init__(self, crops: Crops, size: int, device: torch.device) -> None:
        """`size` is the side in pixels of the service's square within the crops."""
        ages = [int(row["age"]) for row in crops.rows]
        young = [age < YOUNG_UNDER for age in ages]
        self._size = size
        self._young = self._of(crops, young, is_training).to(device)
        self._old = self._of(crops, [age >= OLD_FROM for age in ages], is_training).to(device)
        self._shown = self._of(crops, young, is_validation)[:SHOWN].to(device)

    @classmethod
    def load(cls, size: int, device: torch.device) -> "AgeDomains":
        """Return those of the pack."""
        return cls(load_crops(PACK, size), size, device)

    @staticmethod
    def _of(crops: Crops, of_age: list[bool], in_split: Callable[[Row], bool]) -> torch.Tensor:
        chosen: NDArray[np.bool_] = np.array(of_age) & np.array([in_split(row) for row in crops.rows])
        return torch.from_numpy(crops.pixels[chosen])

    def batch(self, images: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return randomly chosen, jittered young and older faces, each (images, 3, size, size) in 0..1."""
        young, old = (self._drawn(faces, images) for faces in (self._young, self._old))
        return young, old

    def shown(self) -> torch.Tensor:
        """Return the held-out young faces, (n, 3, size, size) in 0..1, the same each time."""
        return jittered_squares(self._shown, self._size, MARGIN, jitter=False)

    def _drawn(self, faces: torch.Tensor, images: int) -> torch.Tensor:
        chosen = torch.randint(len(faces), (images,), device=faces.device)
        return jittered_squares(faces[chosen], self._size, MARGIN).contiguous(memory_format=torch.channels_last)
