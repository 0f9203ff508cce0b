"""Skin's texture for paint that is enlarged: where a network's pixel is two photo pixels wide, no pores show.

The spectrum of skin is measured beside the paint and within it, in frequencies that the paint's own pixels cannot
hold. What is missing is added as noise of that spectrum (Galerne et al. 2011, "Random Phase Textures"). It lies fixed
under the photo, so that one photo and edit give one answer.
"""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.grain import OPPONENT, TILE, white_noise
from mien_service.faces.surroundings import Surroundings, depth, photo_pixel, places_in

ENLARGED = 1.3
"""Photo pixels that a pixel of the paint is wide from which texture is added: finer paint shows its own."""

PATCH = 32
"""Side of the patches that spectra are measured on, in pixels."""

RING = 0.2
"""Width of the ring around the paint that is looked at, as a share of the paint's longer side."""

MOST_PATCHES, FEWEST_PATCHES = 40, 6

COARSE, FLATTEST = 3, 0.85
"""Frequencies, in steps of 1 / PATCH, whose power is structure; and the share of the patches, those of least structure,
that are listened to: brows, lids and wrinkles are not texture."""

SHARE = 0.75
"""Quantile of the patches' power that is taken for skin's: above it are edges, far below it is skin out of focus."""

LIGHTNESS = 1.6
CHROMA = 0.07
"""How many times lighter or darker than the paint, and how far from its colour over lightness, skin may be."""

HELD, LOST = 0.5, 1.0
"""Shares of the paint's highest frequency up to which it holds what it should, and from which nothing."""

LUMA = np.array((0.299, 0.587, 0.114))
"""Of red, green and blue (ITU-R BT.601)."""

ROUNDING = 1 / 12
"""Variance that rounding to whole grey levels makes at every frequency, texture or not."""

RADII = round(PATCH / math.sqrt(2)) + 1

Spectrum = NDArray[np.float32]
"""(3, RADII) variance in grey levels squared by opponent colour and frequency, in steps of 1 / PATCH cycles a pixel."""


@dataclass(frozen=True, eq=False)
class Texture:
    """tile: (TILE, TILE, 3) grey levels, as they are on paint of `lightness` (luma) or more; none on black."""

    tile: Field
    lightness: float

    def strength(self, pixels: RgbImage) -> Field:
        """Return how strong it is on painted pixels (h, w, 3), (h, w) in 0..1: in an open mouth there are no pores."""
        levels = np.clip(np.arange(256, dtype=np.float32) / np.float32(self.lightness), 0, 1)
        return np.asarray(cv2.LUT(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), levels), np.float32)


def missing_texture(painted: RgbImage, view: Surroundings, colour: Field, width: float) -> Texture | None:
    """Return the texture that paint lacks beside the skin around it, or None if there is none, or no skin.

    colour: the paint (s, s, 3) over the view as it was laid on; width: photo pixels that a pixel of it is wide.
    """
    inside = view.matte > 0.9
    if width < ENLARGED or not inside.any():
        return None
    skin = np.median(colour[inside], axis=0)
    pixel = photo_pixel(view)
    reach = RING * pixel * float(max(np.ptp(np.argwhere(view.matte > 0), axis=0))) + PATCH
    ring = (view.bare == 1) & (depth(view.bare == 1) * pixel < reach) & _alike(view.photo, skin)
    beside, within = (_spectrum(painted, mask, view) for mask in (ring, inside))
    if beside is None or within is None:
        return None
    missing = np.maximum(beside - np.maximum(within, ROUNDING), 0) * _lost(width)
    # Pores are of one colour, and darker or lighter.
    missing[1:] = np.minimum(missing[1:], missing[0])
    if not missing.any():
        return None
    return Texture(_noise(missing), max(float(LUMA @ skin), 1.0))


def _alike(photo: Field, skin: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which pixels (s, s) of a photo (s, s, 3) may be the same skin."""
    pixels, wanted = photo @ OPPONENT.T, OPPONENT @ skin
    ratio = np.maximum(pixels[..., 0], 1) / max(wanted[0], 1)
    chroma = pixels[..., 1:] / np.maximum(pixels[..., :1], 1) - wanted[1:] / max(wanted[0], 1)
    return (np.abs(np.log(ratio)) < np.log(LIGHTNESS)) & (np.abs(chroma) < CHROMA).all(axis=2)


def _spectrum(photo: RgbImage, mask: NDArray[np.bool_], view: Surroundings) -> Spectrum | None:
    """Return the spectrum of patches that lie in a mask over the view, or None if there are too few."""
    places = places_in(depth(mask) * photo_pixel(view) > PATCH / 2, view, MOST_PATCHES)
    height, width = photo.shape[:2]
    half = PATCH // 2
    places = places[((places >= half) & (places <= [width - half, height - half])).all(axis=1)]
    # Patches that show the same place say no more than one of them.
    places = places[np.unique(places // half, axis=0, return_index=True)[1]]
    if len(places) < FEWEST_PATCHES:
        return None
    patches = np.stack([photo[y - half : y + half, x - half : x + half] for x, y in places]).astype(np.float32)
    opponent = np.moveaxis((patches - patches.mean(axis=(1, 2), keepdims=True)) @ OPPONENT.T, 3, 1)
    power = np.abs(np.fft.rfft2(opponent * _window())) ** 2 / np.square(_window()).sum()
    structure = power[:, 0, :COARSE, :COARSE].sum(axis=(1, 2))
    power = power[np.argsort(structure, kind="stable")[: max(round(FLATTEST * len(power)), FEWEST_PATCHES)]]
    # Noise's power is spread exponentially, so that a quantile tells its mean; a few edges do not move it.
    return _isotropic(np.quantile(power, SHARE, axis=0) / -np.log(1 - SHARE))


def _isotropic(power: NDArray[np.floating]) -> Spectrum:
    """Return power (3, PATCH, PATCH // 2 + 1) averaged over all directions.

    A wrinkle or a compressor's grid would else show as a weave.
    """
    radius = np.rint(_frequency(PATCH) * PATCH).astype(int).ravel()
    means = [np.bincount(radius, one.ravel()) / np.bincount(radius) for one in power]
    return np.asarray(means, np.float32)


def _lost(width: float) -> Field:
    """Return the share of each frequency, from 0 on, that paint of pixels `width` photo pixels wide loses."""
    frequency = np.arange(RADII) / PATCH
    shares = (frequency * 2 * width - HELD) / (LOST - HELD)
    return np.asarray(np.clip(shares, 0, 1), np.float32)


def _noise(spectrum: Spectrum) -> Field:
    """Return noise of the spectrum, (TILE, TILE, 3) RGB; its edges wrap around."""
    radius = _frequency(TILE) * PATCH
    gains = [np.asarray(np.interp(radius, np.arange(RADII), np.sqrt(one)), np.float32) for one in spectrum]
    opponent = np.fft.irfft2(_white_spectrum() * np.stack(gains))
    return np.ascontiguousarray(np.moveaxis(opponent, 0, 2), np.float32) @ OPPONENT


@cache
def _frequency(side: int) -> Field:
    """Return the frequency in cycles a pixel of each place of `rfft2` of a square, (side, side // 2 + 1)."""
    return np.asarray(np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)), np.float32)


@cache
def _window() -> Field:
    along = np.hanning(PATCH + 1)[:PATCH]
    return np.asarray(np.outer(along, along), np.float32)


@cache
def _white_spectrum() -> NDArray[np.complex64]:
    return np.asarray(np.fft.rfft2(np.moveaxis(white_noise(), 2, 0)), np.complex64)
