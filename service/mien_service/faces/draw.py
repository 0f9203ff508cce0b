"""Drawing on a photo: what was found of a face, and the visible mark of AI editing."""

import cv2
import numpy as np

from mien_service.faces.face import Face, RgbImage

GREEN = (0, 255, 0)
LABEL = "AI-edited"
LABEL_HEIGHT = 0.03
"""Height of the mark's letters as a share of the picture's shorter side."""

CAPTION_HEIGHT = 0.09
"""Height of a caption's letters as a share of the face's width."""


def draw_face(pixels: RgbImage, face: Face) -> None:
    """Draw box, landmarks and pose of `face` into `pixels`, sized to the face."""
    thickness = max(1, round(face.box.width / 150))
    corners = np.rint(face.box).astype(int)
    cv2.rectangle(pixels, tuple(corners[:2]), tuple(corners[2:]), GREEN, thickness)
    for x, y in np.rint(face.landmarks).astype(int):
        cv2.circle(pixels, (int(x), int(y)), thickness, GREEN, -1)
    text = f"yaw {face.pose.yaw:.0f} pitch {face.pose.pitch:.0f} roll {face.pose.roll:.0f}"
    _write(pixels, text, (int(corners[0]), int(corners[3])), face.box.width / 12)


def draw_caption(pixels: RgbImage, face: Face, text: str) -> None:
    """Draw the box of `face` into `pixels` and `text` above it, or in its upper edge where there is no room."""
    thickness = max(1, round(face.box.width / 150))
    left, top, right, bottom = (round(float(edge)) for edge in face.box)
    cv2.rectangle(pixels, (left, top), (right, bottom), GREEN, thickness)
    height = max(face.box.width * CAPTION_HEIGHT, 8.0)
    _write(pixels, text, (left, max(0, round(top - 2 * height))), height)


def draw_label(pixels: RgbImage) -> RgbImage:
    """Return the picture with a readable mark of AI editing in its lower left corner."""
    marked = pixels.copy()
    height = max(LABEL_HEIGHT * min(pixels.shape[:2]), 8.0)
    _write(marked, LABEL, (round(height / 2), pixels.shape[0] - round(2 * height)), height)
    return marked


def _write(pixels: RgbImage, text: str, top_left: tuple[int, int], height: float) -> None:
    """Write white text with a dark edge, its letters `height` pixels high."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    scale = height / 22
    thickness = max(1, round(scale * 1.5))
    origin = (top_left[0], top_left[1] + round(1.3 * height))
    cv2.putText(pixels, text, origin, font, scale, (0, 0, 0), thickness * 3, cv2.LINE_AA)
    cv2.putText(pixels, text, origin, font, scale, (255, 255, 255), thickness, cv2.LINE_AA)
