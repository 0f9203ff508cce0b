"""What a picture file says around its pixels: read before decoding, written after encoding."""

from dataclasses import dataclass

from mien_service.media.photo import JpegSampling


@dataclass(frozen=True)
class Header:
    """What is known of a picture before any pixel is decoded.

    width, height: pixels as stored, before orientation. icc_profile, exif: as found, unchecked.
    parts: joined, the picture alone as a decoder needs it, without what could upset or slow it
    (metadata, trailing data, animation).
    """

    width: int
    height: int
    parts: tuple[bytes, ...]
    is_grey: bool = False
    is_cmyk: bool = False
    has_alpha: bool = False
    icc_profile: bytes | None = None
    exif: bytes | None = None
    jpeg_sampling: JpegSampling | None = None


@dataclass(frozen=True)
class Metadata:
    """What is written around the pixels. exif: TIFF block without the "Exif" prefix; xmp: a packet."""

    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
