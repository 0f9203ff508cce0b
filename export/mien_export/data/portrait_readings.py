"""What judges read off aligned crops: attributes, age, pose and skin tone, one number each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import rgb2lab

from mien_export.quality.age import AgeMeter
from mien_export.quality.identity import Descriptors, IdentityMeter, identity_chip
from mien_export.quality.regions import EYE_MARGIN, Mask, eye_distance, hull
from mien_export.quality.skin_colour import mean_colour, typology_angle
from mien_export.quality.skin_regions import skin
from mien_export.quality.statistics import Floats
from mien_export.recipes.judges import Judge, centre_squares, load_judge
from mien_service.faces.face import RgbImage
from mien_service.faces.mesh import ibug_landmarks
from mien_service.faces.pose import estimate_pose
from mien_service.faces.regions import EYES

BATCH = 100

OTHERS = ("age", "yaw", "pitch", "tone", "behind", "eyes")
"""Years; degrees; degrees; the typology angle of the skin in degrees (high is light); the lightness L* beside the head
and that of the eyes' brightest tenth. The last two say how the picture is lit, so that dark skin and a dark picture
are told apart."""

BRIGHTEST = 90

CORNER_RIM, CORNER_WIDTH, CORNER_HEIGHT = 1 / 18, 0.21, 0.28
"""Shares of the side; a crop's outermost rim is repeated."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings of n crops by name, each (n,): judge A's logits by attribute, and OTHERS."""

    values: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        """Return the readings of one name."""
        return self.values[name]


class PortraitReader:
    """Reads crops as the judges do that filter training pairs: nothing is measured with it."""

    def __init__(self, judge: Judge | None = None, age: AgeMeter | None = None) -> None:
        """Raises FileNotFoundError where neither judge A is given nor one has been trained."""
        self.judge = judge or load_judge("a")
        self._age = age or AgeMeter()
        self._identity = IdentityMeter()

    def read(self, pixels: NDArray[np.uint8], meshes: NDArray[np.float32]) -> Readings:
        """Return the readings of crops (n, side, side, 3) with their meshes (n, 468, 3)."""
        others = np.array([self._others(*pair) for pair in zip(pixels, meshes, strict=True)])
        return Readings(self.attributes(pixels).values | {name: others[:, i] for i, name in enumerate(OTHERS)})

    def attributes(self, pixels: NDArray[np.uint8]) -> Readings:
        """Return judge A's readings alone of crops (n, side, side, 3)."""
        parts = [torch.from_numpy(np.ascontiguousarray(pixels[i : i + BATCH])) for i in range(0, len(pixels), BATCH)]
        logits = torch.cat([self.judge(centre_squares(part)) for part in parts]).double().numpy()
        return Readings({name: logits[:, i] for i, name in enumerate(self.judge.attributes)})

    def describe(self, pixels: Sequence[RgbImage], meshes: Sequence[NDArray[np.float32]]) -> Descriptors:
        """Return (n, 128) identity descriptors of crops, each cut by the mesh given with it."""
        pairs = zip(pixels, meshes, strict=True)
        return self._identity.descriptors([identity_chip(crop, ibug_landmarks(mesh)) for crop, mesh in pairs])

    def _others(self, crop: RgbImage, mesh: NDArray[np.float32]) -> tuple[float, ...]:
        landmarks = ibug_landmarks(mesh)
        pose = estimate_pose(landmarks)
        [age] = self._age.ages([self._age.chip(crop, landmarks)])
        lightness = rgb2lab(crop)[..., 0]
        region = skin(landmarks, crop.shape)
        tone = typology_angle(mean_colour(crop, region)) if region.any() else float("nan")
        eyes = hull([landmarks[EYES]], crop.shape, EYE_MARGIN * eye_distance(landmarks) / 2)
        return (
            float(age),
            pose.yaw,
            pose.pitch,
            tone,
            float(lightness[beside_the_head(crop.shape)].mean()),
            float(np.percentile(lightness[eyes], BRIGHTEST)),
        )


def beside_the_head(shape: tuple[int, ...]) -> Mask:
    """Return the upper corners of a crop of `shape` (side, side, ...), where mostly background shows."""
    side = shape[0]
    mask = np.zeros(shape[:2], np.bool_)
    rim, wide, down = round(CORNER_RIM * side), round(CORNER_WIDTH * side), round(CORNER_HEIGHT * side)
    mask[rim:down, rim:wide] = mask[rim:down, -wide:-rim] = True
    return mask
