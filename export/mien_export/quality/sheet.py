"""Contact sheets: rows of labelled pictures on one PNG, for somebody to look at."""

from pathlib import Path

import cv2
import numpy as np

from mien_service.faces.face import RgbImage

TILE = 218
"""Height of a picture on the sheet in pixels: a CelebA photo is shown as it is."""

LABEL = 18
GAP = 2

Labelled = tuple[str, RgbImage]


def tile(label: str, picture: RgbImage) -> RgbImage:
    """Return the picture scaled to TILE pixels of height under its label, white on dark."""
    width = max(round(picture.shape[1] * TILE / picture.shape[0]), 1)
    enlarged = picture.shape[0] <= TILE
    method = cv2.INTER_NEAREST if enlarged else cv2.INTER_AREA
    canvas = np.full((TILE + LABEL + GAP, width + GAP, 3), 32, np.uint8)
    canvas[LABEL : LABEL + TILE, :width] = cv2.resize(picture, (width, TILE), interpolation=method)
    cv2.putText(canvas, label, (2, LABEL - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return canvas


def contact_sheet(rows: list[list[Labelled]]) -> RgbImage:
    """Return one RGB picture of all rows, each of (label, (h, w, 3) uint8 RGB); short rows end dark.

    Raises ValueError for no rows or an empty one.
    """
    if not rows or not all(rows):
        raise ValueError("a sheet needs a picture in every row")
    strips = [np.concatenate([tile(*labelled) for labelled in row], axis=1) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 0), (0, width - strip.shape[1]), (0, 0))) for strip in strips]
    return np.concatenate(padded, axis=0)


def write_sheet(rows: list[list[Labelled]], file: Path) -> None:
    """Write `contact_sheet` of the rows as a PNG, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(contact_sheet(rows), cv2.COLOR_RGB2BGR))
    if not ok:
        raise OSError(f"{file}: the sheet cannot be encoded")
    file.write_bytes(encoded.tobytes())
