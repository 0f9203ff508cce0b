"""A portrait as it should be drawn: as a cel, and with coloured pencils. What toon_net learns.

Colours are smoothed but at edges and set off in steps ("real-time video abstraction", Winnemöller et al. 2006, doi
10.1145/1141911.1142018), and lines are drawn over them. All of it is told by the photo, so that a network can learn
where a line runs. All lengths are pixels of pictures in which a face is as large as in the aligned square of 256.
"""

import cv2
import numpy as np

from mien_export.data.ink_lines import Pen, blurred, ink_lines
from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.skin.areas import to_lab

CEL_PEN = Pen(width=0.85, sharpness=12, level=0.46, hardness=8)
PENCIL = Pen(width=0.7, sharpness=12, level=0.5, hardness=5)

CEL_INK, PENCIL_INK = 0.83, 0.8
"""How dark the lines of each are, 1 being black."""

STEPS, STEEP = 5, 9.0
"""Steps of a cel's lightness from black to white, and how steep they are."""

STEPPED = 0.7
"""How much of a cel's lightness goes in steps."""

LIFT = 0.06
"""How much nearer to white a cel's lightness is."""

CEL_CHROMA, PENCIL_CHROMA = 1.12, 1.0
"""Colourfulness over the photo's."""

FEATURES, FINE, COARSE = 0.35, 0.8, 4.0
"""How much of the photo's own features a cel keeps: eyes, teeth. They are between these standard deviations large."""

PAPER, DEPTH, CURVE = 97.0, 72.0, 1.2
"""Lightness of paper; how much darker pencils make what is black; and how soon tones get darker."""

DRAWN, STROKES = 0.2, 0.8
"""How much of the tone and colour, and of the strokes, is the drawing's by the face stylizer."""

STROKE, WASH = 2.5, 4.0
"""Standard deviations in pixels: strokes are finer than the one, tones coarser than the other."""

WARMTH = 2.0
"""Of paper, in b* of CIELAB."""


def cel_drawing(photo: RgbImage) -> RgbImage:
    """Return a photo (h, w, 3) drawn as a cel: few flat tones of its own colours within black lines."""
    tones = to_lab(_smoothed(photo, times=5, diameter=9, levels=26, pixels=5))
    lightness = STEPPED * _in_steps(tones[..., 0]) + (1 - STEPPED) * tones[..., 0]
    own = to_lab(_smoothed(photo, times=1, diameter=5, levels=12, pixels=2))[..., 0]
    features = FEATURES * (blurred(own, FINE) - blurred(own, COARSE))
    drawn = (CEL_CHROMA * tones).astype(np.float32)
    drawn[..., 0] = (LIFT * 100 + (1 - LIFT) * lightness) * _inked(photo, CEL_PEN, CEL_INK) + features
    return _rgb(drawn)


def pencil_drawing(photo: RgbImage, drawing: RgbImage) -> RgbImage:
    """Return a photo (h, w, 3) drawn with coloured pencils on paper.

    Lines and features are the photo's own; strokes, and some of tone and colour, are those of `drawing` (h, w, 3), by
    the face stylizer, which lies on the photo. It draws everybody young, pale and shaven.
    """
    tones = to_lab(_smoothed(photo, times=4, diameter=9, levels=24, pixels=4))
    theirs = to_lab(drawing)
    wash = blurred(theirs, WASH)
    strokes = theirs[..., 0] - blurred(theirs[..., 0], STROKE)
    drawn = (PENCIL_CHROMA * ((1 - DRAWN) * tones + DRAWN * wash)).astype(np.float32)
    drawn[..., 2] += WARMTH
    pale = PAPER - DEPTH * (1 - tones[..., 0].clip(0, 100) / 100) ** CURVE
    lightness = (1 - DRAWN) * pale + DRAWN * wash[..., 0] + STROKES * strokes
    drawn[..., 0] = lightness * _inked(photo, PENCIL, PENCIL_INK)
    return _rgb(drawn)


def _inked(photo: RgbImage, pen: Pen, ink: float) -> Field:
    """Return what lines leave of the lightness (h, w), 1 beside them."""
    grey = cv2.cvtColor(_smoothed(photo, times=2, diameter=7, levels=16, pixels=3), cv2.COLOR_RGB2GRAY)
    lines = ink_lines(grey.astype(np.float32) / np.float32(255), pen)
    return 1 - np.float32(ink) * (1 - lines)


def _in_steps(lightness: Field) -> Field:
    """Return lightness (h, w), 0..100, in STEPS steps with steep but not sharp edges."""
    place = lightness * np.float32(STEPS / 100)
    whole = np.floor(place)
    within = np.tanh(STEEP * (place - whole - 0.5)) / np.tanh(STEEP / 2)
    return ((whole + 0.5 + 0.5 * within) * (100 / STEPS)).astype(np.float32)


def _smoothed(photo: RgbImage, times: int, diameter: int, levels: float, pixels: float) -> RgbImage:
    """Return a photo smoothed where neighbours differ by less than `levels`: edges stay."""
    for _ in range(times):
        photo = np.asarray(cv2.bilateralFilter(photo, diameter, levels, pixels), np.uint8)
    return photo


def _rgb(lab: Field) -> RgbImage:
    lab[..., 0] = lab[..., 0].clip(0, 100)
    levels = np.asarray(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB), np.float32)
    return np.rint(levels.clip(0, 1) * 255).astype(np.uint8)
