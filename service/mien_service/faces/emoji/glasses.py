"""Glasses: a clean frame along their outline, lenses as dark as the photo's, and a little glare."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, shaded, to_rgb, tones
from mien_service.faces.drawn.parts import Face, crisp
from mien_service.faces.edit import Field

FRAME = 0.04
"""Deviation by which the outline is smoothed for the frame, in eye distances; the frame is about as wide."""

WITHIN = 0.9
"""Level of the smoothed outline at which the frame ends and the lens begins."""

DARK_FROM, DARK_FULL = 16.0, 28.0
"""Levels of lightness by which a lens is darker than skin where it counts as tinted, and as dark."""

TWIG = 0.1
"""What is thinner than twice this, in eye distances, is no lens."""

DARK_SHARE, TINT, GLARES = 0.93, 0.1, 0.95
"""How much of the eyes a dark lens covers, how white the glare is, and how far apart its bands are in eye distances."""


def draw_glasses(canvas: Canvas, lab: Field, glasses: Field, features: Field, face: Face, skin: Lab) -> None:
    """Draw glasses over the eyes.

    glasses: (h, w) in 0..1, where they are in the photo; skin: its colour in the photo.
    """
    if not glasses.any():
        return
    soft = FRAME * face.unit
    whole = _without_twigs(glasses, TWIG * face.unit)
    smooth = np.asarray(cv2.GaussianBlur(whole, (0, 0), soft), np.float32)
    lens = crisp(smooth - np.float32(WITHIN - 0.5), soft)
    frame = np.clip(np.maximum(crisp(smooth, soft), glasses * (1 - features)) - lens, 0, 1)
    _draw_lenses(canvas, lab, lens, face, skin)
    colour = _frame_colour(lab, frame, skin)
    canvas.lay(to_rgb(colour), frame)
    light = np.clip(np.roll(frame, round(0.02 * face.unit), axis=0) - frame, 0, 1)
    canvas.lay(to_rgb(shaded(colour, 8)), light * np.float32(0.3))


def _without_twigs(glasses: Field, radius: float) -> Field:
    """Return the lenses alone, without bridge and arms, nor a brow that lies above."""
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(
        cv2.morphologyEx(glasses, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))),
        np.float32,
    )


def _frame_colour(lab: Field, frame: Field, skin: Lab) -> Lab:
    """Return the colour of the frame: that of the darker half of what lies along the outline."""
    light = lab[..., 0]
    along = frame > 0.6
    if not along.any():
        return shaded(skin, 30)
    dark = along & (light <= np.percentile(light[along], 40))
    colour = tones(lab, dark.astype(np.float32), skin).middle
    return np.array([min(colour[0], skin[0] - 22) * 0.85, colour[1], colour[2]], np.float32)


def _draw_lenses(canvas: Canvas, lab: Field, lens: Field, face: Face, skin: Lab) -> None:
    light = lab[..., 0]
    within = lens > 0.5
    if not within.any():
        return
    # Of a clear lens the lighter half is skin.
    lighter = within & (light >= np.median(light[within]))
    seen = tones(lab, lighter.astype(np.float32), skin).middle
    dark = float(np.clip((skin[0] - seen[0] - DARK_FROM) / (DARK_FULL - DARK_FROM), 0, 1))
    canvas.lay(to_rgb(seen), lens * np.float32(DARK_SHARE * dark))
    height, width = lens.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    slope = (columns + rows * np.float32(0.6)) * np.float32(2 * np.pi / (GLARES * face.unit))
    glare = np.clip(np.cos(slope) * 4 - np.float32(2.9), 0, 1)
    canvas.lay((255.0, 255.0, 255.0), lens * np.float32(TINT) * (np.float32(0.4) + glare * np.float32(1.2)))
