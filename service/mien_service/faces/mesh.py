"""The 468-point face mesh: its squares, the 68 landmarks read off it, and what of it is which part of the face.

The points are those of MediaPipe's face mesh (Kartynnik et al. 2019, "Real-time Facial Surface Geometry from
Monocular Video on Mobile GPUs"): left and right are the image's, as seen by the viewer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import Affine, apply, scale_of
from mien_service.faces.face import Box, Mesh, Points

MESH_POINTS = 468

LEFT_EYE_CORNER, RIGHT_EYE_CORNER = 33, 263
"""The outer corners."""

SQUARE_MARGIN = 1.5
"""Side of the square that the network looks at over the longer side of the mesh: a quarter on each side."""

IBUG_FROM_MESH: tuple[tuple[int, ...], ...] = (
    *((127,), (234,), (93,), (58, 132), (138, 172), (136,), (149,), (148, 176), (152,)),
    *((377, 400), (378,), (365,), (367, 397), (288, 361), (323,), (454,), (356,)),
    *((70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,)),
    *((168, 6), (197,), (5,), (4,), (75,), (97,), (2,), (326,), (305,)),
    *((33,), (160,), (158,), (133,), (153,), (144,), (362,), (385,), (387,), (263,), (373,), (380,)),
    *((61,), (39,), (37,), (0,), (267,), (269,), (291,), (321,), (314,), (17,), (84,), (91,)),
    *((78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,)),
)
"""For each of the 68 points of the iBUG scheme (jaw, brows, nose, eyes, lips) the mesh points it is the mean of.

Chosen where dlib's predictor sees them on 66 CelebA faces; in the aligned square of 256 px the eyes' middle then lies
half a pixel from dlib's, the mouth's .4, brows and jaw (which dlib draws further out) 2 to 6.
"""

_MAP = np.zeros((len(IBUG_FROM_MESH), MESH_POINTS), np.float32)
for _row, _points in enumerate(IBUG_FROM_MESH):
    _MAP[_row, list(_points)] = 1 / len(_points)


def ibug_landmarks(mesh: Mesh) -> Points:
    """Return the 68 landmarks, (68, 2), of a mesh."""
    return _MAP @ mesh[:, :2]


def ibug_visibility(visibility: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the visibility of the 68 landmarks, (68,), from that of the 468 points."""
    return _MAP @ visibility


def moved_mesh(mesh: Mesh, transform: Affine) -> Mesh:
    """Return a mesh taken through a similarity, its depth in the new pixels."""
    return np.column_stack([apply(transform, mesh[:, :2]), mesh[:, 2] * scale_of(transform)]).astype(np.float32)


@dataclass(frozen=True)
class Square:
    """A square in a photo: its centre and side in pixels, and the angle of its top edge in radians, clockwise."""

    x: float
    y: float
    side: float
    roll: float = 0.0

    def transform(self, size: int) -> NDArray[np.float64]:
        """Return the (2, 3) similarity from photo pixels to pixels of the square at `size` pixels a side."""
        scale = size / self.side
        cos, sin = scale * np.cos(self.roll), scale * np.sin(self.roll)
        turn = np.array([[cos, sin], [-sin, cos]])
        return np.column_stack([turn, np.full(2, (size - 1) / 2) - turn @ np.array([self.x, self.y])])

    def from_crop(self, points: Mesh, size: int) -> Mesh:
        """Return (n, 3) points given in pixels of the square at `size` pixels a side, in photo pixels."""
        scale = self.side / size
        cos, sin = scale * np.cos(self.roll), scale * np.sin(self.roll)
        local = points[:, :2] - (size - 1) / 2
        plane = local @ np.array([[cos, sin], [-sin, cos]]) + np.array([self.x, self.y])
        return np.column_stack([plane, points[:, 2] * scale]).astype(np.float32)

    def moved(self, right: float, down: float, zoom: float = 1.0) -> "Square":
        """Return the square moved along its own axes by shares of its side, and `zoom` times as large."""
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        x, y = right * self.side, down * self.side
        return Square(self.x + cos * x - sin * y, self.y + sin * x + cos * y, self.side * zoom, self.roll)


def mesh_square(mesh: Mesh) -> Square:
    """Return the upright square around a mesh that the network is to be shown: its eye line level."""
    roll = roll_of(mesh)
    cos, sin = np.cos(roll), np.sin(roll)
    along = mesh[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    low, high = along.min(axis=0), along.max(axis=0)
    middle = (low + high) / 2
    x, y = cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1]
    return Square(float(x), float(y), SQUARE_MARGIN * float((high - low).max()), roll)


def box_square(box: Box) -> Square:
    """Return the level square around a face box that spans the mesh."""
    side = SQUARE_MARGIN * max(box.width, box.height)
    return Square((box.left + box.right) / 2, (box.top + box.bottom) / 2, side)


def mesh_box(mesh: Mesh) -> Box:
    """Return the upright box around a mesh."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def roll_of(mesh: Mesh) -> float:
    """Return the head's roll in radians, clockwise as seen: the turn in the image plane of the best rigid fit.

    The eye line alone says little in profile, where both eyes lie one behind the other: chin and brow count as well.
    """
    across = mesh[RIGHT_EYE_CORNER, :2] - mesh[LEFT_EYE_CORNER, :2]
    down = mesh[152, :2] - mesh[10, :2]
    # Turning `down` a quarter back makes it point across; both are summed by their length.
    sum_x, sum_y = across[0] + down[1], across[1] - down[0]
    return float(np.arctan2(sum_y, sum_x))
