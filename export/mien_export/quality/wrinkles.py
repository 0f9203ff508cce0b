"""Wrinkles: fine lines of one direction, and those of them that sharpening alone would not bring out.

Lines are read by a bank of complex Gabor filters on lightness, as Batool & Chellappa (2015, "Fast detection of
facial wrinkles based on Gabor features using image morphology and geometric constraints") find wrinkles. What
answers alike in every direction (pores, stubble, grain) is no line: of the answer in the dominant direction, the
mean over directions is taken off.
"""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from skimage.color import rgb2lab

from mien_export.quality.regions import Mask
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.face import RgbImage

WAVELENGTHS = (4.0, 6.0, 9.0)
"""Of the filters, in pixels of the 256-pixel square, where eyes are about 64 apart: 1 pixel is about 1 mm."""

DIRECTIONS = 12
LENGTH_RATIO = 0.7
"""Width over length of a filter's window. Longer windows would need more directions: at these, a line halfway between
two of them still answers with four fifths."""

RIM = 24
"""Pixels by which the picture is reflected beyond its edge: the longest filter's reach."""

UNSHARP_SIGMAS = (0.8, 1.3, 2.0, 3.0, 5.0)
"""In pixels of the square: the radii of the unsharp masks that new lines are held against."""

UNSHARP_AMOUNTS = np.linspace(-0.8, 4.0, 25)
"""Below 0 the mask softens."""

Field = NDArray[np.float32]
Answers = NDArray[np.complex64]
"""(filters, n): the bank's answers, wavelength by wavelength, at the n pixels of a region."""


def wrinkle_map(square: RgbImage) -> Field:
    """Return (256, 256) how strongly each place of an aligned square is a line, from 0, in levels of L*.

    square is (256, 256, 3). Stripes of amplitude 1 in L* and one of WAVELENGTHS read .35 to .55: the other
    wavelengths and the mean over directions take the rest. Raises ValueError for a square of another size.
    """
    everywhere = np.ones(square.shape[:2], np.bool_)
    return _lines(_answers(lightness(square), everywhere)).reshape(square.shape[:2])


def wrinkle_energy(square: RgbImage, region: Mask) -> float:
    """Return the mean of `wrinkle_map` under the mask (256, 256), which must not be empty."""
    return float(wrinkle_map(square)[region].mean())


def new_lines(before: RgbImage, after: RgbImage, region: Mask) -> float:
    """Return the share, 0 to 1, of the wrinkle energy of `after` that no unsharp mask of `before` explains.

    Both are aligned squares (256, 256, 3). Of all unsharp masks (UNSHARP_SIGMAS, UNSHARP_AMOUNTS) the one whose
    wrinkle map under the mask is nearest to that of `after` in squared error is taken off; only what it lacks
    counts, not what it has too much of. 0 where `after` has no lines at all.
    """
    return LineMeter(before, region).read(after).new


class Lines(NamedTuple):
    """What is read of the lines of a picture: `wrinkle_energy` and `new_lines`."""

    energy: float
    new: float


class LineMeter:
    """Reads the lines of any number of edits of one face; what its unsharp masks explain is worked out once."""

    def __init__(self, before: RgbImage, region: Mask) -> None:
        """Lines are read under the mask `region` (256, 256); `before` is an aligned square (256, 256, 3)."""
        self._region = region
        grey = lightness(before)
        plain = _answers(grey, region)
        sharpened: list[Field] = []
        for sigma in UNSHARP_SIGMAS:
            soft = _answers(np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32), region)
            sharpened += [
                _lines(np.asarray(plain + np.complex64(amount) * (plain - soft), np.complex64))
                for amount in UNSHARP_AMOUNTS
            ]
        self._sharpened = sharpened
        self.energy = float(_lines(plain).mean())
        """Of the untouched face."""

    def read(self, after: RgbImage) -> Lines:
        """Return the energy of an edit, an aligned square (256, 256, 3), and the share of it that is new."""
        wanted = _lines(_answers(lightness(after), self._region))
        errors = [float(np.square(lines - wanted).sum()) for lines in self._sharpened]
        nearest = self._sharpened[int(np.argmin(errors))]
        total = float(wanted.sum())
        new = float(np.maximum(wanted - nearest, 0).sum()) / total if total > 0 else 0.0
        return Lines(float(wanted.mean()), new)


def lightness(square: RgbImage) -> Field:
    """Return (256, 256) L* in 0..100 of an aligned square. Raises ValueError for a square of another size."""
    if square.shape != (CROP_SIZE, CROP_SIZE, 3):
        raise ValueError(f"lines are read in squares of {CROP_SIZE} pixels, not {square.shape}")
    return rgb2lab(square)[..., 0].astype(np.float32)


def _answers(grey: Field, region: Mask) -> Answers:
    """Return the bank's answers to a picture (256, 256) at the pixels of the region."""
    spectrum = np.asarray(fft.fft2(np.pad(grey, RIM, "reflect")), np.complex64)
    inner = slice(RIM, -RIM)
    answers = [np.asarray(fft.ifft2(spectrum * passed), np.complex64) for passed in _bank()]
    return np.stack([answer[inner, inner][region] for answer in answers])


def _lines(answers: Answers) -> Field:
    """Return (n,): the answer of the dominant direction over the mean of all, meaned over wavelengths."""
    strengths = np.abs(answers).reshape(len(WAVELENGTHS), DIRECTIONS, -1)
    return (strengths.max(axis=1) - strengths.mean(axis=1)).mean(axis=0)


@cache
def _bank() -> list[Field]:
    """Return what each filter lets through of the padded picture's spectrum; matching stripes of height 1 answer 1."""
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    return [_passed(wavelength, float(angle)) for wavelength in WAVELENGTHS for angle in angles]


def _passed(wavelength: float, angle: float) -> Field:
    """Return a Gabor filter's spectrum: a Gaussian about its frequency, less one about 0: flat areas answer 0."""
    frequencies = np.fft.fftfreq(CROP_SIZE + 2 * RIM)
    across = np.cos(angle) * frequencies[None, :] + np.sin(angle) * frequencies[:, None]
    along = np.cos(angle) * frequencies[:, None] - np.sin(angle) * frequencies[None, :]
    sigma = wavelength / 2
    length = (sigma / LENGTH_RATIO * along) ** 2

    def gaussian(middle: float) -> NDArray[np.float64]:
        return np.exp(-2 * np.pi**2 * ((sigma * (across - middle)) ** 2 + length))

    flat = np.exp(-2 * np.pi**2 * (sigma / wavelength) ** 2)
    return (2 * (gaussian(1 / wavelength) - flat * gaussian(0))).astype(np.float32)
