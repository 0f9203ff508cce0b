"""What draws faces as toons: the service in each style, and what it is held against."""

from collections.abc import Callable

import cv2
import numpy as np

from mien_export.data.packs import read_pictures
from mien_export.quality.held_out import HeldOutFace
from mien_export.runner import WeightsRunner
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Placed
from mien_service.faces.face import RgbImage
from mien_service.tasks.toon_styles import Style
from mien_service.tasks.toonify import ToonifyParams, toonify

Tooner = Callable[[HeldOutFace], RgbImage | None]
"""A face to its photo (h, w, 3) with the face drawn, or None where there is no such picture."""

UNCHANGED, STYLIZATION, TEACHER = "photo as it is", "cv2.stylization", "cel teacher"

SIGMA, RANGE = 60, 0.45
"""OpenCV's own defaults."""


def tooners(run: WeightsRunner) -> dict[str, Tooner]:
    """Return all methods by name, baselines first, then the service's styles."""
    baselines: dict[str, Tooner] = {
        UNCHANGED: lambda face: face.photo,
        STYLIZATION: lambda face: np.asarray(cv2.stylization(face.photo, sigma_s=SIGMA, sigma_r=RANGE), np.uint8),
        TEACHER: cel_teacher,
    }
    return baselines | {style.value: service_tooner(run, style) for style in Style}


def cel_teacher(face: HeldOutFace) -> RgbImage | None:
    """Return the drawing that `toon_cel` has of a portrait, as large as its photo; None of other packs' faces."""
    if "source" not in face.row:
        return None
    [drawing] = read_pictures("toon_cel", [face.row["file"]])
    height, width = face.photo.shape[:2]
    return np.asarray(cv2.resize(drawing, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def service_tooner(run: WeightsRunner, style: Style) -> Tooner:
    """Return what POST /toonify does in a style, without a server."""
    params = ToonifyParams.model_validate({"style": style.value})

    def draw(face: HeldOutFace) -> RgbImage:
        [placed] = toonify(face.aligned, params, run)  # pyright: ignore[reportArgumentType]
        assert isinstance(placed, Placed)
        return apply_edit(face.photo, placed.transform, placed.edit)

    return draw
