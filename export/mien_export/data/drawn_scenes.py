"""Pictures without a face, drawn in code: textures, buildings, foliage, cloth, lettering, spheres, streaks."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import RgbImage

Canvas = NDArray[np.floating[Any]]
"""(height, width, 3), 0..255."""

Drawer = Callable[[int, int, np.random.Generator], Canvas]


def drawn_scene(height: int, width: int, rng: np.random.Generator) -> RgbImage:
    """Return a face-free picture (height, width, 3): one scene, or one laid half transparent over another."""
    picture = _scene(height, width, rng)
    if rng.random() < 0.4:
        picture += (_scene(height, width, rng) - picture) * np.float32(rng.uniform(0.2, 0.6))
    picture += rng.normal(0, rng.uniform(0, 6), picture.shape).astype(np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _scene(height: int, width: int, rng: np.random.Generator) -> Canvas:
    return DRAWERS[int(rng.integers(len(DRAWERS)))](height, width, rng)


def clouds(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Smooth noise of several scales between two colours."""
    return _between(_fractal(height, width, rng, rng.uniform(0.4, 0.8)), rng)


def wood(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Bent stripes, like grain or hair."""
    bend = _fractal(height, width, rng, 0.4) * rng.uniform(2, 30)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    along = (x * np.cos(angle) + y * np.sin(angle)) / rng.uniform(4, 40)
    return _between(((np.sin(along + bend) + 1) / 2).astype(np.float32), rng)


def checks(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """A woven or tiled pattern, seen at an angle."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, size = rng.uniform(0, np.pi), rng.uniform(6, 60)
    across, along = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    pattern = ((across // size) % 2 + (along // (size * rng.uniform(0.5, 2))) % 2) / 2
    return _between(pattern.astype(np.float32), rng) + (_fractal(height, width, rng, 0.6)[..., None] - 0.5) * 40


def buildings(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """House fronts with rows of windows, doors and a sky."""
    picture = clouds(height, width, rng)
    x = 0
    while x < width:
        wide, top = int(rng.integers(40, max(width // 2, 60))), int(rng.integers(0, max(height // 2, 1)))
        cv2.rectangle(picture, (x, top), (x + wide, height), _colour(rng), -1)
        step, pane = int(rng.integers(12, 50)), _colour(rng)
        for left in range(x + step // 3, x + wide - step // 2, step):
            for upper in range(top + step // 3, height - step // 2, round(step * 1.3)):
                cv2.rectangle(picture, (left, upper), (left + step // 2, upper + round(step * 0.7)), pane, -1)
        x += wide
    return picture + (_fractal(height, width, rng, 0.7)[..., None] - 0.5) * 50


def foliage(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Many leaves or stones."""
    picture = clouds(height, width, rng)
    base = np.array(_colour(rng))
    for _ in range(int(rng.integers(150, 700))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(2, 22)), int(rng.integers(2, 12)))
        colour = np.clip(base * rng.uniform(0.4, 1.5) + rng.normal(0, 15, 3), 0, 255).tolist()
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    return picture


def balls(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Shaded spheres, some with two dots and a bar on them: round things that are no faces."""
    picture = clouds(height, width, rng)
    for _ in range(int(rng.integers(1, 8))):
        radius = int(rng.integers(8, max(min(height, width) // 4, 10)))
        middle = np.array([rng.integers(width), rng.integers(height)], np.float64)
        colour = np.array(_colour(rng))
        for ring in np.linspace(1, 0.05, 14):
            place = middle - (1 - ring) * radius * 0.3
            lit = np.clip(colour * (1.25 - 0.7 * ring), 0, 255).tolist()
            cv2.circle(
                picture, tuple(np.rint(place).astype(int).tolist()), max(round(radius * ring), 1), lit, -1, cv2.LINE_AA
            )
        if rng.random() < 0.4:
            dark = (colour * rng.uniform(0, 0.6)).tolist()
            for dx, dy in rng.uniform(-0.6, 0.6, (int(rng.integers(1, 5)), 2)) * radius:
                spot = (round(middle[0] + dx), round(middle[1] + dy))
                cv2.circle(picture, spot, max(radius // int(rng.integers(5, 14)), 1), dark, -1, cv2.LINE_AA)
    return picture


def cloth(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Folds of one colour, skin tones among them."""
    folds = _fractal(height, width, rng, 0.25)
    light = np.clip(cv2.Sobel(folds, cv2.CV_32F, 1, 0, ksize=3) * rng.uniform(5, 40) + 1, 0.3, 1.7)
    skin = np.array([rng.uniform(60, 250), 0, 0]) * [1, 0, 0] + np.array(
        [0, rng.uniform(40, 190), rng.uniform(30, 160)]
    )
    colour = skin if rng.random() < 0.6 else np.array(_colour(rng))
    return np.asarray(light[..., None] * colour, np.float32)


def lettering(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Rows of letters on a plain or cloudy ground."""
    picture = clouds(height, width, rng).astype(np.uint8)  # letters can be drawn on whole numbers only
    for _ in range(int(rng.integers(3, 25))):
        text = "".join(chr(int(code)) for code in rng.integers(48, 123, int(rng.integers(2, 14))))
        place = (int(rng.integers(-20, width)), int(rng.integers(0, height + 20)))
        size, thick = float(rng.uniform(0.4, 4)), int(rng.integers(1, 6))
        cv2.putText(picture, text, place, int(rng.integers(0, 8)), size, _colour(rng), thick, cv2.LINE_AA)
    return picture.astype(np.float32)


def shapes(height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Polygons, discs and lines of any colour and size."""
    picture = clouds(height, width, rng)
    reach = max(min(height, width) // 3, 8)
    for _ in range(int(rng.integers(5, 40))):
        corners = rng.integers([0, 0], [width, height]) + rng.integers(-reach, reach, (int(rng.integers(3, 7)), 2))
        if rng.random() < 0.4:
            cv2.polylines(picture, [corners.astype(np.int32)], True, _colour(rng), int(rng.integers(1, 9)), cv2.LINE_AA)
        else:
            cv2.fillPoly(picture, [corners.astype(np.int32)], _colour(rng), cv2.LINE_AA)
    return picture


DRAWERS: tuple[Drawer, ...] = (clouds, wood, checks, buildings, foliage, balls, cloth, lettering, shapes)


def _fractal(height: int, width: int, rng: np.random.Generator, roughness: float) -> Canvas:
    """Return (height, width) noise in 0..1: octaves whose strength falls by `roughness`."""
    total, strength, cells = np.zeros((height, width), np.float32), 1.0, 2
    while cells < min(height, width) / 2:
        octave = rng.normal(0, 1, (cells, max(round(cells * width / height), 2))).astype(np.float32)
        total += np.float32(strength) * cv2.resize(octave, (width, height), interpolation=cv2.INTER_CUBIC)
        strength, cells = strength * roughness, cells * 2
    low, high = np.percentile(total, [1, 99])
    return np.clip((total - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _between(share: Canvas, rng: np.random.Generator) -> Canvas:
    first, second = np.array(_colour(rng), np.float32), np.array(_colour(rng), np.float32)
    return first + (second - first) * share[..., None]


def _colour(rng: np.random.Generator) -> list[float]:
    """Return an RGB colour: usually a muted one, as most things have."""
    vivid = rng.uniform(0, 255, 3)
    return (vivid + (vivid.mean() - vivid) * rng.uniform(0, 1) ** 0.5).tolist()
