"""What is known of one face in a photo."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""(n, 2) x, y in pixels of the photo, pixel centres at whole numbers."""

Mesh = NDArray[np.float32]
"""(468, 3) x, y, z in pixels of the photo, in MediaPipe's order; z grows away from the camera, about 0 at the outer
eye corners."""

RgbImage = NDArray[np.uint8]
"""(height, width, 3), RGB, 0..255."""


class Box(NamedTuple):
    """An upright rectangle in photo pixels; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Area in square pixels; 0 for an empty box."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture resized by `factor`."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def overlap(self, other: "Box") -> float:
        """Return intersection over union with `other`, 0..1."""
        shared = self._shared(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def nesting(self, other: "Box") -> float:
        """Return how much of the smaller of the two boxes lies in the other, 0..1."""
        smaller = min(self.area, other.area)
        return self._shared(other) / smaller if smaller > 0 else 0.0

    def _shared(self, other: "Box") -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)


class Pose(NamedTuple):
    """Head rotation in degrees; 0 is facing the camera, yaw grows as the head turns to the image's right."""

    yaw: float
    pitch: float
    roll: float


class Detection(NamedTuple):
    """A face candidate: its box and the detector's confidence (its own scale, higher is surer)."""

    box: Box
    score: float


@dataclass(frozen=True, eq=False)
class Face:
    """One found face.

    landmarks: the 68 points of the iBUG scheme, (68, 2) in photo pixels. score: how sure it is a face, 0..1.
    mesh: the 468-point mesh, and visibility: (468,) in 0..1, how likely each of its points shows, neither turned away
    nor covered; None where the landmark model has no mesh.
    """

    box: Box
    landmarks: Points
    pose: Pose
    score: float
    mesh: Mesh | None = None
    visibility: NDArray[np.float32] | None = None
