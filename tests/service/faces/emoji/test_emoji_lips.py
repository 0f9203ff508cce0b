"""The form of an emoji's mouth: the person's own, even, and never crossing itself."""

from itertools import pairwise

import numpy as np
import pytest
from drawn_heads import SIDE, head

from mien_service.faces.drawn.parts import Face, face_of
from mien_service.faces.emoji.lips import MouthShape, gap_of, mouth_shape
from mien_service.faces.face import Points

NAMES = ["anna", "ben", "carla", "dora", "farid", "gina"]


def shape_of(mesh: Points, opened: float = 1.0) -> MouthShape:
    return mouth_shape(face_of(mesh), opened, opened, 1.0)


def raised(shape: MouthShape) -> float:
    """Return how far the corners lie above the middle of the line between the lips, in pixels."""
    line = shape.between
    return float(line[len(line) // 2, 1] - (line[0, 1] + line[-1, 1]) / 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("opened", [0.0, 0.5, 1.0])
def test_lines_lie_below_each_other(name: str, opened: float) -> None:
    shape = shape_of(head(name).mesh, opened)
    lines = [shape.upper, shape.between, shape.lower]
    for above, below in pairwise(lines):
        assert (below[:, 1] >= above[:, 1] - 0.01).all()
    inner = slice(5, -5)
    assert (shape.top[inner, 1] < shape.upper[inner, 1]).all()
    assert (shape.bottom[inner, 1] > shape.lower[inner, 1]).all()


def test_a_mouth_that_is_not_opened_is_a_line() -> None:
    shape = shape_of(head("anna").mesh, 0.0)
    assert shape.gap == 0
    np.testing.assert_allclose(shape.upper, shape.lower, atol=1e-3)


def test_an_opening_is_higher_than_the_mesh_has_it_where_teeth_show() -> None:
    face = face_of(head("anna").mesh)
    own = gap_of(face) * face.unit
    assert mouth_shape(face, 1.0, 0.0, 1.0).gap == pytest.approx(own, rel=1e-5)
    assert 1.2 * own < mouth_shape(face, 1.0, 1.0, 1.0).gap < 1.6 * own
    assert mouth_shape(face, 1.0, 1.0, 0.0).gap == pytest.approx(own, rel=1e-5)


def test_corners_turn_up_where_somebody_smiles() -> None:
    smiling, earnest = (head(name).mesh for name in ("anna", "ben"))
    lifted, own = (mouth_shape(face_of(smiling), 1.0, 1.0, strength) for strength in (1.0, 0.0))
    assert raised(lifted) > raised(own) + 1.5
    assert raised(lifted) > raised(shape_of(earnest)) + 4


def test_a_mirrored_mouth_has_the_mirrored_form() -> None:
    one = head("farid")
    own, twin = shape_of(one.mesh), shape_of(one.mirrored().mesh)
    for line, other in ((own.top, twin.top), (own.lower, twin.lower), (own.bottom, twin.bottom)):
        np.testing.assert_allclose(line, other[::-1] * [-1, 1] + [SIDE - 1, 0], atol=0.6)


def test_a_mouth_seen_from_the_side_stays_where_it_is() -> None:
    mesh = head("anna").mesh.copy()
    middle = mesh[[61, 291], 0].mean()
    mesh[:, 0] = middle + (mesh[:, 0] - middle) * 0.02
    face = Face(mesh, face_of(head("anna").mesh).unit)
    shape = mouth_shape(face, 1.0, 1.0, 1.0)
    for line in (shape.top, shape.upper, shape.lower, shape.bottom):
        assert np.isfinite(line).all()
        assert np.abs(line[:, 0] - middle).max() < 0.2 * face.unit
