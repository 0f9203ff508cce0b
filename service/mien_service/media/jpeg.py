"""JPEG files: their header, and metadata segments (ITU-T T.81 annex B; Adobe XMP part 3; ICC.1 annex B.4).

Neither library serves here. Pillow fails a photo for a malformed ICC segment and warns through process-wide
state about malformed EXIF; OpenCV 5.0 writes XMP without its namespace and no ICC profile over 64 KB.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from mien_service.media.container import Header, Metadata
from mien_service.media.errors import UnreadableImage
from mien_service.media.photo import JpegSampling

SIGNATURE = b"\xff\xd8\xff"

MAX_SEGMENTS = 4096
"""More than any camera writes (an ICC profile takes up to 255); bounds the work on a hostile file."""

MAX_SCANS = 100
"""Encoders write about 10. Each scan of a few bytes may cost the decoder a pass over all pixels."""

_EOI, _SOS, _APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF = b"Exif\0\0"
_ICC = b"ICC_PROFILE\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_LONGEST_PAYLOAD = 0xFFFF - 2

# Any marker but those that stand alone (stuffed zero, TEM, restarts) and fill bytes.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])", re.DOTALL)

_SAMPLINGS = {
    (1, 1): JpegSampling.S444,
    (1, 2): JpegSampling.S440,
    (2, 1): JpegSampling.S422,
    (2, 2): JpegSampling.S420,
    (4, 1): JpegSampling.S411,
}


class _Segment(NamedTuple):
    marker: int
    start: int
    end: int
    payload: bytes


def read_header(body: bytes) -> Header:
    """Return the header of a JPEG. Raises UnreadableImage, also if the picture's end is missing."""
    segments = tuple(_segments(body))
    scans = [segment for segment in segments if segment.marker == _SOS]
    if not scans or len(scans) > MAX_SCANS:
        raise UnreadableImage
    before = [segment for segment in segments if segment.start < scans[0].start]
    height, width, components = _frame(before)
    kept = (body[segment.start : segment.end] for segment in before if not _is_metadata(segment.marker))
    return Header(
        width,
        height,
        parts=(b"\xff\xd8", *kept, body[scans[0].start : segments[-1].end]),
        is_grey=len(components) == 1,
        is_cmyk=len(components) == 4,
        icc_profile=_icc_profile(before),
        exif=next((s.payload[6:] for s in before if s.marker == _APP1 and s.payload.startswith(_EXIF)), None),
        jpeg_sampling=_sampling(components),
    )


def _segments(body: bytes) -> Iterator[_Segment]:
    """Yield the segments from the first to the end of image. Raises UnreadableImage."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(body, position)
        if found is None:
            break
        marker, start, end = found[1][0], found.start(), found.end()
        if marker == _EOI:
            yield _Segment(marker, start, end, b"")
            return
        position = end + int.from_bytes(body[end : end + 2], "big")
        if not end + 2 <= position <= len(body):
            break
        yield _Segment(marker, start, position, body[end + 2 : position])
    raise UnreadableImage


def _is_metadata(marker: int) -> bool:
    """Tell comments and application segments, all but Adobe's APP14, which says how colours are coded."""
    return marker == _COM or (_APP0 <= marker <= _APP15 and marker != _APP14)


def _frame(segments: list[_Segment]) -> tuple[int, int, list[tuple[int, int]]]:
    """Return height, width and each component's sampling factors (across, down). Raises UnreadableImage."""
    payload = next((segment.payload for segment in segments if segment.marker in _FRAMES), b"")
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise UnreadableImage
    height, width = struct.unpack_from(">HH", payload, 1)
    return height, width, [(factors >> 4, factors & 15) for factors in payload[7::3]]


def _sampling(components: list[tuple[int, int]]) -> JpegSampling | None:
    """Return the subsampling if both chroma components share one that has a name."""
    if len(components) != 3 or components[1] != components[2] or 0 in components[1]:
        return None
    (luma_across, luma_down), (across, down) = components[:2]
    if luma_across % across or luma_down % down:
        return None
    return _SAMPLINGS.get((luma_across // across, luma_down // down))


def _icc_profile(segments: list[_Segment]) -> bytes | None:
    """Return the profile from its numbered pieces; None if there is none or a piece is missing."""
    pieces = [s.payload[12:] for s in segments if s.marker == _APP2 and s.payload.startswith(_ICC)]
    pieces = sorted(piece for piece in pieces if len(piece) > 2)
    numbers = [(piece[0], piece[1]) for piece in pieces]
    if not pieces or numbers != [(number + 1, len(pieces)) for number in range(len(pieces))]:
        return None
    return b"".join(piece[2:] for piece in pieces)


def with_metadata(encoded: bytes, metadata: Metadata) -> bytes:
    """Return a JPEG that starts with a JFIF segment with `metadata` after it; EXIF over 64 KB is left out."""
    jfif_end = 4 + int.from_bytes(encoded[4:6], "big")
    return b"".join((encoded[:jfif_end], *_metadata_segments(metadata), encoded[jfif_end:]))


def _metadata_segments(metadata: Metadata) -> Iterator[bytes]:
    if metadata.exif and len(_EXIF) + len(metadata.exif) <= _LONGEST_PAYLOAD:
        yield _segment(_APP1, _EXIF + metadata.exif)
    if metadata.xmp:
        yield _segment(_APP1, _XMP + metadata.xmp)
    if metadata.icc_profile:
        yield from _icc_segments(metadata.icc_profile)


def _icc_segments(profile: bytes) -> Iterator[bytes]:
    """Yield the profile in numbered pieces; nothing if it needs more than 255 of them (16 MB)."""
    length = _LONGEST_PAYLOAD - len(_ICC) - 2
    pieces = [profile[start : start + length] for start in range(0, len(profile), length)]
    if len(pieces) > 255:
        return
    for number, piece in enumerate(pieces, 1):
        yield _segment(_APP2, _ICC + bytes((number, len(pieces))) + piece)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
