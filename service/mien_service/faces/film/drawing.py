"""A head's square as in an animated film."""

from dataclasses import replace

import cv2
import numpy as np

from mien_service.faces.drawn.brows import draw_brows
from mien_service.faces.drawn.canvas import Canvas
from mien_service.faces.drawn.colours import Lab, to_lab, tones
from mien_service.faces.drawn.eye import eye_of
from mien_service.faces.drawn.parts import Face, Frame, Parts, face_of, frame_of, parts_of
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.film.eyes import draw_eye, opened_eye
from mien_service.faces.film.growth import BEYOND, Proportions, growth, moved_picture, moved_points
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
from mien_service.faces.skin.areas import LEFT_EYE, LIPS, MOUTH, RIGHT_EYE

SOFT = 0.03
"""Deviation of the edge between skin and features, in eye distances."""


def film(square: RgbImage, mesh: Mesh, maps: HeadMaps, proportions: Proportions, strength: float = 1.0):
    photo = square.astype(np.float32)
    n = len(square)
    frame = _roomier(frame_of(maps, n), face_of(mesh).unit)
    corner = np.array([frame.columns.start, frame.rows.start], np.float32)
    face = face_of(mesh[:, :2] - corner)
    part = np.s_[frame.rows, frame.columns]
    flow = growth(face, frame.enlarged(np.maximum(maps.head, maps.skin)), proportions, strength)
    whole = np.zeros((n, n, 2), np.float32)
    whole[part] = flow
    moved = np.asarray(moved_picture(square[part], flow), np.uint8)
    there = face_of(moved_points(face.points, flow))
    drawn = _drawn(moved, there, parts_of(_moved_maps(maps, whole), there, frame), proportions.opened)
    photo[part] = moved + (np.clip(drawn, 0, 255) - moved) * np.float32(strength)
    return photo, whole


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
    head, skin, hair = (
        np.clip(np.asarray(moved_picture(one, small), np.float32), 0, 1) for one in (maps.head, maps.skin, maps.hair)
    )
    return replace(maps, head=head, skin=skin, hair=hair)


def _drawn(picture: RgbImage, face: Face, parts: Parts, opened: tuple[float, float]) -> Field:
    smooth = to_lab(np.asarray(smoothed(picture), np.uint8))
    lab = to_lab(picture)
    own = skin_tones(lab, parts, face)
    skin = skin_colours(lab, own, parts, face)
    rest = livelier_rest(smooth)
    _lips(rest, face, own.middle)
    bare = cv2.GaussianBlur(parts.features, (0, 0), SOFT * face.unit)
    share = parts.skin * (1 - np.clip(1.6 * bare, 0, 1))
    canvas = Canvas(rest)
    canvas.lay(skin, share)
    blush(rest, face, own.middle)
    canvas.lay(hair_colours(lab, smooth, parts, face.unit), parts.hair)
    clear = 1 - parts.hair
    brow_lab = lab
    drawn = Canvas(to_picture(rest))
    seen = _seen_through(lab, parts, face, own.middle)
    draw_brows(drawn, brow_lab, face, own.middle, 1.0, clear * (1 - parts.other))
    for outline in (LEFT_EYE, RIGHT_EYE):
        eye = opened_eye(eye_of(lab, face, outline, own.middle), opened)
        draw_eye(drawn, eye, own.middle, clear, seen)
    return drawn.pixels


def _lips(lab: Field, face: Face, skin: Lab) -> None:
    part = Canvas(lab).around(face[LIPS], 0.2 * face.unit)
    lips = np.clip(part.mask(face[LIPS], 0.5) - part.mask(face[MOUTH], 0.5), 0, 1)
    clean_teeth(part.pixels, part.mask(face[MOUTH], 0.5))
    part.pixels[..., 0] += 2 * lips
    part.pixels[..., 1] += 6 * lips


def _seen_through(lab: Field, parts: Parts, face: Face, skin: Lab) -> float:
    """Return in 0..1 how much of the eyes is seen through glasses."""
    within = parts.glasses * parts.features > 0.5
    if not within.any():
        return 1.0
    light = lab[..., 0]
    lighter = within & (light >= np.median(light[within]))
    seen = tones(lab, lighter.astype(np.float32), skin).middle
    return float(np.interp(skin[0] - seen[0], [14, 26], [1, 0]))
