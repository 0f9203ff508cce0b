"""What an addiction is shown by: the baselines that the service is held against. They know nothing of substances."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from mien_export.networks.cycle_gan import IMAGE_SIZE, CycleGan
from mien_export.quality.turners import redrawn_square
from mien_export.recipes.shipping import averaged
from mien_service.faces.align import Affine, AlignedFace, invert, scale_of
from mien_service.faces.face import RgbImage
from mien_service.tasks.substances import Substance

SUBSTANCES = tuple(one.value for one in Substance)

Illustrator = Callable[[RgbImage, AlignedFace, str, Sequence[float]], list[RgbImage]]
"""A photo (h, w, 3), its face, a substance and severities in 0..1 to the photo at each severity."""

UNCHANGED = "photo as it is"
PLAIN_FILTER = "plain filter"
GAUSSIAN = "Gaussian and sharpen"
SEED = "seed's CycleGAN"

DARKER = -10.0
"""Levels of L*."""

DULLER = 0.85
"""Times a* and b*."""

FILTER_SIGMA, FILTER_AMOUNT = 2.0, 1.0
"""Of the plain filter's unsharp mask; sigmas are in pixels of the 256-pixel square."""

SOFTENING, SHARPENING_SIGMA, SHARPENING_AMOUNT = 1.0, 2.0, 1.0
"""Of the seed's post-processing."""

Levels = NDArray[np.float32]
"""(h, w, 3) RGB in 0..255, not rounded."""


def baselines(seed: Path) -> dict[str, Illustrator]:
    """Return the baselines by name; `seed` is a checkpoint of the seed's CycleGAN, or none."""
    found = {
        UNCHANGED: graded(lambda photo, _: photo.astype(np.float32)),
        PLAIN_FILTER: graded(plain_filter),
        GAUSSIAN: graded(lambda photo, face: gaussian_and_sharpen(photo.astype(np.float32), scale_of(face.transform))),
    }
    return found | ({SEED: graded(seed_cyclegan(seed))} if seed.exists() else {})


def graded(full: Callable[[RgbImage, AlignedFace], Levels]) -> Illustrator:
    """Return the illustrator that mixes the photo with its picture at full strength, by the severity."""

    def illustrate(photo: RgbImage, face: AlignedFace, substance: str, severities: Sequence[float]) -> list[RgbImage]:
        del substance
        change = full(photo, face) - photo
        return [np.clip(np.rint(photo + np.float32(one) * change), 0, 255).astype(np.uint8) for one in severities]

    return illustrate


def plain_filter(photo: RgbImage, face: AlignedFace) -> Levels:
    """Return the whole photo darker, duller and sharper, as the filter of a photo app makes it: no face is looked for.

    Only the sharpening's radius is told by the face, so that it is the same on a large photo.
    """
    lab = rgb2lab(photo) * (1, DULLER, DULLER) + (DARKER, 0, 0)
    toned = np.asarray(lab2rgb(lab) * 255, np.float32)
    return unsharp(toned, FILTER_SIGMA / scale_of(face.transform), FILTER_AMOUNT)


def gaussian_and_sharpen(photo: Levels, scale: float) -> Levels:
    """Return the whole photo as the seed project finished its pictures: blurred, then sharpened.

    scale: pixels of the 256-pixel square that one of the photo becomes.
    """
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), SOFTENING / scale), np.float32)
    return unsharp(soft, SHARPENING_SIGMA / scale, SHARPENING_AMOUNT)


def unsharp(photo: Levels, sigma: float, amount: float) -> Levels:
    """Return the photo plus `amount` times what a Gaussian of `sigma` pixels takes from it."""
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma), np.float32)
    return np.asarray(photo + np.float32(amount) * (photo - soft), np.float32)


def seed_cyclegan(checkpoint: Path) -> Callable[[RgbImage, AlignedFace], Levels]:
    """Return the seed project's pipeline by the averaged weights of a checkpoint.

    The aligned square is redrawn at 128 pixels, enlarged, finished by `gaussian_and_sharpen` (the project enlarged by a
    network) and laid over the photo, all of it.
    """
    net = CycleGan()
    net.load_state_dict(averaged(checkpoint))
    net.eval()

    def redraw(photo: RgbImage, face: AlignedFace) -> Levels:
        older = redrawn_square(net.older, photo, face, IMAGE_SIZE)
        side = face.crop.shape[0]
        enlarged = np.asarray(cv2.resize(older, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
        return laid(photo, gaussian_and_sharpen(enlarged, 1.0), face.transform)

    return redraw


def laid(photo: RgbImage, square: Levels, transform: Affine) -> Levels:
    """Return the photo with an aligned square, which `transform` would cut from it, laid over it."""
    size = photo.shape[1], photo.shape[0]
    back = invert(transform)
    colour = cv2.warpAffine(square, back, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    matte = cv2.warpAffine(np.ones(square.shape[:2], np.float32), back, size, flags=cv2.INTER_LINEAR)
    return np.asarray(photo + matte[..., None] * (colour - photo), np.float32)
