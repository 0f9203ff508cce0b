"""An age meter for tests, whose networks lie in the data folder: it takes darkness for years."""

from typing import cast

import numpy as np

from mien_export.quality.age import FACERES, AgeMeter
from mien_service.faces.face import RgbImage


class _BrightnessAge:
    network = FACERES

    def chip(self, photo: RgbImage, _: object) -> RgbImage:
        return photo

    def ages(self, chips: list[RgbImage]) -> np.ndarray:
        return np.array([255 - float(chip.mean()) for chip in chips])

    def shifts(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return after - before


def brightness_age() -> AgeMeter:
    return cast("AgeMeter", _BrightnessAge())
