"""WebP files: their header (RFC 9649). OpenCV reads and writes all else of them rightly."""

from collections.abc import Iterator

from mien_service.media.container import Header
from mien_service.media.errors import UnreadableImage

MAX_CHUNKS = 100_000
"""More than any animation has frames; bounds the work on a hostile file."""

_ALPHA_FLAG = 0x10


def is_webp(body: bytes) -> bool:
    """Tell whether the content starts like a WebP file."""
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def read_header(body: bytes) -> Header:
    """Return the header of a WebP. Raises UnreadableImage, also if it is shorter than it says."""
    end = 8 + int.from_bytes(body[4:8], "little")
    if end > len(body):
        raise UnreadableImage
    picture = body[:end]
    chunks = dict(reversed(tuple(_chunks(picture))))
    width, height, has_alpha = _frame(chunks)
    return Header(
        width,
        height,
        parts=(picture,),
        has_alpha=has_alpha,
        icc_profile=chunks.get(b"ICCP"),
        exif=chunks.get(b"EXIF"),
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and data of each chunk. Raises UnreadableImage."""
    position = 12
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(picture[position + 4 : position + 8], "little")
        data = picture[position + 8 : position + 8 + length]
        if position + 8 > len(picture) or len(data) != length:
            return
        yield picture[position : position + 4], data
        position += 8 + length + length % 2


def _frame(chunks: dict[bytes, bytes]) -> tuple[int, int, bool]:
    """Return width, height and whether there is alpha. Raises UnreadableImage."""
    if len(extended := chunks.get(b"VP8X", b"")) >= 10:
        width, height = (int.from_bytes(extended[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height, bool(extended[0] & _ALPHA_FLAG)
    if len(lossless := chunks.get(b"VP8L", b"")) >= 5:
        bits = int.from_bytes(lossless[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    if len(lossy := chunks.get(b"VP8 ", b"")) >= 10:
        width, height = (int.from_bytes(lossy[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return width, height, False
    raise UnreadableImage
