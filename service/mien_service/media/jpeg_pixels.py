"""JPEG pixels: what OpenCV cannot be trusted with, done by Pillow."""

import io

import numpy as np
from PIL import Image, JpegImagePlugin

from mien_service.media import colour
from mien_service.media.container import Header
from mien_service.media.errors import UnreadableImage
from mien_service.media.photo import RgbImage

_NOISE = bytes(range(1, 251)) * 2
"""Coded pixels of no meaning; without 0xFF, so that no marker is among them."""


def decode_cmyk(stream: bytes, profile: bytes | None) -> RgbImage:
    """Return the sRGB pixels of a CMYK or YCCK JPEG, by its profile if that can be used.

    OpenCV would ignore the profile. Raises UnreadableImage.
    """
    return np.array(colour.srgb_of_cmyk(_loaded(stream), profile), np.uint8)


def lacks_pixels(pixels: RgbImage, header: Header) -> bool:
    """Tell whether coded pixels are missing before a JPEG's end marker; decoders fill them with grey.

    Noise put before the marker is skipped if all pixels were there, and becomes pixels if some were missing.
    Only a picture that ends all in one colour is looked at, at an eighth of its size. Not told: a progressive
    picture whose last scans are missing, which just stays coarser.
    """
    last = pixels[-8:, -8:]
    if not bool((last == last[0, 0]).all()):
        return False
    stream = b"".join(header.parts)
    padded = stream[:-2] + _NOISE + stream[-2:]
    return _loaded(stream, reduction=8).tobytes() != _loaded(padded, reduction=8).tobytes()


def _loaded(stream: bytes, reduction: int = 1) -> Image.Image:
    """Return the decoded picture, grey if it is reduced and has a luma channel. Raises UnreadableImage."""
    try:
        # Not Image.open, which warns of large pictures through process-wide state.
        picture = JpegImagePlugin.JpegImageFile(io.BytesIO(stream))
        if reduction > 1:
            picture.draft("L", (picture.width // reduction, picture.height // reduction))
        picture.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableImage from error
    return picture
