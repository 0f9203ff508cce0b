"""Pictures on their way out: whatever the caller has, as bytes that can be sent more than once."""

import mimetypes
import os
import re
from pathlib import Path
from typing import NamedTuple, Protocol, cast


class Readable(Protocol):
    """A file object opened in binary mode, or anything that reads like one."""

    def read(self) -> bytes:
        """Read all that is left."""
        ...


Picture = str | os.PathLike[str] | bytes | bytearray | Readable | tuple[str, bytes, str]
"""A picture: a path, its bytes, a binary file object, or (name, bytes, media type)."""


class PictureFile(NamedTuple):
    """A picture as it goes into a multipart body."""

    name: str
    content: bytes
    media_type: str


def read_picture(picture: Picture, *, unnamed: str = "image") -> PictureFile:
    """Read a picture, a file object from where it stands and only once; it is left open.

    `unnamed` is the name of one that brings none. Raises ValueError for an empty picture, TypeError
    for a file in text mode, OSError as reading does.
    """
    file = PictureFile(*picture) if isinstance(picture, tuple) else _named(*_name_and_content(picture, unnamed))
    if not file.content:
        raise ValueError(f"the picture {file.name!r} is empty; if it is a file object, was it read before?")
    return file


def read_pictures(image: Picture, mask: Picture | None) -> dict[str, PictureFile]:
    """Read a photo, and its mask if there is one, each under its field's name. Raises what read_picture does."""
    files = {"image": read_picture(image)}
    return files if mask is None else files | {"mask": read_picture(mask, unnamed="mask")}


def sniff_media_type(content: bytes) -> str | None:
    """Tell a picture's media type by its first bytes."""
    return next((kind for pattern, kind in _SIGNATURES if pattern.match(content)), None)


_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftyp(?:hei[cxms]|mif1)", re.DOTALL), "image/heic"),
)


def _name_and_content(
    picture: str | os.PathLike[str] | bytes | bytearray | Readable, unnamed: str
) -> tuple[str, bytes]:
    if isinstance(picture, bytes | bytearray):
        return unnamed, bytes(picture)
    if isinstance(picture, str | os.PathLike):
        path = Path(picture)
        return path.name, path.read_bytes()
    name: object = getattr(picture, "name", None)
    return Path(name).name if isinstance(name, str) else unnamed, _read(picture)


def _read(file: Readable) -> bytes:
    content = cast("object", file.read())
    if not isinstance(content, bytes):
        raise TypeError(f"reading the picture gave {type(content).__name__}, not bytes: open it with mode 'rb'")
    return content


def _named(name: str, content: bytes) -> PictureFile:
    media_type = sniff_media_type(content) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return PictureFile(name, content, media_type)
