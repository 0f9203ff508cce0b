"""Pictures and profiles made in code, for the tests of this room."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from skimage.data import astronaut  # pyright: ignore

Pixels = NDArray[np.uint8]

FACE: Pixels = np.ascontiguousarray(astronaut()[:128, 160:320], np.uint8)
"""(128, 160, 3): wider than tall, and no two corners alike."""

GRADIENT: Pixels = np.add.outer(np.arange(128), np.arange(160)).astype(np.uint8)
"""(128, 160): 0..255, usable as grey picture or alpha."""


def saved(picture: Image.Image | Pixels, image_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(file, image_format, **options)
    return file.getvalue()


def opened(body: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: NDArray[Any], colour: int, depth: int = 8, extra: bytes = b"") -> bytes:
    """A PNG of `samples` as they are, with chunks `extra` before the pixels."""
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in samples.astype(">u2" if depth == 16 else "u1"))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + extra + body


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def srgb_profile(size: int = 0) -> bytes:
    """An sRGB profile, padded to `size` bytes with noise where that is more."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = np.random.default_rng(0).integers(0, 256, max(size - len(profile), 0), np.uint8).tobytes()
    profile += noise
    return struct.pack(">I", len(profile)) + profile[4:]


def grey_profile() -> bytes:
    """A profile header for grey, enough for whoever does not convert with it."""
    profile = bytearray(srgb_profile())
    profile[16:20] = b"GRAY"
    return bytes(profile)


def cmyk_profile() -> bytes:
    """A profile nobody would guess: cyan is black, L* = 100 (1 - cyan), and the other inks are nothing."""
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0))
    table += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    table += ramp * 4 + bytes((255, 128, 128)) * 8 + bytes((0, 128, 128)) * 8 + ramp * 3
    tags = struct.pack(">I", 1) + b"A2B0" + struct.pack(">II", 144, len(table))
    header = struct.pack(">I4sI4s4s4s", 144 + len(table), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + tags + table


def exif_block(orientation: int = 1) -> bytes:
    """What a phone writes, as a TIFF block: camera, exposure, position, maker note."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x0100] = "Maker", orientation, 160
    exif.get_ifd(0x8769).update({0x9003: "2024:05:01 10:00:00", 0x829A: 0.005, 0x927C: b"SERIAL-OF-MAKER-NOTE"})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.25)})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def exif_with_thumbnail() -> bytes:
    """A little-endian block whose second directory holds a thumbnail."""
    thumbnail = b"\xff\xd8THUMBNAIL\xff\xd9"
    first = struct.pack("<HHHI4sI", 1, 0x010F, 2, 4, b"Mak\0", 26)
    second = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(thumbnail), 0)
    return b"II*\0" + struct.pack("<I", 8) + first + second + thumbnail
