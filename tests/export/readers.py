"""A reader of portraits whose judge and age meter are made up: what they say is plain to see in the pixels."""

import numpy as np
import torch
from torch import nn

from mien_export.data.portrait_readings import PortraitReader
from mien_export.quality.age import AgeMeter
from mien_export.recipes.judges import Judge
from mien_service.faces.face import Points, RgbImage

ATTRIBUTES = ["Blond_Hair", "Black_Hair", "Eyeglasses", "Young", "Male", "Smiling", "No_Beard", "Mustache", "Gray_Hair"]


class MeanColours(nn.Module):
    """Attribute i is how bright the picture's i-th stripe from the top is, in grey levels over 128."""

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        """Return (n, len(ATTRIBUTES)) logits."""
        stripes = squares.mean(dim=(1, 3)).tensor_split(len(ATTRIBUTES), dim=1)
        return torch.stack([stripe.mean(dim=1) * 255 - 128 for stripe in stripes], dim=1)


class AgeOfBrightness(AgeMeter):
    """Reads the mean grey level of a picture as its age."""

    def __init__(self) -> None:
        """Without the base's model file."""

    def chip(self, photo: RgbImage, landmarks: Points) -> RgbImage:
        """Return the photo."""
        assert landmarks.shape == (68, 2)
        return photo

    def ages(self, chips: list[RgbImage]) -> np.ndarray:
        """Return (n,) mean grey levels."""
        return np.array([chip.mean() for chip in chips])


def reader() -> PortraitReader:
    """Return a reader that needs nothing trained."""
    return PortraitReader(Judge("a", MeanColours(), ATTRIBUTES, {}, {}), AgeOfBrightness())
