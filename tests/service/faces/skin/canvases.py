"""Canvases of generated people, as the service makes them."""

from functools import cache
from pathlib import Path

import numpy as np
import people
import served
from finding import found, run

from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Mesh
from mien_service.faces.head_model import HeadModel
from mien_service.faces.skin.layers import Canvas, canvas_of
from mien_service.tasks.head import mesh_in_square, uncovered_skin

WEIGHTS = Path(__file__).resolve().parents[4] / "weights"


@cache
def networks() -> WeightsRunner:
    return WeightsRunner(served.weights_folder())


@cache
def model() -> HeadModel:
    with np.load(WEIGHTS / "head_model.npz") as table:
        return HeadModel.of(dict(table))


@cache
def aligned(name: str) -> AlignedFace:
    return align(people.small_person(name), found(name))


@cache
def mesh_of(name: str) -> Mesh:
    """Return the mesh in pixels of the aligned square."""
    return mesh_in_square(aligned(name), run())


@cache
def canvas(name: str) -> Canvas:
    face = aligned(name)
    return canvas_of(face.crop, mesh_of(name), model(), uncovered_skin(face, networks()))


def at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the values of a field (n, n) or (n, n, c) at points of the 256-pixel square."""
    side = field.shape[0]
    places = np.rint((points[:, :2] + 0.5) * side / 256 - 0.5).astype(int).clip(0, side - 1)
    return field[places[:, 1], places[:, 0]]
