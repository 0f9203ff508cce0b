import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import finding
import heads
import numpy as np
import people
import pytest
from cropped import people_crops

from mien_export.data import crops, masked_faces
from mien_export.data.crops import cache_folder
from mien_export.data.masked_faces import covered, load_overlays, load_segmented
from mien_export.teachers.mask_overlays import MaskOverlays
from mien_service.faces.face import RgbImage
from mien_service.faces.landmarks import ibug_landmarks

Webp = Callable[[RgbImage], bytes]
InProcess = Callable[[ModuleType], None]


@pytest.fixture
def overlays(data: Path) -> MaskOverlays:
    heads.write_masks(data)
    return MaskOverlays()


def test_some_faces_wear_no_mask_but_something_else(overlays: MaskOverlays, monkeypatch: pytest.MonkeyPatch) -> None:
    crop, mesh = np.full((160, 160, 3), 150, np.uint8), heads.head(40, 80, 66)
    for share, masked in ((1.0, False), (0.0, True)):
        monkeypatch.setattr(masked_faces, "BARE_SHARE", share)
        for seed in range(6):
            pixels, cover = covered(crop, mesh, overlays, np.random.default_rng(seed))
            assert (pixels != crop).any()
            assert cover.dtype == np.uint8
            assert bool(cover.any()) is masked


def test_glasses_over_a_mask_are_no_mask(overlays: MaskOverlays, monkeypatch: pytest.MonkeyPatch) -> None:
    crop, mesh = np.full((160, 160, 3), 150, np.uint8), heads.head(40, 80, 66)
    monkeypatch.setattr(masked_faces, "BARE_SHARE", 0.0)
    totals: list[int] = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(masked_faces, "GLASSES_SHARE", share)
        totals.append(sum(int(covered(crop, mesh, overlays, np.random.default_rng(s))[1].sum()) for s in range(12)))
    assert totals[1] < totals[0]


def test_overlays_lie_on_their_crops_and_are_made_once(
    data: Path, weights: Path, in_process: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads.write_masks(data)
    in_process(masked_faces)
    monkeypatch.setattr(crops, "WEIGHTS", weights)
    cache_folder().mkdir()
    made = people_crops(64, "ben", "carla", "gina")
    monkeypatch.setattr(masked_faces, "load_crops", lambda *_: made)
    monkeypatch.setattr(masked_faces, "PART", 2)
    found = load_overlays("people", 64)
    assert found.pixels.shape == made.pixels.shape
    assert found.cover.shape == made.pixels.shape[:3]
    assert found.rows == made.rows
    changed = np.abs(found.pixels.astype(int) - made.pixels).max(axis=3) > 8
    assert changed.any(axis=(1, 2)).all()
    monkeypatch.setattr(masked_faces, "MaskOverlays", None)
    np.testing.assert_array_equal(load_overlays("people", 64).pixels, found.pixels)


def test_labels_are_cut_as_their_picture_is(
    data: Path, webp: Webp, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the picture is red, the label says mask; the crop is the service's square and a rim."""
    monkeypatch.setattr(masked_faces, "WEIGHTS", weights)
    photo = people.small_person("carla", 320).copy()
    [face] = finding.find(photo)
    mouth = ibug_landmarks(face.mesh)[48:60] if face.mesh is not None else face.landmarks[48:60]
    left, top = mouth.min(axis=0).astype(int) - 6
    right, bottom = mouth.max(axis=0).astype(int) + 6
    photo[top:bottom, left:right] = (250, 10, 10)
    labels = np.ones(photo.shape[:2], np.uint8)
    labels[top:bottom, left:right] = 2
    with zipfile.ZipFile(data / "mask_segmentation.zip", "w") as archive:
        archive.writestr("training/a.webp", webp(photo))
        archive.writestr("training/a_labels.png", cv2.imencode(".png", labels)[1].tobytes())
        archive.writestr("training/nobody.webp", webp(people.nobody()))
        archive.writestr("training/nobody_labels.png", cv2.imencode(".png", labels)[1].tobytes())
    found = load_segmented("training", 128)
    assert found.pixels.shape == (1, 144, 144, 3)
    assert [row["file"] for row in found.rows] == ["training/a.webp"]
    red = (found.pixels[0, ..., 0] > 200) & (found.pixels[0, ..., 1] < 60)
    both = (red & (found.cover[0] > 128)).sum() / (red | (found.cover[0] > 128)).sum()
    assert both > 0.9
