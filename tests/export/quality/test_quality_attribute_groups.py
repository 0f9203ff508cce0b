from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien_export.quality.attribute_groups import FEWEST, bins, tone
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.skin_colour import DARK
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage

FaceWith = Callable[[tuple[int, int, int], str], HeldOutFace]


@pytest.fixture
def face_with(photo: RgbImage, aligned: AlignedFace) -> FaceWith:
    """Make a face all of one colour."""

    def make(colour: tuple[int, int, int], male: str) -> HeldOutFace:
        crop = np.full_like(aligned.crop, colour)
        return HeldOutFace(photo, replace(aligned, crop=crop), {"Male": male})

    return make


def test_tones_go_from_light_to_dark(face_with: FaceWith) -> None:
    colours = [(245, 225, 210), (200, 150, 120), (140, 100, 75), (70, 45, 35)]
    tones = [tone(face_with(colour, "0")) for colour in colours]
    assert len(set(tones)) == 4
    assert tones[0] == "very light"
    assert tones[-1] == DARK


def test_faces_are_binned_by_sex_and_by_tone_where_there_are_enough(face_with: FaceWith) -> None:
    light, dark = (245, 225, 210), (70, 45, 35)
    faces = [face_with(light, "1")] * FEWEST + [face_with(dark, "0")] * (FEWEST - 1) + [face_with(light, "0")]
    found = {name: len(members) for name, members in bins(faces)}
    assert found == {"women": FEWEST, "men": FEWEST, "very light": FEWEST + 1}
