from collections import Counter
from collections.abc import Callable

import finding
import numpy as np
import people
import pytest

from mien_export.data.packs import is_held_out
from mien_export.quality.held_out import HeldOutFace, celeba_faces, found_faces, validation_half
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


def test_validation_identities_fall_into_two_like_halves() -> None:
    people = [str(i) for i in range(20000) if is_held_out(str(i))]
    halves = Counter(validation_half(identity) for identity in people)
    assert set(halves) == {0, 1}
    assert min(halves.values()) > 0.45 * len(people)


@pytest.mark.parametrize(("label", "expected"), [("1", True), ("0", False)])
def test_a_face_has_what_its_row_says(photo: RgbImage, aligned: AlignedFace, label: str, expected: bool) -> None:
    assert HeldOutFace(photo, aligned, {"Mustache": label}).has("mustache") is expected


@pytest.fixture
def rows(make_pack: MakePack, webp: Webp, portraits: list[RgbImage]) -> list[dict[str, str]]:
    """Four held-out people, one picture that shows nobody, and one person to train on."""
    names = [*[str(i) for i in range(2000) if is_held_out(str(i))][:5], "trained"]
    rows = [{"file": f"{name}.webp", "identity": name, "split": "validation"} for name in names]
    rows[-1]["split"] = "train"
    pictures = [*portraits[:4], people.nobody(218, 178), portraits[5]]
    make_pack("celeba", rows, {row["file"]: webp(picture) for row, picture in zip(rows, pictures, strict=True)})
    return rows


def test_faces_are_the_services_and_keep_their_photo_and_row(
    rows: list[dict[str, str]], portraits: list[RgbImage]
) -> None:
    found = list(found_faces("celeba", rows, finding.run()))
    assert [face.row for face in found] == [rows[i] for i in (0, 1, 2, 3, 5)]
    for face, portrait in zip(found[:4], portraits, strict=False):
        np.testing.assert_array_equal(face.photo, portrait)
        [wanted] = finding.find(portrait)
        np.testing.assert_allclose(face.aligned.face.landmarks, wanted.landmarks, atol=0.05)


def test_the_halves_share_nobody_and_nobody_was_trained_on(rows: list[dict[str, str]]) -> None:
    halves = [{face.row["identity"] for face in celeba_faces(half, 100, finding.run())} for half in (0, 1)]
    assert halves[0] | halves[1] == {row["identity"] for row in rows[:4]}
    assert not halves[0] & halves[1]
