"""A contact sheet of landmarks on hard held-out faces: dlib's 68 points on the left, ours on the right.

python -m mien_export evaluate landmark_sheet
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mien_export.data.packs import is_validation, read_pictures, read_rows
from mien_export.quality.finding_sets import profiles, real_masks
from mien_export.quality.sheet import TILE, Labelled, write_sheet
from mien_service.engine.dlib_models import DlibLandmarks
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Detection, Face, Points, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

KIND = 8
"""Faces of each kind: profiles, real masks, glasses, hats, and photos that are grey, small, blurred and dark."""

CHILDREN = ("023725.webp",)
"""Pictures of children among those wanted: left out."""

SHOWN = 1.7
"""Side of what is shown around a face over the longer side of its box."""


def hard_pictures() -> Iterator[RgbImage]:
    """Yield pictures of held-out people, KIND of each kind."""
    turned = list(profiles())
    yield from (example.pixels for example in turned[:: len(turned) // KIND][:KIND])
    yield from (example.pixels for example, _ in zip(real_masks(), range(KIND), strict=False))
    rows = [row for row in read_rows("celeba") if is_validation(row)]
    for column in ("Eyeglasses", "Wearing_Hat"):
        wanted = [row["file"] for row in rows if row[column] == "1" and row["file"] not in CHILDREN]
        yield from read_pictures("celeba", wanted[:KIND])
    for picture in read_pictures("celeba", [row["file"] for row in rows[::40]][:KIND]):
        yield _badly_photographed(picture)


def _badly_photographed(picture: RgbImage) -> RgbImage:
    """Return the picture grey, small, blurred along a line, and dark."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    moved = cv2.blur(small, (7, 1))
    return np.repeat((moved * 0.5).astype(np.uint8)[..., None], 3, axis=2)


def write_landmark_sheet(run: RunNetwork, folder: Path) -> None:
    """Write landmarks.png into `folder`. Faces that the finder misses are shown whole, without points."""
    finder, dlib = FaceFinder(NetworkDetector(), MeshLandmarks()), DlibLandmarks()
    tiles: list[Labelled] = []
    for picture in hard_pictures():
        try:
            [face] = finder.find(picture, "largest", run)
        except NoFaceFound:
            tiles += [("no face found", picture), ("no face found", picture)]
            continue
        [theirs] = dlib.read(picture, [Detection(face.box, face.score)], run)
        tiles.append(("dlib 68", _shown(picture, face, theirs.landmarks)))
        tiles.append((f"ours {face.score:.2f}", _shown(picture, face, face.landmarks)))
    write_sheet([tiles[start : start + 8] for start in range(0, len(tiles), 8)], folder / "landmarks.png")


def _shown(picture: RgbImage, face: Face, points: Points) -> RgbImage:
    """Return the face's surroundings, (TILE, TILE, 3), with points drawn on."""
    box = face.box
    scale = TILE / (SHOWN * max(box.width, box.height))
    middle = np.array([box.left + box.right, box.top + box.bottom]) / 2
    matrix = np.column_stack([np.eye(2) * scale, TILE / 2 - middle * scale])
    tile = cv2.warpAffine(picture, matrix, (TILE, TILE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    for x, y in np.rint(points * scale + matrix[:, 2]).astype(int).tolist():
        cv2.circle(tile, (x, y), 2, (0, 0, 0), -1, cv2.LINE_AA)
        cv2.circle(tile, (x, y), 1, (0, 255, 0), -1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)
