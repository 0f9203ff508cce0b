"""A head made from geometry, with the mesh's numbering where code relies on it, and a teacher that sees red discs."""

import json
import zipfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import onnx
import people
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien_export.teachers.mesh import INPUT_SIDE
from mien_export.teachers.occluders import ANCHOR_POINTS
from mien_service.faces.face import Mesh, RgbImage

POINTS = 468

MIDDLE = {
    10: (0, -0.7),
    151: (0, -0.45),
    168: (0, -0.08),
    6: (0, 0.02),
    2: (0, 0.55),
    4: (0, 0.45),
    17: (0, 0.85),
    152: (0, 1.1),
}
"""Forehead, nose, lower lip and chin, in eye distances; 0 is the middle of the outer eye corners."""

LEFT = {
    33: (-0.5, 0),
    133: (-0.18, 0.01),
    127: (-0.76, -0.05),
    234: (-0.78, 0.15),
    172: (-0.55, 0.8),
    193: (-0.09, -0.02),
    50: (-0.45, 0.42),
    61: (-0.27, 0.72),
    70: (-0.52, -0.22),
}
"""The image's left half: eye, temple, ear, jaw, nose root, cheek, mouth, brow."""

RIGHT = {33: 263, 133: 362, 127: 356, 234: 454, 172: 397, 193: 417, 50: 280, 61: 291, 70: 300}
"""The twin of each point on the left."""


@cache
def _made() -> tuple[Mesh, NDArray[np.intp]]:
    twins = np.arange(POINTS)
    for left, right in RIGHT.items():
        twins[[left, right]] = right, left
    rest = [i for i in range(POINTS) if i not in MIDDLE and i not in LEFT and i not in RIGHT.values()]
    half = len(rest) // 2
    twins[rest[:half]], twins[rest[half:]] = rest[half:], rest[:half]
    plane = np.zeros((POINTS, 2))
    for point, place in {**MIDDLE, **LEFT}.items():
        plane[point] = place
    plane[rest[:half]] = _spread(np.array([*MIDDLE.values(), *LEFT.values()]), half)
    left = [*LEFT, *rest[:half]]
    plane[twins[left]] = plane[left] * [-1, 1]
    mesh = np.column_stack([plane, _depth(plane) - _depth(plane[33])]).astype(np.float32)
    mesh.flags.writeable = twins.flags.writeable = False
    return mesh, twins


def _spread(taken: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return (count, 2) places in the left half of the face, each as far as can be from those before."""
    random = np.random.default_rng(0)
    places = random.uniform([-0.78, -0.7], [-0.04, 1.1], (6000, 2))
    places = places[np.hypot(places[:, 0] / 0.78, (places[:, 1] - 0.2) / 0.9) < 1]
    away = np.linalg.norm(places[:, None] - taken, axis=2).min(axis=1)
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return places[chosen]


def _depth(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = plane[..., 0], plane[..., 1] - 0.2
    nose = 0.35 * np.exp(-((x / 0.15) ** 2) - ((y - 0.2) / 0.25) ** 2)
    return 0.9 * x**2 + 0.3 * y**2 - nose


def frontal() -> Mesh:
    """Return the head facing the camera, mirror symmetric, outer eye corners 1 apart."""
    return _made()[0]


def twins() -> NDArray[np.intp]:
    """Return each point's mirror twin."""
    return _made()[1]


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Return the rotation of a head by angles in degrees, in the sense of mien_service.faces.pose."""
    y, p, r = np.radians([-yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def head(eye: float, x: float, y: float, turned: NDArray[np.float64] | None = None) -> Mesh:
    """Return the mesh in pixels of a head with this 3-D eye distance, its eyes' middle at x, y."""
    turned = np.eye(3) if turned is None else turned
    return (eye * frontal() @ turned.T + [x, y, 0]).astype(np.float32)


def disc(height: int, width: int, x: float, y: float, radius: float) -> RgbImage:
    """Return a grey picture with a red disc: to the stand-in of a teacher, a head with this eye distance."""
    rows, columns = np.mgrid[:height, :width]
    share = np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1)[..., None]
    return np.rint(128 + (np.array([255, 0, 0]) - 128) * share).astype(np.uint8)


def write_teacher(data: Path) -> None:
    """Write a stand-in for the mesh teacher, of its signature: it sees the frontal head wherever there is a red disc.

    The head's eyes are around the disc's middle, its eye distance is the disc's radius; the score is 25, or 0 where
    nothing is red.
    """
    axis = np.arange(INPUT_SIDE, dtype=np.float32)
    constants = {
        "redness": np.array([1, -1, 0], np.float32),
        "x": np.broadcast_to(axis, (1, INPUT_SIDE, INPUT_SIDE)).copy(),
        "y": np.broadcast_to(axis[:, None], (1, INPUT_SIDE, INPUT_SIDE)).copy(),
        "head": frontal()[None],
        "few": np.array([1e-3], np.float32),
        "pi": np.array([np.pi], np.float32),
        "least": np.array([20], np.float32),
        "zero": np.zeros(1, np.float32),
        "one": np.ones(1, np.float32),
        "enough": np.array([200], np.float32),
        "sure": np.array([25], np.float32),
        "colour": np.array([3]),
        "plane": np.array([1, 2]),
        "point": np.array([1, 1, 3]),
        "flat": np.array([1, 1, 1, 3 * POINTS]),
        "single": np.array([1, 1, 1, 1]),
    }
    steps = [
        ("Mul", "input redness", "balance"),
        ("ReduceSum", "balance colour", "difference"),
        ("Relu", "difference", "red"),
        ("ReduceSum", "red plane", "area"),
        ("Max", "area few", "some"),
        ("Mul", "red x", "red_x"),
        ("ReduceSum", "red_x plane", "sum_x"),
        ("Div", "sum_x some", "middle_x"),
        ("Mul", "red y", "red_y"),
        ("ReduceSum", "red_y plane", "sum_y"),
        ("Div", "sum_y some", "middle_y"),
        ("Div", "area pi", "square"),
        ("Sqrt", "square", "radius"),
        ("Max", "radius least", "eye"),
        ("Mul", "head eye", "sized"),
        ("Concat", "middle_x middle_y zero", "place"),
        ("Reshape", "place point", "shift"),
        ("Add", "sized shift", "placed"),
        ("Reshape", "placed flat", "points"),
        ("Div", "area enough", "share"),
        ("Min", "share one", "certain"),
        ("Mul", "certain sure", "surely"),
        ("Reshape", "surely single", "score"),
    ]
    options = {"ReduceSum": {"keepdims": 0}, "Concat": {"axis": 0}}
    graph = helper.make_graph(
        [helper.make_node(kind, takes.split(), [gives], **options.get(kind, {})) for kind, takes, gives in steps],
        "teacher",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, INPUT_SIDE, INPUT_SIDE, 3])],
        [
            helper.make_tensor_value_info("points", TensorProto.FLOAT, [1, 1, 1, 3 * POINTS]),
            helper.make_tensor_value_info("score", TensorProto.FLOAT, [1, 1, 1, 1]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (data / "teachers").mkdir(exist_ok=True)
    onnx.save(model, data / "teachers" / "mesh468.onnx")


MASK_COLOURS = {"front": (90, 160, 220), "left": (220, 160, 90), "right": (90, 220, 160)}


def write_masks(data: Path) -> None:
    """Write mask templates that fit the head: one for each side, each between nose, ears and chin, and a texture."""
    places = (frontal()[list(ANCHOR_POINTS.values()), :2] + [1, 0.4]) * 60
    outline = np.rint(places[[0, 1, 2, 5, 4, 3]]).astype(np.int32)
    anchors = dict(zip(ANCHOR_POINTS, places.tolist(), strict=True))
    with zipfile.ZipFile(data / "mask_templates.zip", "w") as archive:
        archive.writestr("anchors.json", json.dumps({f"cloth_{side}": anchors for side in MASK_COLOURS}))
        for side, colour in MASK_COLOURS.items():
            pixels = np.zeros((100, 120, 4), np.uint8)
            cv2.fillPoly(pixels, [outline], (*colour, 255))
            archive.writestr(f"cloth_{side}.webp", people.as_file(pixels, "WEBP", lossless=True, quality=0))
        texture = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        archive.writestr("textures/dots.webp", people.as_file(texture, "WEBP", lossless=True, quality=0))
