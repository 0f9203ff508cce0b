from collections.abc import Callable
from dataclasses import replace

import finding
import numpy as np
import pytest

from mien_export.data.packs import is_held_out
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.skin_colour import tone_of
from mien_export.quality.toned_faces import TonedFace, coloured, in_turn, toned_faces
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]


@pytest.fixture
def held_out(photo: RgbImage, aligned: AlignedFace) -> HeldOutFace:
    return HeldOutFace(photo, aligned, {"file": "a.webp"})


def test_tones_come_in_turn_and_none_more_often_than_asked(held_out: HeldOutFace) -> None:
    angles = [60.0, 61.0, 62.0, 20.0, 21.0, -40.0]
    found = [one.angle for one in in_turn([TonedFace(held_out, angle) for angle in angles], 2)]
    assert sorted(found[:3]) == [-40.0, 20.0, 60.0]
    assert sorted(found[3:]) == [21.0, 61.0]
    assert [tone_of(angle) for angle in found[:2]] == [tone_of(angle) for angle in sorted(found[:2])]


def test_grey_photos_have_no_tone(held_out: HeldOutFace) -> None:
    crop = held_out.aligned.crop
    grey = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    dark = (crop * 0.4).astype(np.uint8)
    found = coloured(replace(held_out, aligned=replace(held_out.aligned, crop=one)) for one in (crop, grey, dark))
    assert len(found) == 2
    assert found[0].angle > found[1].angle


def test_the_faces_are_held_out_ones_of_both_packs(
    make_pack: Callable[..., None], webp: Webp, portraits: list[RgbImage]
) -> None:
    names = [f"{i}.webp" for i in range(200)]
    kept, trained = ([name for name in names if is_held_out(name) is held] for held in (True, False))
    celeba = [{"file": name, "identity": name, "split": name} for name in ("validation", "train", "reserved")]
    utkface = [{"file": name, "age": "40"} for name in (kept[0], trained[0])]
    for name, rows, pictures in (("celeba", celeba, portraits[:3]), ("utkface", utkface, portraits[3:5])):
        make_pack(name, rows, {row["file"]: webp(one) for row, one in zip(rows, pictures, strict=True)})
    found = toned_faces(finding.run(), 5)
    assert {one.face.row["file"] for one in found} == {"validation", kept[0]}
    assert [one.angle for one in toned_faces(finding.run(), 5)] == [one.angle for one in found]
