"""The photo's grain for pixels that were invented: enlarged fields are smooth, photos are not.

Grain is measured beside the paint and within it, in flat patches: its strength in the finest band of scale, its
softness by the ratio to the next band, each in three opponent colours. What is missing is added as blurred white noise
of that strength and softness. The noise lies fixed under the photo, so that one photo and edit give one answer.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.sheet import Box
from mien_service.faces.surroundings import Surroundings, depth, photo_pixel, places_in

BANDS = 2
TILE = 256
SEED = 20

RING = 0.1
"""Width of the ring around the paint that is looked at, as a share of the paint's longer side."""

SMALLEST_CORE, LARGEST_CORE = 4, 16
BORDER = 2**BANDS - 1
"""Pixels around a patch that its bands look at."""

MOST_PATCHES = 48
FEWEST_PATCHES = 4

FLATTEST = 0.6
"""Share of the patches that are listened to: those whose coarse structure is flattest. Hair is not grain."""

QUIET = 0.2
"""Quantile of the patches' deviations that is taken for grain: grain is everywhere, what is louder is structure."""

SOFTNESS = (0.0, 0.35, 0.5, 0.6, 0.7, 0.85, 1.0)
"""Sigmas of the blurs, in photo pixels, that the noise is kept in: a sensor's own, demosaiced, compressed. What is much
softer is structure, or the grain of an enlarged photo, which a face can do without."""

LIKE = 1.5
"""How many times softer than the softest noise the grain may seem, before less of it is laid on."""

DOUBT = 0.5
"""Share of the wider band beside the paint by which what it lacks there may be more: it is measured on structure."""

FAINTEST = 0.4
"""Grey levels of a band's deviation that rounding to whole levels alone makes."""

MAD_TO_SIGMA = 1.4826
"""Median absolute value to standard deviation, for normal noise."""

OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]] / np.sqrt(np.array([[3], [2], [6]])), np.float32)
"""Lightness, red-blue, green-magenta (Ohta et al. 1980, "Color Information for Region Segmentation"), orthonormal."""

Levels = NDArray[np.float64]
"""(BANDS, 3) variances in grey levels squared, by band the finest first, and by opponent colour."""


def missing_grain(painted: RgbImage, view: Surroundings) -> Field | None:
    """Return the grain that the paint in `painted` lacks beside its ring: a tile, (TILE, TILE, 3), or None if none."""
    pixel = photo_pixel(view)
    longer = pixel * float(max(np.ptp(np.argwhere(view.matte > 0), axis=0), default=0))
    core = int(np.clip(round(RING * longer), SMALLEST_CORE, LARGEST_CORE))
    outside = depth(view.bare == 1) * pixel
    near = (outside > core / 2) & (outside < RING * longer + core)
    deep = depth(view.matte > 0.9 * view.matte.max()) * pixel > core / 2
    beside, within = (_levels(painted, places_in(mask, view, MOST_PATCHES), core) for mask in (near, deep))
    if beside is None or within is None:
        return None
    return _grain_of(beside, within)


def wrapped(tile: Field) -> Field:
    """Return a tile of noise as `grain_at` takes it: with what follows beyond its edges, (2 TILE, 2 TILE, 3)."""
    return np.tile(tile, (2, 2, 1))


def grain_at(noise: Field, box: Box) -> Field:
    """Return the grain of the photo's pixels in `box`, at most TILE a side, (h, w, 3) grey levels."""
    (width, height), top, left = box.size, box.top % TILE, box.left % TILE
    return noise[top : top + height, left : left + width]


def _levels(photo: RgbImage, places: NDArray[np.int64], core: int) -> Levels | None:
    """Return the variances that all patches around `places` have, or None if too few of them lie in the photo."""
    reach = core // 2 + BORDER
    height, width = photo.shape[:2]
    fit = ((places >= reach) & (places < [width - reach, height - reach])).all(axis=1)
    if fit.sum() < FEWEST_PATCHES:
        return None
    patches = np.stack([photo[y - reach : y + reach, x - reach : x + reach] for x, y in places[fit]])
    bands, smooth = _bands(patches.astype(np.float32) @ OPPONENT.T, axes=(1, 2))
    core_only = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER), slice(None))
    structure = smooth[core_only][..., 0].std(axis=(1, 2))
    flattest = np.argsort(structure, kind="stable")[: max(round(FLATTEST * len(patches)), FEWEST_PATCHES)]
    sigma = MAD_TO_SIGMA * np.median(np.abs(bands[core_only][:, flattest]), axis=(2, 3))
    return np.quantile(sigma, QUIET, axis=1).astype(np.float64) ** 2


def _bands(pixels: Field, axes: tuple[int, int]) -> tuple[Field, Field]:
    """Return the differences of ever wider blurs (a trous, kernel 1 2 1), (BANDS, ...), and the widest blur.

    Edges wrap around.
    """
    bands: list[Field] = []
    for i in range(BANDS):
        blurred = pixels
        for axis in axes:
            around = np.roll(blurred, 2**i, axis) + np.roll(blurred, -(2**i), axis)
            blurred = np.asarray(blurred / 2 + around / 4, np.float32)
        bands.append(pixels - blurred)
        pixels = blurred
    return np.stack(bands), pixels


@cache
def white_noise() -> Field:
    """Return a tile of noise of variance 1, (TILE, TILE, 3)."""
    return np.random.default_rng(SEED).standard_normal((TILE, TILE, 3), np.float32)


@cache
def _noise() -> tuple[list[Field], NDArray[np.float64]]:
    """Return a tile of noise (TILE, TILE, 3) for each softness, 1 its variance in the finest band, and in the next."""
    white = white_noise()
    tiles: list[Field] = []
    next_bands: list[float] = []
    for sigma in SOFTNESS:
        tile = _softened(white, sigma)
        bands, _ = _bands(tile, axes=(0, 1))
        finest, following = (float(band.var()) for band in bands)
        tiles.append(np.asarray(tile / np.sqrt(finest), np.float32))
        next_bands.append(following / finest)
    return tiles, np.array(next_bands)


def _softened(tile: Field, sigma: float) -> Field:
    """Return the tile blurred; its edges wrap around."""
    if sigma == 0:
        return tile
    edge = 8
    wrapped = cv2.copyMakeBorder(tile, edge, edge, edge, edge, cv2.BORDER_WRAP)
    return np.asarray(cv2.GaussianBlur(wrapped, (0, 0), sigma), np.float32)[edge:-edge, edge:-edge]


def _grain_of(beside: Levels, within: Levels) -> Field | None:
    """Return a tile of noise, (TILE, TILE, 3), that lifts the finest band within the paint to that beside it.

    Structure that only the photo shows is missing too, but more so in the wider band: where the bands are unlike those
    of any grain, less is laid on, or small faces would be mottled.
    """
    missing = np.maximum(beside - within, 0)
    missing[:, beside[0] <= FAINTEST**2] = 0
    # A sensor's noise is at most as strong in colour as in lightness; what is stronger is a coloured edge.
    missing[:, 1:] = np.minimum(missing[:, 1:], missing[:, :1])
    if not missing[0].any():
        return None
    tiles, next_bands = _noise()
    opponent = np.zeros_like(tiles[0])
    for i in np.flatnonzero(missing[0]):
        finest, following = missing[0, i], max(missing[1, i], next_bands[0] * missing[0, i])
        like = int(np.abs(np.log(next_bands * finest / following)).argmin())
        brought = next_bands[like] * finest
        softer = following / brought
        room = (missing[1, i] + DOUBT * beside[1, i]) / brought
        variance = finest * min(1, (LIKE / softer) ** 4, room)
        opponent[..., i] = tiles[like][..., i] * np.float32(np.sqrt(variance))
    return opponent @ OPPONENT
