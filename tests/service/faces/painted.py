"""Photos to paint on, squares in them, and paint, for the tests of compositing."""

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE, Affine, at_resolution
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit


def square_at(side: float, x: float, y: float, degrees: float = 0) -> Affine:
    """Return the transform of the square `side` photo pixels wide whose middle is x, y."""
    scale, angle = CROP_SIZE / side, np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, np.full(2, (CROP_SIZE - 1) / 2) - turn @ (x, y)])


def disc(n: int, radius: float = 0.25) -> np.ndarray:
    """Return a matte (n, n) of 1 within a disc about the middle, its edge one pixel wide."""
    rows, columns = np.mgrid[0:n, 0:n]
    return np.clip(radius * n - np.hypot(rows - (n - 1) / 2, columns - (n - 1) / 2) + 0.5, 0, 1).astype(np.float32)


def in_photo(field: np.ndarray, transform: Affine, photo: np.ndarray) -> np.ndarray:
    """Return a field of the square over the photo, linearly."""
    size = photo.shape[1], photo.shape[0]
    to_square = at_resolution(transform, len(field))
    return cv2.warpAffine(field, to_square, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def shaded(height: int, width: int) -> np.ndarray:
    """Return a photo of smooth shading, (height, width, 3) float32, 90 to 190."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down, across = rows / height, columns / width
    waves = [np.sin(3 * across + 2 * down), np.cos(2 * across - down), np.sin(3 * down)]
    return (140 + 50 * np.dstack(waves)).astype(np.float32)


def square_of(photo: np.ndarray, transform: Affine, n: int) -> np.ndarray:
    """Return the photo's own pixels in the square, (n, n, 3); beyond the photo its edge is repeated."""
    to_square = at_resolution(transform, n)
    picture = photo.astype(np.float32)
    return cv2.warpAffine(picture, to_square, (n, n), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def with_paint(
    photo: np.ndarray, transform: Affine, colour: np.ndarray, matte: np.ndarray, *, grey: bool = False
) -> np.ndarray:
    """Return the photo with paint of `colour`, (n, n, 3) or (3,), laid over it by `matte`, (n, n)."""
    n = len(matte)
    paint = np.zeros((n, n, 4), np.float32)
    paint[..., :3], paint[..., 3] = colour, matte
    nothing = np.zeros((n, n), np.float32)
    return apply_edit(photo, transform, Edit(np.zeros((n, n, 3), np.float32), nothing, None, paint), grey=grey)


def as_photo(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
