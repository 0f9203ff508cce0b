from collections.abc import Callable

import numpy as np
import pytest

from mien_export.data.faceless import faceless_squares
from mien_export.data.mesh_faces import KINDS, SIDE, MeshFaces
from mien_service.faces.face import RgbImage

COUNT = 32
HELD_OUT = (255, 0, 255)
"""Colour of everything of held-out people."""

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


@pytest.fixture
def faces(make_pack: MakePack, webp: Webp, portraits: list[RgbImage]) -> MeshFaces:
    """Six people, two of them held out."""
    rows = [{"file": f"{i}.webp", "split": "validation" if i % 3 == 0 else "train"} for i in range(6)]
    pictures = [portraits[i] if i % 3 else np.full_like(portraits[i], HELD_OUT) for i in range(6)]
    make_pack("celeba", rows, {f"{i}.webp": webp(picture) for i, picture in enumerate(pictures)})
    pixels = np.empty((6, len(KINDS), SIDE, SIDE, 3), np.uint8)
    for i, picture in enumerate(pictures):
        pixels[i] = picture[20 : 20 + SIDE, :SIDE]
    return MeshFaces(pixels, np.zeros((6, 468, 3), np.float32), np.zeros((6, len(KINDS), 468), np.bool_), rows)


def test_squares_are_as_many_as_asked_for_and_always_the_same(faces: MeshFaces) -> None:
    found = faceless_squares(COUNT, faces, "celeba")
    assert (found.shape, found.dtype) == ((COUNT, SIDE, SIDE, 3), np.uint8)
    np.testing.assert_array_equal(found, faceless_squares(COUNT, faces, "celeba"))
    assert len({square.tobytes() for square in found}) == COUNT


def test_held_out_people_are_not_shown_even_in_pieces(faces: MeshFaces) -> None:
    for square in faceless_squares(COUNT, faces, "celeba"):
        assert (square == HELD_OUT).all(axis=2).mean() < 0.01


def test_no_square_shows_a_face_as_it_is(faces: MeshFaces) -> None:
    whole = [faces.pixels[i, 0].astype(float) for i in range(6) if i % 3]
    for square in faceless_squares(COUNT, faces, "celeba"):
        assert min(float(np.abs(square - face).mean()) for face in whole) > 10
