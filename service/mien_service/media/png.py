"""PNG files: their header, and metadata chunks (W3C PNG specification, third edition; Adobe XMP part 3).

Neither library serves here. Pillow fails a photo for a malformed profile or comment; OpenCV 5.0 writes XMP
as tEXt, where readers do not look, prints to stderr for damaged files, and takes an APNG for a film.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from mien_service.media.container import Header, Metadata
from mien_service.media.errors import UnreadableImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_CHUNKS = 100_000
"""An encoder that cuts 20 MB into pieces of 256 bytes needs fewer; bounds the work on a hostile file."""

MAX_ICC_BYTES = 4 << 20
"""A profile that unpacks to more is left out; the largest in use have about 2 MB."""

_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_HEADER_END = len(SIGNATURE) + 25


class _Chunk(NamedTuple):
    kind: bytes
    data: bytes
    whole: bytes


def read_header(body: bytes) -> Header:
    """Return the header of a PNG. Raises UnreadableImage, also for a missing end or a wrong checksum."""
    chunks = tuple(_chunks(body))
    first = chunks[0]
    if first.kind != b"IHDR" or len(first.data) != 13:
        raise UnreadableImage
    width, height, _, colour = struct.unpack_from(">IIBB", first.data)
    kinds = {chunk.kind for chunk in chunks}
    return Header(
        width,
        height,
        parts=(SIGNATURE, *(chunk.whole for chunk in chunks if chunk.kind in _PIXEL_CHUNKS)),
        is_grey=colour in (0, 4),
        has_alpha=colour in (4, 6) or b"tRNS" in kinds,
        icc_profile=_inflated_profile(_data_of(b"iCCP", chunks)),
        exif=_data_of(b"eXIf", chunks),
    )


def _chunks(body: bytes) -> Iterator[_Chunk]:
    """Yield the chunks to the end of the picture. Raises UnreadableImage."""
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(body[position : position + 4], "big")
        whole = body[position : position + 12 + length]
        position += 12 + length
        if len(whole) != 12 + length:
            break
        chunk = _Chunk(whole[4:8], whole[8:-4], whole)
        if chunk.kind in _PIXEL_CHUNKS and zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
            break
        yield chunk
        if chunk.kind == b"IEND":
            return
    raise UnreadableImage


def _data_of(kind: bytes, chunks: tuple[_Chunk, ...]) -> bytes | None:
    return next((chunk.data for chunk in chunks if chunk.kind == kind), None)


def _inflated_profile(data: bytes | None) -> bytes | None:
    """Return the profile of an iCCP chunk's data; None for one that is malformed or overlarge."""
    name, _, packed = (data or b"").partition(b"\0")
    if not name or packed[:1] != b"\0":
        return None
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed[1:], MAX_ICC_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def transparent_grey(header: Header) -> int | None:
    """Return the one grey level that a tRNS chunk declares transparent, scaled to 8 or 16 bits."""
    chunks = {part[4:8]: part[8:-4] for part in header.parts[1:]}
    depth, colour = chunks[b"IHDR"][8:10]
    level = chunks.get(b"tRNS", b"")
    if colour != 0 or len(level) != 2:
        return None
    return int.from_bytes(level, "big") * (1 if depth == 16 else 255 // ((1 << depth) - 1))


def with_metadata(encoded: bytes, metadata: Metadata) -> bytes:
    """Return an encoded PNG with `metadata` after its header chunk, before the pixels."""
    return b"".join((encoded[:_HEADER_END], *_metadata_chunks(metadata), encoded[_HEADER_END:]))


def _metadata_chunks(metadata: Metadata) -> Iterator[bytes]:
    if metadata.icc_profile:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc_profile))
    if metadata.exif:
        yield _chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
