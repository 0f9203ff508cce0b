"""A head's square as an emoji."""

import numpy as np

from mien_service.faces.drawn.brows import draw_brows
from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import to_lab, to_rgb
from mien_service.faces.drawn.eye import eyes_of
from mien_service.faces.drawn.glasses import Glasses, glasses_of
from mien_service.faces.drawn.parts import Face, Parts, face_of, frame_of, parts_of
from mien_service.faces.edit import Field
from mien_service.faces.emoji.eyes import draw_eye
from mien_service.faces.emoji.glasses import draw_glasses
from mien_service.faces.emoji.hair import hair_colours, hair_over, hair_tones
from mien_service.faces.emoji.mouth import draw_mouth, draw_nose
from mien_service.faces.emoji.others import draw_others, others, strange
from mien_service.faces.emoji.shading import (
    beard,
    beard_tone,
    darkened,
    draw_cheeks,
    draw_jaw,
    edge_line,
    skin_colours,
    skin_tones,
)
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.head_maps import HeadMaps

OTHER_SMOOTH = 0.05
"""Deviation by which hats are smoothed, in eye distances."""

HAIR_SMOOTH = 0.085
"""Deviation by which the hair's map is smoothed, in eye distances."""

LINE = 0.03
"""About half the width of lines around head and hair, in eye distances."""

FULL_FROM = 0.5
"""Strength from which on nothing of the photo shows through; from there on features grow, and colours get livelier."""


def emoji(square: RgbImage, mesh: Mesh, maps: HeadMaps, strength: float = 1.0) -> Field:
    """Return a head's square (n, n, 3) drawn as an emoji, RGB in 0..255, (n, n, 3).

    mesh: (468, 2 or 3) in pixels of the square; maps: of the same square; strength: 0 is the square itself, 1 the
    emoji. What is around head and neck is drawn, too, or left as it is: it
    is to be left out by a matte.
    """
    photo = square.astype(np.float32)
    if strength == 0:
        return photo
    frame = frame_of(maps, len(square))
    corner = np.array([frame.columns.start, frame.rows.start], np.float32)
    face = face_of(mesh[:, :2] - corner)
    shown = photo[frame.rows, frame.columns]
    parts = parts_of(maps, face, frame, HAIR_SMOOTH)
    drawn = _drawn(to_lab(square[frame.rows, frame.columns]), face, parts, strength)
    share = np.float32(min(strength / FULL_FROM, 1.0))
    shown += (np.clip(drawn, 0, 255) - shown) * share
    return photo


def worn_glasses(square: RgbImage, mesh: Mesh, maps: HeadMaps) -> Glasses | None:
    """Return the glasses that an emoji of a head's square would wear, in pixels of the part that is drawn, or None."""
    frame = frame_of(maps, len(square))
    face = face_of(mesh[:, :2] - np.array([frame.columns.start, frame.rows.start], np.float32))
    lab, parts = to_lab(square[frame.rows, frame.columns]), parts_of(maps, face, frame)
    return glasses_of(lab, face, parts.left_over, skin_tones(lab, parts, face).middle)


def _drawn(lab: Field, face: Face, parts: Parts, strength: float) -> Field:
    own = skin_tones(lab, parts, face)
    skin, colours = skin_colours(lab, own, parts, face, strength)
    canvas = Canvas(colours)
    draw_jaw(canvas, face, skin, parts)
    draw_cheeks(canvas, face, skin, strength)
    own_hair = hair_tones(lab, parts)
    hair, hair_drawn = hair_colours(lab, parts, own_hair, face.unit, strength)
    shown = beard(lab, parts, face, own.middle)
    canvas.lay(to_rgb(beard_tone(hair, lab, shown)), shown * np.float32(0.85))
    draw_nose(canvas, face, skin)
    draw_mouth(canvas, lab, face, skin, strength)
    clear = 1 - parts.hair
    for eye in eyes_of(lab, face, own.middle):
        draw_eye(canvas, eye, skin, strength, clear)
    canvas.lay(hair_drawn, hair_over(parts, face.unit))
    darkened(canvas, edge_line(parts.hair, LINE * face.unit), 0.4)
    draw_brows(canvas, lab, face, skin, strength, clear * (1 - parts.other))
    glasses = glasses_of(lab, face, parts.left_over, own.middle)
    if glasses is not None:
        draw_glasses(canvas, glasses, face, parts.hair)
    other = np.maximum(others(lab, parts, face), strange(lab, parts, face, own.middle, own_hair.middle))
    draw_others(canvas, lab, other, OTHER_SMOOTH * face.unit, strength)
    darkened(canvas, edge_line(parts.whole, LINE * face.unit), 0.6)
    return canvas.pixels
