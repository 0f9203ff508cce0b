"""Glasses: clean lenses with rims, a bridge and temples, lenses as dark as the photo's, and a little glare."""

import cv2
import numpy as np

from mien_service.faces.drawn.canvas import Canvas, lowered, stroke
from mien_service.faces.drawn.colours import shaded, to_rgb
from mien_service.faces.drawn.glasses import ANGLES, Glasses
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import Points

DARK_SHARE, TINT, GLARES = 0.96, 0.09, 0.95
"""How much of the eyes a dark lens covers, how white the glare is, and how far apart its bands are in eye distances."""

HINGE = -0.6
"""Sine of the angle at which bridge and temples begin on an outline: its upper third."""

BRIDGE_RISE, TEMPLE_REACH = 0.035, 0.25
"""How far a bridge is arched, in eye distances, and how far a temple goes on behind the mesh, as a share of its
length."""

HAIR_EDGE = 0.1
"""How far within hair a frame is drawn, in eye distances."""

SIDES = (127, 356)
"""Points of the mesh where the face ends beside the eyes."""


def draw_glasses(canvas: Canvas, glasses: Glasses, face: Face, hair: Field) -> None:
    """Draw glasses over the eyes, and under what is surely hair, (h, w) in 0..1: its edge is often the frame's."""
    shape = np.concatenate(glasses.outlines)
    part = canvas.around(np.concatenate([shape, face[SIDES]]), 0.3 * face.unit)
    side = 2 * round(HAIR_EDGE * face.unit) + 1
    around = np.asarray(cv2.blur(part.of(hair), (side, side)), np.float32)
    seen = np.clip((1 - around) * 4, 0, 1)
    frame = part.mask(_bridge(glasses, face.unit))
    for i in (0, 1):
        lens = part.mask(glasses.lenses[i])
        _draw_lens(part, glasses, lens * seen, face.unit)
        rim = np.clip(part.mask(glasses.outlines[i]) - lens, 0, 1)
        frame = np.maximum(np.maximum(frame, rim), part.mask(_temple(glasses, i, face)))
    frame = np.asarray(frame * seen, np.float32)
    part.lay(to_rgb(glasses.colour), frame)
    shift = max(round(0.3 * glasses.thickness), 1)
    light = np.clip(frame - np.roll(frame, shift, axis=0), 0, 1)
    part.lay(to_rgb(shaded(glasses.colour, -22)), light * np.float32(0.45))


def _hinge(outline: Points, *, outer: bool) -> Points:
    """Return the point (2,) of an outline where a temple or the bridge begins."""
    angle = np.arctan2(HINGE, np.sqrt(1 - HINGE**2) * (1 if outer else -1)) % (2 * np.pi)
    return outline[int(np.abs(ANGLES - angle).argmin())]


def _middle(glasses: Glasses, side: int, *, outer: bool) -> Points:
    """Return the point (2,) in the middle of a rim where a temple or the bridge begins."""
    return (_hinge(glasses.outlines[side], outer=outer) + _hinge(glasses.lenses[side], outer=outer)) / np.float32(2)


def _bridge(glasses: Glasses, unit: float) -> Points:
    left, right = (_middle(glasses, side, outer=False) for side in (0, 1))
    top = lowered((left + right) / np.float32(2), -BRIDGE_RISE * unit)
    return stroke(np.stack([left, top, right]), (0.95, 0.8, 0.95), max(glasses.thickness, 1.5))


def _temple(glasses: Glasses, side: int, face: Face) -> Points:
    """Return the outline of a temple, from the lens to where the face ends and a little farther."""
    start, end = _middle(glasses, side, outer=True), face.points[SIDES[side]]
    # On the far side of a turned head none is seen.
    outwards = 1 if side else -1
    end = np.array([outwards * max(outwards * end[0], outwards * start[0]), end[1]], np.float32)
    line = np.stack([start, (start + end) / np.float32(2), end + (end - start) * np.float32(TEMPLE_REACH)])
    return stroke(line.astype(np.float32), (0.9, 0.8, 0.7), max(glasses.thickness, 1.5))


def _draw_lens(part: Canvas, glasses: Glasses, lens: Field, unit: float) -> None:
    part.lay(to_rgb(glasses.lens), lens * np.float32(DARK_SHARE * glasses.tint))
    height, width = lens.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    slope = (columns + np.float32(part.left) + (rows + np.float32(part.top)) * np.float32(0.6)) * np.float32(
        2 * np.pi / (GLARES * unit)
    )
    glare = np.clip(np.cos(slope) * 4 - np.float32(2.9), 0, 1)
    part.lay((255.0, 255.0, 255.0), lens * np.float32(TINT) * (np.float32(0.4) + glare * np.float32(1.4)))
