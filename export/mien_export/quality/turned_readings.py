"""What the meters say of heads that were turned: pose, identity, and whether they look like real ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien_export.networks.lite0 import Lite0
from mien_export.quality.fid import FidMeter, pooled_features
from mien_export.quality.identity import IdentityMeter, identity_chip
from mien_export.quality.perceptual import as_squares
from mien_export.quality.pose import PoseMeter
from mien_export.quality.statistics import Floats
from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.faces.face import RgbImage
from mien_service.faces.pose import estimate_pose


@dataclass(frozen=True, eq=False)
class Readings:
    """What the meters say of n pictures: yaw in degrees either way, (n, 128) descriptors; NaN where no face is seen."""

    yaw: Floats
    descriptors: Floats

    def at(self, places: NDArray[np.intp]) -> "Readings":
        """Return those of some pictures."""
        return Readings(self.yaw[places], self.descriptors[places])


class Meters:
    """The pose estimator and the descriptor, neither of which stands inside a turner."""

    def __init__(self) -> None:
        self._pose = PoseMeter(HogDetector(), LandmarkPredictor())
        self._identity = IdentityMeter()

    def read(self, pictures: Sequence[RgbImage]) -> Readings:
        """Return the readings of aligned squares (SIDE, SIDE, 3)."""
        landmarks = [self._pose.landmarks(picture) for picture in pictures]
        yaw = np.array([np.nan if one is None else abs(estimate_pose(one).yaw) for one in landmarks])
        seen = [i for i, one in enumerate(landmarks) if one is not None]
        descriptors = np.full((len(pictures), 128), np.nan)
        chips = [identity_chip(pictures[i], known) for i, known in enumerate(landmarks) if known is not None]
        descriptors[seen] = self._identity.descriptors(chips)
        return Readings(yaw, descriptors)


class FrechetMeter:
    """Fréchet distance of squares to real frontal ones."""

    def __init__(self, reals: Sequence[RgbImage]) -> None:
        self._lite0 = Lite0()
        self._meter = FidMeter(self._features(reals))

    def excess(self, pictures: Sequence[RgbImage]) -> float:
        """Return the distance beyond what real pictures have."""
        return self._meter.measure(self._features(pictures)).excess

    def _features(self, pictures: Sequence[RgbImage]) -> Floats:
        return pooled_features(as_squares(pictures), self._lite0)
