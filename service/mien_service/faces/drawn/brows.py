"""Brows, crisp, in the form and colour that the photo shows."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas, rounded
from mien_service.faces.drawn.colours import Lab, livelier, to_rgb, tones
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

BROWS = (
    ((46, 53, 52, 65, 55), (70, 63, 105, 66, 107)),
    ((276, 283, 282, 295, 285), (300, 293, 334, 296, 336)),
)
"""Lower and upper edges, from the temple to the nose."""


BROW_SMOOTH, BROW_ROOM = 0.018, 0.045
"""Deviation by which a brow's lightness is smoothed, and how far beyond the mesh's brow it may reach, in eye
distances."""

BROW_FROM = 0.5
"""Share of a brow's own depth from which on a pixel is the brow's."""


def draw_brows(canvas: Canvas, lab: Field, face: Face, skin: Lab, strength: float, clear: Field) -> None:
    """Draw both brows as flat shapes in their own form and colour; of faint ones less."""
    for lower, upper in BROWS:
        outline = np.concatenate([face[lower], face[upper[::-1]]])
        part = canvas.around(outline, 0.12 * face.unit)
        own = Canvas(lab).around(outline, 0.12 * face.unit)
        zone = part.mask(_fuller(outline, face.unit), 0.02 * face.unit)
        light = np.asarray(cv2.GaussianBlur(own.pixels[..., 0], (0, 0), BROW_SMOOTH * face.unit), np.float32)
        inside = zone > 0.5
        if not inside.any():
            continue
        darkest, bare = np.percentile(light[inside], [8, 85])
        depth = max(float(bare - darkest), 1.0)
        shape = np.clip(((bare - light) / depth - BROW_FROM) * 5 + np.float32(0.5), 0, 1) * zone
        colour = tones(own.pixels, shape, skin).middle
        colour = livelier(colour, -3.0, 1.15, strength)
        share = np.float32(np.interp(depth, [4, 14], [0, 1]))
        part.lay(to_rgb(colour), np.asarray(part.of(clear) * shape * share, np.float32))


def _fuller(outline: Points, unit: float) -> Points:
    """Return a brow's outline, lower (5) and upper edge (5), a little thicker."""
    low, high = outline[:5], outline[:4:-1]
    across = (high - low) / np.maximum(np.hypot(*(high - low).T), 1e-6)[:, None]
    thicker = np.float32(BROW_ROOM * unit) * across
    return rounded(np.concatenate([low - thicker * np.float32(0.6), (high + thicker)[::-1]]))
