"""The head model: what of the 468-point mesh is triangulated, its mirror twins, and a mean frontal face.

It is the table `head_model` (export/mien_export/recipes/head_model.py). Units are outer eye distances; x to the image's
right, y down, z away from the camera, the middle between the outer eye corners at 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import Mesh
from mien_service.faces.raster import Triangles

TABLE = "head_model"


@dataclass(frozen=True, eq=False)
class HeadModel:
    """The arrays of the table.

    mean: (468, 3), the mean frontal face, symmetric; twins: (468,), the mirror twin of each point; triangles: (m, 3),
    of mesh points, those that would fold left out; oval: (k,), the points around the face, from the forehead's middle
    on towards the image's right. Around the oval lies a skirt of rings. rings: (r,), where they lie between the oval
    (0) and the edge of the aligned square (1); the last are the edge and beyond its corners. ring_depth: (4, r), how
    far each lies behind the oval on the flank that turns away, on the one that turns to the camera, at the top and at
    the bottom; ring_turning: (4, r) in 0..1, how much each turns with the head there: 0 at the edge and beyond.
    """

    mean: Mesh
    twins: NDArray[np.intp]
    triangles: Triangles
    oval: NDArray[np.intp]
    rings: NDArray[np.float32]
    ring_depth: NDArray[np.float32]
    ring_turning: NDArray[np.float32]

    @classmethod
    def of(cls, table: dict[str, NDArray[Any]]) -> "HeadModel":
        """Return the model that a table holds."""
        twins, triangles, oval = (table[name].astype(np.intp) for name in ("twins", "triangles", "oval"))
        skirt = (table[name].astype(np.float32) for name in ("rings", "ring_depth", "ring_turning"))
        return cls(table["mean"].astype(np.float32), twins, triangles, oval, *skirt)

    def mirrored(self, mesh: Mesh) -> Mesh:
        """Return a head (468, 3), seen from the front about x = 0, with its sides exchanged."""
        return mesh[self.twins] * np.array([-1, 1, 1], np.float32)


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a head is.

    scale: pixels an eye distance; rotation: (3, 3) from the head to the picture; origin: (3,) the head's, in pixels.
    """

    scale: float
    rotation: NDArray[np.float64]
    origin: NDArray[np.float64]

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return points (n, 3) of the head in pixels of the picture."""
        return (self.scale * points @ self.rotation.T + self.origin).astype(np.float32)

    def to_head(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return points (n, 3) of the picture in the head's own frame."""
        return ((points - self.origin) @ self.rotation / self.scale).astype(np.float32)


def placement(mesh: Mesh, model: HeadModel) -> Placement:
    """Return where the mean face has to be to lie on `mesh` best.

    The least-squares similarity (Umeyama 1991, "Least-squares estimation of transformation parameters between two
    point patterns").
    """
    mean, points = model.mean.astype(np.float64), mesh.astype(np.float64)
    centre, own_centre = mean.mean(axis=0), points.mean(axis=0)
    left, lengths, right = np.linalg.svd((points - own_centre).T @ (mean - centre))
    proper = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = left * proper @ right
    scale = float((lengths * proper).sum() / np.square(mean - centre).sum())
    return Placement(scale, rotation, own_centre - scale * rotation @ centre)
