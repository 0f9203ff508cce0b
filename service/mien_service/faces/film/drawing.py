"""A head's square as in an animated film."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from mien_service.faces.drawn.brows import draw_brows
from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, Tones, to_lab, tones
from mien_service.faces.drawn.eye import eye_of
from mien_service.faces.drawn.parts import Face, Frame, Parts, face_of, frame_of, parts_of
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh, Points, RgbImage
from mien_service.faces.film.beard import beard, lay_beard
from mien_service.faces.film.eyes import draw_eye, opened_eye, whiteness
from mien_service.faces.film.growth import BEYOND, Proportions, growth, moved_points, narrowed
from mien_service.faces.film.opening import opening
from mien_service.faces.film.shading import (
    blush,
    clean_teeth,
    hair_colours,
    livelier_rest,
    skin_colours,
    skin_tones,
    smoothed,
    to_picture,
)
from mien_service.faces.head_maps import HeadMaps
from mien_service.faces.motion import fetch
from mien_service.faces.skin.areas import LEFT_EYE, MOUTH, RIGHT_EYE

SOFT = 0.03
"""Deviation of the edge between skin and features, in eye distances."""

NOT_OWN = 0.1
"""Share of a pixel up to which it is not this head's."""


@dataclass(frozen=True, eq=False)
class Film:
    """A head's square as in a film.

    drawn: (n, n, 3), RGB in 0..255; moved: (n, n, 3), the photo with what is in and around the head moved; flow:
    (n, n, 2) in pixels, what both show at p lay at p + flow.
    """

    drawn: Field
    moved: RgbImage
    flow: Field


def film(
    square: RgbImage, mesh: Mesh, maps: HeadMaps, own: Field, proportions: Proportions, strength: float = 1.0
) -> Film:
    """Return a head's square (n, n, 3) as in an animated film.

    mesh: (468, 2 or 3) in pixels of the square; maps: of the same square; own: (m, m) in 0..1 as maps are, what of
    it is this head, with neck, and not another one; strength: 0 is the square itself, 1 the film, between them
    features grow and colours fade. What is around head and neck is moved along with them, and drawn, too: it is to be
    left out by a matte that was moved by the same flow.
    """
    moved = square.copy()
    whole = np.zeros((*square.shape[:2], 2), np.float32)
    if strength == 0:
        return Film(moved.astype(np.float32), moved, whole)
    near = frame_of(maps, len(square))
    frame = _roomier(near, face_of(mesh).unit)
    part = np.s_[frame.rows, frame.columns]
    face = face_of(mesh[:, :2] - np.array([frame.columns.start, frame.rows.start], np.float32))
    others = np.maximum(maps.head, maps.skin) * (own < NOT_OWN)
    proportions = narrowed(proportions, opening(square[part], face))
    flow = growth(face, frame.enlarged(own), frame.enlarged(others), proportions, strength)
    whole[part] = flow
    moved[part] = fetch(square[part], flow)
    drawn = moved.astype(np.float32)
    _draw(drawn, _moved_maps(maps, whole), moved_points(face.points, flow), frame, proportions, strength)
    return Film(drawn, moved, whole)


def _draw(
    photo: Field, maps: HeadMaps, points: Points, moved: Frame, proportions: Proportions, strength: float
) -> None:
    """Draw a head whose features have their places, in place; points: of its mesh, in pixels of what was moved."""
    frame = frame_of(maps, len(photo))
    corner = [moved.columns.start - frame.columns.start, moved.rows.start - frame.rows.start]
    face = face_of(points + np.array(corner, np.float32))
    shown = photo[frame.rows, frame.columns]
    drawn = _drawn(shown.astype(np.uint8), face, parts_of(maps, face, frame), proportions)
    shown[:] = cv2.addWeighted(np.clip(drawn, 0, 255, out=drawn), strength, shown, 1 - strength, 0)


def _roomier(frame: Frame, unit: float) -> Frame:
    """Return a frame with room for what grows and for what is moved around it."""
    room = round(BEYOND * unit)
    rows, columns = (
        slice(max(one.start - room, 0), min(one.stop + room, frame.side)) for one in (frame.rows, frame.columns)
    )
    return Frame(frame.side, rows, columns)


def _moved_maps(maps: HeadMaps, flow: Field) -> HeadMaps:
    zoom = len(maps.head) / len(flow)
    small = cv2.resize(flow, maps.head.shape[::-1], interpolation=cv2.INTER_LINEAR) * np.float32(zoom)
    moved = np.clip(fetch(cv2.merge([maps.head, maps.skin, maps.hair]), small), 0, 1)
    head, skin, hair = (np.asarray(one, np.float32) for one in cv2.split(moved))
    return replace(maps, head=head, skin=skin, hair=hair)


def _drawn(picture: RgbImage, face: Face, parts: Parts, proportions: Proportions) -> Field:
    lab = to_lab(picture)
    skin = skin_tones(lab, parts, face)
    drawn = Canvas(to_picture(_relit(lab, to_lab(np.asarray(smoothed(picture), np.uint8)), skin, face, parts)))
    clear = 1 - parts.hair
    seen = _seen_through(lab, parts, skin.middle)
    draw_brows(drawn, lab, face, skin.middle, 1.0, clear * (1 - parts.other))
    for outline in (LEFT_EYE, RIGHT_EYE):
        found = eye_of(lab, face, outline, skin.middle)
        eye = opened_eye(found, proportions.opened, proportions.opening)
        draw_eye(drawn, eye, skin.middle, clear, seen, whiteness(lab, found))
    return drawn.pixels


def _relit(lab: Field, smooth: Field, skin: Tones, face: Face, parts: Parts) -> Field:
    """Return L*a*b* (h, w, 3) in a film's light and colours; smooth: the picture without grain."""
    rest = livelier_rest(smooth)
    mouth = Canvas(rest).around(face[MOUTH], 0.2 * face.unit)
    clean_teeth(mouth.pixels, mouth.mask(face[MOUTH], 0.5))
    features = cv2.GaussianBlur(parts.features, (0, 0), SOFT * face.unit)
    share = np.asarray(parts.skin * (1 - np.clip(np.float32(1.6) * features, 0, 1)), np.float32)
    bearded = beard(lab, parts, face, skin.middle)
    bare = parts.skin * (1 - parts.features) * (1 - bearded)
    canvas = Canvas(rest)
    canvas.lay(skin_colours(lab, skin, bare, face), share)
    blush(rest, face, skin.middle)
    lay_beard(canvas, smooth, bearded, face)
    canvas.lay(hair_colours(lab, smooth, parts, face.unit), parts.hair)
    return rest


def _seen_through(lab: Field, parts: Parts, skin: Lab) -> float:
    """Return in 0..1 how much of the eyes is seen through glasses."""
    within = (parts.glasses > 0.5) & (parts.features > 0.5)
    if not within.any():
        return 1.0
    light = lab[..., 0]
    lighter = within & (light >= np.median(light[within]))
    seen = tones(lab, lighter.astype(np.float32), skin).middle
    return float(np.interp(float(skin[0] - seen[0]), [14, 26], [1, 0]))
