"""Reading the picture packs: an uncompressed zip of WebP pictures beside a CSV of labels.

Packs lie in the folder `MIEN_DATA` (default ../shared/data). They are read column by column name, and
held out by identity, never by picture.
"""

import csv
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mien_service.faces.face import RgbImage

Row = dict[str, str]

HELD_OUT_PARTS = 20
"""Where a pack has no split of its own, one part in this many is validation."""


def data_folder() -> Path:
    """Return the folder of the packs: `MIEN_DATA`, or ../shared/data."""
    return Path(os.environ.get("MIEN_DATA", "../shared/data"))


def is_held_out(name: str) -> bool:
    """Return whether an identity or file name belongs to validation (CRC-32 modulo 20 is 0)."""
    return zlib.crc32(name.encode()) % HELD_OUT_PARTS == 0


def split_of(row: Row) -> str:
    """Return the split that a row's picture is in: the pack's own column, else `train` or `validation` by CRC-32."""
    if "split" in row:
        return row["split"]
    return "validation" if is_held_out(row.get("identity", row["file"])) else "train"


def is_training(row: Row) -> bool:
    """Return whether a row's picture may be trained on."""
    return split_of(row) == "train"


def is_validation(row: Row) -> bool:
    """Return whether a row's picture is held out for measuring (and not reserved for something else)."""
    return split_of(row) == "validation"


def read_rows(pack: str) -> list[Row]:
    """Return the label rows of `pack`, in file order. Raises FileNotFoundError if the pack is not there."""
    with (data_folder() / f"{pack}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def split_rows(pack: str, split: str) -> list[Row]:
    """Return the rows of one split (`train`, `validation`, ...), by the pack's own column or by CRC-32."""
    return [row for row in read_rows(pack) if split_of(row) == split]


def read_pictures(pack: str, names: list[str]) -> Iterator[RgbImage]:
    """Yield the named pictures of `pack` as RGB, in the order asked for."""
    with zipfile.ZipFile(data_folder() / f"{pack}.zip") as archive:
        for name in names:
            picture = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_COLOR)
            if picture is None:
                raise ValueError(f"{pack}: {name} cannot be decoded")
            yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
