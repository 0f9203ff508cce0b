"""What is known of one face in a photo."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""(n, 2) x, y in pixels of the photo, pixel centres at whole numbers."""

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
        shared = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area
        if min(other.right, self.right) <= max(other.left, self.left):
            shared = 0.0
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


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
    """One found face. `landmarks` are the 68 points of the iBUG scheme, in photo pixels."""

    box: Box
    landmarks: Points
    pose: Pose
    score: float
