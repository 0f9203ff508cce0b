"""EXIF: the orientation, and which tags travel to the output (CIPA DC-008; TIFF 6.0).

Tag values are copied as bytes, never interpreted. Pillow's Exif class is not used: it reports malformed
blocks through Python's process-wide warnings, cannot write some of the tags it read, and drops others.
"""

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

MAX_BYTES = 1 << 20
"""A longer block is ignored; JPEG allows 64 KB, and no camera writes more elsewhere."""

_PREFIX = b"Exif\0\0"
_ORIENTATION = 0x0112
_EXIF_DIRECTORY = 0x8769
_INTEROPERABILITY_DIRECTORY = 0xA005
_POINTERS = frozenset({_EXIF_DIRECTORY, _INTEROPERABILITY_DIRECTORY})
_DEEPEST = 2  # main directory, EXIF directory in it, interoperability directory in that
_SHORT, _LONG = 3, 4
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}

_DROPPED = frozenset(
    {
        0x8825,  # GPS directory
        0x927C,  # MakerNote
        0xC634,  # DNGPrivateData: maker notes again
        0x014A,  # SubIFDs: other pictures
        0x0111,  # StripOffsets: where pixels are, of a thumbnail or another file
        0x0117,  # StripByteCounts
        0x0144,  # TileOffsets
        0x0145,  # TileByteCounts
        0x0201,  # JPEGInterchangeFormat: the thumbnail
        0x0202,  # JPEGInterchangeFormatLength
        0x02BC,  # XMP, may repeat the position
        0x83BB,  # IPTC, may repeat the position
        0x8649,  # Photoshop resources, may hold a thumbnail
        0x8773,  # an ICC profile: travels by itself
        0x0100,  # ImageWidth: no longer true once turned or cut, like the next three
        0x0101,  # ImageLength
        0xA002,  # PixelXDimension
        0xA003,  # PixelYDimension
    }
)


class _Tiff(NamedTuple):
    data: bytes
    order: str
    start: int


class _Entry(NamedTuple):
    """A tag, its type, how many values it has, and these as stored (or the entries of what it points to)."""

    tag: int
    kind: int
    number: int
    value: "bytes | list[_Entry]"


def orientation(exif: bytes | None) -> int:
    """Return the orientation tag, 1..8 as EXIF counts them; 1 if it is absent or malformed."""
    tiff = _tiff(exif or b"")
    for tag, kind, number, value in _stored(tiff, tiff.start) if tiff else ():
        if tag == _ORIENTATION and kind == _SHORT and number == 1:
            turn = int.from_bytes(value, _byte_order(tiff))
            return turn if 1 <= turn <= 8 else 1
    return 1


def cleaned(exif: bytes | None) -> bytes | None:
    """Return `exif` without GPS, maker notes and thumbnail, orientation reset to 1; None if nothing is left.

    `exif` and the result are TIFF blocks; a leading "Exif" prefix is accepted. Malformed tags are left out.
    """
    tiff = _tiff(exif or b"")
    entries = _kept(tiff, tiff.start, depth=0) if tiff else []
    if tiff is None or not entries:
        return None
    return tiff.data[:4] + struct.pack(tiff.order + "I", 8) + _laid_out(entries, 8, tiff.order)


def _tiff(exif: bytes) -> _Tiff | None:
    """Return the block with its byte order and where its main directory starts; None if it is malformed."""
    data = exif.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or not 8 <= len(data) <= MAX_BYTES:
        return None
    return _Tiff(data, order, int(struct.unpack_from(order + "I", data, 4)[0]))


def _byte_order(tiff: _Tiff | None) -> Literal["little", "big"]:
    return "little" if tiff and tiff.order == "<" else "big"


def _stored(tiff: _Tiff, start: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield tag, type, number of values and value of the well-formed entries of the directory at `start`."""
    count = int.from_bytes(tiff.data[start : start + 2], _byte_order(tiff))
    room = len(tiff.data)
    for position in range(start + 2, min(start + 2 + 12 * count, len(tiff.data) - 11), 12):
        tag, kind, number, offset = struct.unpack_from(tiff.order + "HHII", tiff.data, position)
        size = _SIZES.get(kind, 0) * number
        where = position + 8 if size <= 4 else offset
        # Many entries can point at the same bytes; copied out they must not outgrow the block.
        if 0 < size <= room and where + size <= len(tiff.data):
            room -= size
            yield tag, kind, number, tiff.data[where : where + size]


def _kept(tiff: _Tiff, start: int, depth: int) -> list[_Entry]:
    """Return what of the directory at `start` travels on, in the order of the tags."""
    entries: dict[int, _Entry] = {}
    if depth > _DEEPEST:
        return []
    for tag, kind, number, value in _stored(tiff, start):
        if tag in _POINTERS:
            if inner := _kept(tiff, int.from_bytes(value, _byte_order(tiff)), depth + 1):
                entries[tag] = _Entry(tag, _LONG, 1, inner)
        elif tag == _ORIENTATION:
            entries[tag] = _Entry(tag, _SHORT, 1, struct.pack(tiff.order + "H", 1))
        elif tag not in _DROPPED:
            entries[tag] = _Entry(tag, kind, number, value)
    return [entries[tag] for tag in sorted(entries)]


def _laid_out(entries: list[_Entry], at: int, order: str) -> bytes:
    """Return the directory to stand at offset `at`: its table, no next directory, then the longer values."""
    table, values = bytearray(struct.pack(order + "H", len(entries))), bytearray()
    values_at = at + 2 + 12 * len(entries) + 4
    for tag, kind, number, value in entries:
        table += struct.pack(order + "HHI", tag, kind, number)
        here = values_at + len(values)
        stored = value if isinstance(value, bytes) else _laid_out(value, here, order)
        if isinstance(value, bytes) and len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", here)
            values += stored + bytes(len(stored) % 2)
    return bytes(table + bytes(4) + values)
