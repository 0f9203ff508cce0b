from collections import Counter

import pytest

from mien_export.data.packs import is_held_out
from mien_export.quality.held_out import HeldOutFace, validation_half
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage


def test_validation_identities_fall_into_two_like_halves() -> None:
    people = [str(i) for i in range(20000) if is_held_out(str(i))]
    halves = Counter(validation_half(identity) for identity in people)
    assert set(halves) == {0, 1}
    assert min(halves.values()) > 0.45 * len(people)


@pytest.mark.parametrize(("label", "expected"), [("1", True), ("0", False)])
def test_a_face_has_what_its_row_says(photo: RgbImage, aligned: AlignedFace, label: str, expected: bool) -> None:
    assert HeldOutFace(photo, aligned, {"Mustache": label}).has("mustache") is expected
