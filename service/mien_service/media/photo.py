"""A decoded photo: its pixels, and what of its file has to travel to the output."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import RgbImage

Alpha = NDArray[np.uint8]
"""(height, width), opacity: 0 is transparent, 255 opaque."""


class ImageFormat(StrEnum):
    """A format that is read and written."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"

    @property
    def media_type(self) -> str:
        """The format's media type, such as image/jpeg."""
        return f"image/{self.value}"


class JpegSampling(StrEnum):
    """A JPEG's chroma subsampling, in J:a:b notation."""

    S444 = "4:4:4"
    S440 = "4:4:0"
    S422 = "4:2:2"
    S420 = "4:2:0"
    S411 = "4:1:1"


@dataclass(frozen=True, eq=False)
class Photo:
    """What a picture's bytes hold.

    pixels: (height, width, 3) uint8 RGB, upright (EXIF orientation applied), not blended with `alpha`.
    alpha: (height, width) uint8, None if the picture is opaque all over.
    format: of the bytes; is_grey: they hold one channel, or one with transparency.
    icc_profile: fits the pixels, RGB or (if `is_grey`) grey; None if there is none, and then they are sRGB.
    exif: cleaned TIFF block without the "Exif" prefix, or None.
    jpeg_sampling: None if the bytes are no JPEG, or a grey one, or subsampled in some other way.
    """

    pixels: RgbImage
    format: ImageFormat
    alpha: Alpha | None = None
    is_grey: bool = False
    icc_profile: bytes | None = None
    exif: bytes | None = None
    jpeg_sampling: JpegSampling | None = None
