from collections.abc import Callable
from pathlib import Path
from typing import Any

import finding
import numpy as np
import people
import pytest

from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.tooners import STYLIZATION, TEACHER, UNCHANGED, cel_teacher, tooners
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align
from mien_service.tasks.toon_styles import Style


def held_out(name: str, **row: str) -> HeldOutFace:
    photo = people.small_person(name)
    return HeldOutFace(photo, align(photo, finding.found(name)), row)


def test_every_style_draws_the_head_and_leaves_the_corners(weights: Path) -> None:
    face = held_out("ben")
    methods = tooners(WeightsRunner(weights))
    assert list(methods) == [UNCHANGED, STYLIZATION, TEACHER, *(style.value for style in Style)]
    assert methods[UNCHANGED](face) is face.photo
    nose = tuple(np.rint(face.aligned.face.landmarks[30]).astype(int)[::-1])
    for style in Style:
        drawn = methods[style.value](face)
        assert drawn is not None
        assert drawn.shape == face.photo.shape
        assert (drawn[nose] != face.photo[nose]).any()
        np.testing.assert_array_equal(drawn[:6, :6], face.photo[:6, :6])


def test_the_teacher_knows_its_own_portraits_alone(make_pack: Callable[..., None], webp: Any) -> None:
    drawing = np.full((64, 64, 3), 90, np.uint8)
    make_pack("toon_cel", [{"file": "a.webp"}], {"a.webp": webp(drawing)})
    assert cel_teacher(held_out("ben", file="a.webp")) is None
    made = cel_teacher(held_out("ben", file="a.webp", source="x"))
    assert made is not None
    assert made.shape == people.small_person("ben").shape
    assert np.abs(made.astype(int) - 90).max() <= 2


@pytest.mark.parametrize("name", ["stylization"])
def test_stylization_is_opencvs(name: str, weights: Path) -> None:
    drawn = tooners(WeightsRunner(weights))[f"cv2.{name}"](held_out("gina"))
    assert drawn is not None
    assert 2 < np.abs(drawn.astype(int) - people.small_person("gina")).mean() < 60
