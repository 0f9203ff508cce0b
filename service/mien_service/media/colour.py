"""Colour profiles: which one fits which pixels, and inks to sRGB."""

import io

from PIL import Image, ImageCms

_SPACES = {b"RGB ": 3, b"GRAY": 1, b"CMYK": 4}


def channels(profile: bytes | None) -> int | None:
    """Return how many channels the ICC `profile` is for: 1 (grey), 3 (RGB) or 4 (CMYK); None if malformed.

    The header is read alone (ICC.1, clause 7.2): size, colour space, signature.
    """
    if profile is None or len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    if int.from_bytes(profile[:4], "big") > len(profile):
        return None
    return _SPACES.get(profile[16:20])


def fitting(profile: bytes | None, channel_count: int) -> bytes | None:
    """Return `profile` if it is for pixels of `channel_count` channels, else None."""
    return profile if channels(profile) == channel_count else None


def srgb_of_cmyk(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a CMYK `picture` as sRGB: by its profile, or roughly if that is missing or not of use."""
    usable = fitting(profile, 4)
    if usable is None:
        return picture.convert("RGB")
    try:
        inks = ImageCms.ImageCmsProfile(io.BytesIO(usable))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        converted = ImageCms.profileToProfile(picture, inks, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        converted = None
    return converted or picture.convert("RGB")
