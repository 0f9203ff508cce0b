"""Attribute edits to beat: nothing, the mean difference, and the seed's decode-and-paste."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.crops import Crops
from mien_export.data.packs import Row
from mien_export.quality.regions import face_oval
from mien_service.faces.align import Affine, AlignedFace, apply, crop_transform, cut, invert
from mien_service.faces.face import RgbImage

SQUARE = 128
"""Side at which the baselines work, as the seed system did, in pixels."""

FEATHER = 4.0
"""Sigma of the blur that softens the pasted oval's edge, in pixels of the square."""

Editor = Callable[[RgbImage, AlignedFace, str, float], RgbImage]
"""photo (h, w, 3), its face, attribute, strength -1..1 -> the edited photo (h, w, 3)."""

Decode = Callable[[RgbImage, str, float], RgbImage]
"""An aligned square (128, 128, 3), attribute, strength -> the whole square decoded anew (128, 128, 3)."""

Field = NDArray[np.float32]


def no_edit(photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
    """Return the photo: what a meter shows when nothing happened."""
    del face, attribute, strength
    return photo


@dataclass(frozen=True, eq=False)
class MeanDifference:
    """Adds `gain` times the mean difference of faces with and without the attribute, inside a soft oval."""

    differences: dict[str, Field]
    gain: float = 1.0

    def __call__(self, photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
        """Return the edited photo."""
        residual = self.differences[attribute] * soft_oval(face)[..., None] * np.float32(strength * self.gain)
        return rounded(photo.astype(np.float32) + to_photo(residual, face, photo))


@dataclass(frozen=True, eq=False)
class DecodeAndPaste:
    """Decodes the edited face at 128 pixels and pastes it, enlarged, through a blurred landmark mask."""

    decode: Decode
    opacity: float = 1.0

    def __call__(self, photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
        """Return the edited photo."""
        square = cut(photo, square_transform(face), SQUARE)
        decoded = to_photo(self.decode(square, attribute, strength).astype(np.float32), face, photo)
        alpha = to_photo(soft_oval(face) * np.float32(self.opacity), face, photo)[..., None]
        original = photo.astype(np.float32)
        return rounded(original + alpha * (decoded - original))


def mean_differences(crops: Crops, attributes: tuple[str, ...]) -> dict[str, Field]:
    """Return for each attribute the mean square (128, 128, 3) with it minus that without, in grey levels.

    Among `is_candidate`'s people only, so that the mustache's difference is not that of men and women.
    """
    return {attribute: _mean_difference(crops, attribute) for attribute in attributes}


def is_candidate(row: Row, attribute: str) -> bool:
    """Return whether a person is asked about the attribute at all: mustaches are looked for on men."""
    return attribute != "mustache" or row["Male"] == "1"


def _mean_difference(crops: Crops, attribute: str) -> Field:
    column = attribute.capitalize()
    rows = [(i, row[column]) for i, row in enumerate(crops.rows) if is_candidate(row, attribute)]
    means = {label: _mean_square(crops, [i for i, found in rows if found == label]) for label in ("0", "1")}
    return means["1"] - means["0"]


def _mean_square(crops: Crops, chosen: list[int]) -> Field:
    rim = (crops.pixels.shape[1] - SQUARE) // 2
    total = np.zeros((SQUARE, SQUARE, 3), np.float64)
    for i in chosen:
        total += crops.pixels[i, rim : rim + SQUARE, rim : rim + SQUARE]
    return (total / max(len(chosen), 1)).astype(np.float32)


def square_transform(face: AlignedFace) -> Affine:
    """Return the similarity from photo pixels to the 128-pixel square."""
    return crop_transform(face.face.landmarks, SQUARE)


def soft_oval(face: AlignedFace) -> Field:
    """Return the face's oval (128, 128), 0..1, feathered."""
    landmarks = apply(square_transform(face), face.face.landmarks)
    oval = face_oval(landmarks, (SQUARE, SQUARE)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(oval, (0, 0), FEATHER), np.float32)


def to_photo(field: Field, face: AlignedFace, photo: RgbImage) -> Field:
    """Return a field of the square, (128, 128) or (128, 128, 3), on the photo's pixels; 0 beyond it."""
    height, width = photo.shape[:2]
    warped = cv2.warpAffine(field, invert(square_transform(face)), (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32)


def rounded(picture: NDArray[np.floating]) -> RgbImage:
    """Return float grey levels as uint8, clipped to 0..255."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
