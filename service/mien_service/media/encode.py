"""A photo to bytes, with its colour profile, cleaned EXIF and the mark of an edited picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.media import colour, jpeg, png
from mien_service.media.container import Metadata
from mien_service.media.errors import UnencodableImage
from mien_service.media.photo import Alpha, ImageFormat, JpegSampling, Photo, RgbImage
from mien_service.media.provenance import AI_EDITED_XMP

_SAMPLING_FACTORS = {
    JpegSampling.S444: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    JpegSampling.S440: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    JpegSampling.S422: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    JpegSampling.S420: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    JpegSampling.S411: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
}
_METADATA_TYPES = (cv2.IMAGE_METADATA_ICCP, cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_XMP)

LONGEST_SIDES = {ImageFormat.JPEG: 65_500, ImageFormat.WEBP: 16_383}
"""In pixels: libjpeg's JPEG_MAX_DIMENSION, and RFC 9649."""


def encode(
    pixels: RgbImage,
    image_format: ImageFormat,
    source: Photo,
    *,
    quality: int = 92,
    ai_edited: bool = True,
    alpha: Alpha | None = None,
) -> bytes:
    """Return `pixels`, (height, width, 3) uint8 RGB, as a file in `image_format`, made from `source`.

    `alpha`, (height, width) uint8, defaults to the source's if it has the pixels' size; a JPEG has its pixels
    blended with white by it. `quality`, 0..100, counts for JPEG and for WebP, which is always lossy in its
    colours and never in its alpha: lossless WebP takes 5 times as long, and a client that wants it exact
    asks for PNG. PNG is compressed fast rather than small.

    From `source` come the chroma subsampling (4:2:0 if it has none), EXIF, and the ICC profile where it fits:
    grey photos stay single channel in JPEG and PNG if the pixels are grey and opaque, else they lose their
    profile. `ai_edited` adds the provenance mark. Raises UnencodableImage.
    """
    _check_sides(pixels, image_format)
    if alpha is None and source.alpha is not None and source.alpha.shape == pixels.shape[:2]:
        alpha = source.alpha
    if image_format is ImageFormat.JPEG and alpha is not None:
        pixels, alpha = on_white(pixels, alpha), None
    single = source.is_grey and image_format is not ImageFormat.WEBP and alpha is None and _is_grey(pixels)
    metadata = Metadata(
        icc_profile=colour.fitting(source.icc_profile, 1 if single else 3),
        exif=source.exif,
        xmp=AI_EDITED_XMP if ai_edited else None,
    )
    channels = _grey_channel(pixels) if single else _opencv_channels(pixels, alpha)
    match image_format:
        case ImageFormat.JPEG:
            parameters = _jpeg_parameters(quality, source.jpeg_sampling)
            return jpeg.with_metadata(_imencode(".jpg", channels, parameters), metadata)
        case ImageFormat.PNG:
            return png.with_metadata(_imencode(".png", channels), metadata)
        case ImageFormat.WEBP:
            return _encode_webp(channels, quality, metadata)


def _check_sides(pixels: RgbImage, image_format: ImageFormat) -> None:
    longest, limit = max(pixels.shape[:2]), LONGEST_SIDES.get(image_format)
    if limit is not None and longest > limit:
        raise UnencodableImage(limit, longest)


def on_white(pixels: RgbImage, alpha: Alpha) -> RgbImage:
    """Return (height, width, 3) uint8 pixels blended with white where `alpha` is below 255."""
    opacity = cv2.merge((alpha, alpha, alpha))
    ours = cv2.multiply(pixels, opacity, scale=1 / 255)
    return np.asarray(cv2.add(ours, cv2.bitwise_not(opacity)), np.uint8)


def _is_grey(pixels: RgbImage) -> bool:
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _grey_channel(pixels: RgbImage) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[..., 0])


def _opencv_channels(pixels: RgbImage, alpha: Alpha | None) -> NDArray[np.uint8]:
    """Return the channels in OpenCV's order: BGR, or BGRA with an alpha."""
    if alpha is None:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8)
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.merge((blue, green, red, alpha)), np.uint8)


def _jpeg_parameters(quality: int, sampling: JpegSampling | None) -> list[int]:
    factors = _SAMPLING_FACTORS[sampling or JpegSampling.S420]
    return [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors]


def _encode_webp(channels: NDArray[np.uint8], quality: int, metadata: Metadata) -> bytes:
    blocks = (metadata.icc_profile, metadata.exif, metadata.xmp)
    present = [(kind, block) for kind, block in zip(_METADATA_TYPES, blocks, strict=True) if block]
    parameters = [cv2.IMWRITE_WEBP_QUALITY, quality]
    _, encoded = cv2.imencodeWithMetadata(
        ".webp",
        channels,
        [kind for kind, _ in present],
        [np.frombuffer(block, np.uint8) for _, block in present],
        parameters,
    )
    return encoded.tobytes()


def _imencode(extension: str, channels: NDArray[np.uint8], parameters: Sequence[int] = ()) -> bytes:
    _, encoded = cv2.imencode(extension, channels, parameters)
    return encoded.tobytes()


def encode_plane(plane: NDArray[np.uint8]) -> bytes:
    """Return one plane, (height, width), as a grey PNG."""
    return cv2.imencode(".png", plane)[1].tobytes()
