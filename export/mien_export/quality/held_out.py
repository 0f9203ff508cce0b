"""Held-out photos at their native size, with their faces found as the service finds them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien_export.data.packs import HELD_OUT_PARTS, Row, read_pictures, split_rows
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

TUNING_HALF, REPORT_HALF = 0, 1
"""Halves of the validation identities: one to choose an editor's settings on, one to report on."""


@dataclass(frozen=True, eq=False)
class HeldOutFace:
    """A photo of nobody seen in training, its main face, and its label row."""

    photo: RgbImage
    aligned: AlignedFace
    row: Row

    def has(self, attribute: str) -> bool:
        """Return whether the label row gives the attribute (`smiling`, `mustache`, `young`, `male`)."""
        return self.row[attribute.capitalize()] == "1"


def found_faces(pack: str, rows: list[Row], run: RunNetwork) -> Iterator[HeldOutFace]:
    """Yield the photos of `rows` in which the service finds a face, with the largest one; `run` runs its networks."""
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    for row, photo in zip(rows, read_pictures(pack, [row["file"] for row in rows]), strict=True):
        try:
            [face] = finder.find(photo, "largest", run)
        except NoFaceFound:
            continue
        yield HeldOutFace(photo, align(photo, face), row)


def validation_half(identity: str) -> int:
    """Return the half, TUNING_HALF or REPORT_HALF, that a validation identity belongs to.

    The validation people were chosen by CRC-32 modulo 20, so they are halved by what that leaves of it.
    """
    return zlib.crc32(identity.encode()) // HELD_OUT_PARTS % 2


def celeba_faces(half: int, limit: int, run: RunNetwork) -> list[HeldOutFace]:
    """Return up to `limit` faces, in random but fixed order, of a half of CelebA's validation identities."""
    rows = [row for row in split_rows("celeba", "validation") if validation_half(row["identity"]) == half]
    order = np.random.default_rng(0).permutation(len(rows))[:limit]
    return list(found_faces("celeba", [rows[i] for i in order], run))
