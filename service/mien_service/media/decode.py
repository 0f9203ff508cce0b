"""Bytes to a photo, within limits."""

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from mien_service.media import colour, exif, jpeg, jpeg_pixels, png, webp
from mien_service.media.container import Header
from mien_service.media.errors import ImageTooLarge, ImageTooSmall, UnreadableImage, UnsupportedMediaType
from mien_service.media.photo import Alpha, ImageFormat, Photo, RgbImage

_COLOUR = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION

# EXIF orientation: whether rows and columns change places first, then the flip (OpenCV's code).
_TURNS: dict[int, tuple[bool, int | None]] = {
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}


@dataclass(frozen=True)
class DecodeLimits:
    """What is accepted: at most `max_pixels` pixels, at least `min_side` pixels a side."""

    max_pixels: int = 40_000_000
    min_side: int = 64
    keep_exif: bool = True


def decode(body: bytes, limits: DecodeLimits) -> Photo:
    """Return the photo in `body`, upright; of an animation the first frame.

    The format goes by the content alone, and the limits are checked before any pixel is decoded.
    Raises UnsupportedMediaType, UnreadableImage, ImageTooLarge or ImageTooSmall, and nothing else.
    """
    image_format = _format(body)
    header = _read_header(body, image_format)
    _check_size(header, limits)
    pixels, alpha = _upright(*_decode(header, image_format), exif.orientation(header.exif))
    return Photo(
        pixels=pixels,
        format=image_format,
        alpha=alpha,
        is_grey=header.is_grey,
        icc_profile=colour.fitting(header.icc_profile, 1 if header.is_grey else 3),
        exif=exif.cleaned(header.exif) if limits.keep_exif else None,
        jpeg_sampling=header.jpeg_sampling,
    )


def _format(body: bytes) -> ImageFormat:
    if body.startswith(jpeg.SIGNATURE):
        return ImageFormat.JPEG
    if body.startswith(png.SIGNATURE):
        return ImageFormat.PNG
    if webp.is_webp(body):
        return ImageFormat.WEBP
    raise UnsupportedMediaType


def _read_header(body: bytes, image_format: ImageFormat) -> Header:
    match image_format:
        case ImageFormat.JPEG:
            return jpeg.read_header(body)
        case ImageFormat.PNG:
            return png.read_header(body)
        case ImageFormat.WEBP:
            return webp.read_header(body)


def _check_size(header: Header, limits: DecodeLimits) -> None:
    shorter, pixels = min(header.width, header.height), header.width * header.height
    if shorter < 1:
        raise UnreadableImage
    if pixels > limits.max_pixels:
        raise ImageTooLarge(limits.max_pixels, pixels)
    if shorter < limits.min_side:
        raise ImageTooSmall(limits.min_side, shorter)


def _decode(header: Header, image_format: ImageFormat) -> tuple[RgbImage, Alpha | None]:
    """Return the pixels as stored, RGB, and alpha unless opaque. Raises UnreadableImage."""
    stream = b"".join(header.parts)
    if image_format is ImageFormat.JPEG:
        return _decode_jpeg(header, stream), None
    if not header.has_alpha:
        return _checked(_imdecode(stream, _COLOUR), header), None
    pixels, alpha = _decode_with_alpha(header, stream)
    return _checked(pixels, header), None if alpha is None or bool((alpha == 255).all()) else alpha


def _decode_with_alpha(header: Header, stream: bytes) -> tuple[RgbImage, Alpha | None]:
    stored = _imdecode(stream, cv2.IMREAD_UNCHANGED)
    if stored.ndim == 3 and stored.shape[2] == 4:
        stored = _eight_bits(stored)
        pixels = np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGRA2RGB), np.uint8)
        return pixels, np.asarray(cv2.extractChannel(stored, 3), np.uint8)
    alpha = None
    if stored.ndim == 2:
        # OpenCV leaves the one transparent level of a grey PNG to us.
        alpha = np.where(stored == png.transparent_grey(header), 0, 255).astype(np.uint8)
    return np.asarray(_imdecode(stream, _COLOUR), np.uint8), alpha


def _decode_jpeg(header: Header, stream: bytes) -> RgbImage:
    if header.is_cmyk:
        pixels = _checked(jpeg_pixels.decode_cmyk(stream, header.icc_profile), header)
    else:
        pixels = _checked(_imdecode(stream, _COLOUR), header)
    if jpeg_pixels.lacks_pixels(pixels, header):
        raise UnreadableImage
    return pixels


def _imdecode(stream: bytes, flags: int) -> MatLike:
    """Return OpenCV's pixels, uint8 (or uint16, if unchanged). Raises UnreadableImage."""
    try:
        decoded = cv2.imdecode(np.frombuffer(stream, np.uint8), flags)
    except cv2.error as error:
        raise UnreadableImage from error
    if decoded is None:
        raise UnreadableImage
    return decoded


def _checked(decoded: MatLike, header: Header) -> RgbImage:
    """Return `decoded` as RGB pixels. Raises UnreadableImage if its size is not what the header promised."""
    if decoded.shape != (header.height, header.width, 3):
        raise UnreadableImage
    return np.asarray(decoded, np.uint8)


def _eight_bits(stored: MatLike) -> NDArray[np.uint8]:
    if stored.dtype == np.uint16:
        stored = cv2.convertScaleAbs(stored, alpha=1 / 257)
    return np.asarray(stored, np.uint8)


def _upright(pixels: RgbImage, alpha: Alpha | None, orientation: int) -> tuple[RgbImage, Alpha | None]:
    return _turned(pixels, orientation), None if alpha is None else _turned(alpha, orientation)


def _turned(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return `stored` as it is to be seen, flipped in place. OpenCV is 4 times faster at it than numpy."""
    swap, flip = _TURNS.get(orientation, (False, None))
    if swap:
        stored = np.asarray(cv2.transpose(stored), np.uint8)
    return stored if flip is None else np.asarray(cv2.flip(stored, flip, dst=stored), np.uint8)
