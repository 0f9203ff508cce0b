"""Pictures of people for tests, as pixels and as files."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFile
from skimage import data

from mien_service.faces.face import RgbImage

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = ROOT / "examples" / "people"
MASKED = ROOT / "examples" / "masked"
TURNED = ROOT / "examples" / "turned"
NAMES = ("anna", "ben", "carla", "dora", "emil", "farid", "gina")
GROUP_SIDES = (420, 360, 480, 400, 460, 380)
"""Sides of the six pictures of the group photo, row by row."""

EXIF_ORIENTATION = 0x0112


@cache
def person(name: str) -> RgbImage:
    """Return one of the generated people, (1024, 1024, 3); read only."""
    return _frozen(pixels_of((PEOPLE / f"{name}.jpg").read_bytes()))


@cache
def masked(name: str) -> RgbImage:
    """Return one of the generated people with a mask on, "anna" or "farid", (1024, 1024, 3); read only."""
    return _frozen(pixels_of((MASKED / f"{name}.jpg").read_bytes()))


@cache
def turned(name: str) -> RgbImage:
    """Return one of the generated people seen from the side, "hanna" or "iris", (1024, 1024, 3); read only."""
    return _frozen(pixels_of((TURNED / f"{name}.jpg").read_bytes()))


@cache
def two_masked() -> RgbImage:
    """Return two people with masks on and, between them, one without, (480, 1440, 3)."""
    three = (masked("anna"), person("ben"), masked("farid"))
    return _frozen(np.hstack([np.asarray(cv2.resize(one, (480, 480), interpolation=cv2.INTER_AREA)) for one in three]))


@cache
def astronaut() -> RgbImage:
    return _frozen(np.asarray(data.astronaut(), np.uint8))


@cache
def group() -> RgbImage:
    """Return six people, three by two on a plain ground, at different sizes, (1000, 1500, 3)."""
    photo = np.full((1000, 1500, 3), 200, np.uint8)
    for place, (name, side) in enumerate(zip(NAMES, GROUP_SIDES, strict=False)):
        row, column = divmod(place, 3)
        small = cv2.resize(person(name), (side, side), interpolation=cv2.INTER_AREA)
        photo[row * 500 : row * 500 + side, column * 500 : column * 500 + side] = small
    return _frozen(photo)


@cache
def twelve_megapixels() -> RgbImage:
    """Return a person in the middle of a photo of 4000 x 3000 pixels."""
    photo = np.full((3000, 4000, 3), 180, np.uint8)
    large = cv2.resize(person("carla"), (2000, 2000), interpolation=cv2.INTER_LINEAR)
    photo[500:2500, 1000:3000] = large
    return _frozen(photo)


def small_person(name: str = "anna", side: int = 512) -> RgbImage:
    return np.asarray(cv2.resize(person(name), (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def nobody(height: int = 160, width: int = 200) -> RgbImage:
    """Return a picture without a face: a smooth slope of colours."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, np.full_like(rows, 90)], axis=2).astype(np.uint8)


def as_file(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    """Return pixels of one to four channels as a JPEG, PNG or WebP file."""
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, kind, **options)
    return body.getvalue()


def sideways(pixels: RgbImage) -> bytes:
    """Return the picture as a phone held upright stores it: lying, with EXIF orientation 6."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    return as_file(np.rot90(pixels), "JPEG", quality=95, exif=exif)


def opened(body: bytes) -> ImageFile.ImageFile:
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def pixels_of(body: bytes) -> RgbImage:
    """Return the picture's pixels as a viewer without colour management shows them, RGB."""
    return np.array(opened(body).convert("RGB"), np.uint8)


def psnr(one: RgbImage, other: RgbImage) -> float:
    """Return the peak signal-to-noise ratio of two pictures of one size, in dB."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def _frozen(pixels: RgbImage) -> RgbImage:
    pixels.flags.writeable = False
    return pixels
