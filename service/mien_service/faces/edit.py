"""What a task may return for one face: fields to bend the photo by, pixels to lay over it, or a reading."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Edit:
    """Changes to an aligned face, as fields over its aligned square at any resolution n x n.

    flow: (n, n, 2) x, y in pixels of the n x n square: a changed pixel shows what lay at its place plus flow.
    residual: (n, n, 3) RGB, added to the warped photo, in grey levels (-255..255).
    alpha: (n, n) in 0..1: how much of flow and residual is applied.
    paint: (n, n, 4) RGB in 0..255 and matte in 0..1, laid over the rest in the photo's colour and with its grain, or
    None. It is for what was not visible before: a tone a little off the skin's is pulled to it, and should be residual.
    """

    residual: Field
    alpha: Field
    flow: Field | None = None
    paint: Field | None = None

    @property
    def resolution(self) -> int:
        """Side of the fields in pixels."""
        return int(self.alpha.shape[0])

    def scaled(self, strength: float) -> "Edit":
        """Return the edit with its fields made `strength` times as strong; 0 changes nothing."""
        paint = self.paint
        if paint is not None:
            paint = paint.copy()
            paint[..., 3] = np.clip(paint[..., 3] * strength, 0, 1)
        flow = None if self.flow is None else self.flow * np.float32(strength)
        return replace(self, residual=self.residual * np.float32(strength), flow=flow, paint=paint)


@dataclass(frozen=True, eq=False)
class Layer:
    """Pixels that a task drew itself: RGBA (h, w, 4) uint8, and the photo pixel of its upper left corner."""

    pixels: NDArray[np.uint8]
    left: int
    top: int


@dataclass(frozen=True)
class Reading:
    """What was read from a face: a label and a number in 0..1 for each class."""

    label: str
    scores: dict[str, float]
