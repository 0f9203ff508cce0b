from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import finding
import numpy as np
import people
import pytest

from mien_export.data import head_labels, parallel
from mien_export.data.crops import cache_folder
from mien_export.data.head_labels import PLANES, HeadLabels, Source, load_head_labels
from mien_service.faces.align import align, apply

NAMES = ("ben", "carla", "gina")


@pytest.fixture
def pack(
    make_pack: Callable[..., None],
    in_process: Callable[[ModuleType], None],
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Three people, the last of them held out, one who is reserved, and a picture of nobody."""
    in_process(parallel)
    monkeypatch.setattr(head_labels, "WEIGHTS", weights)
    monkeypatch.setattr(head_labels, "SOURCES", {"some": Source((192, 160), (384, 320), 3, 1)})
    splits = {"ben": "train", "carla": "train", "gina": "validation", "dora": "reserved", "nobody": "train"}
    rows = [{"file": f"{name}.webp", "split": split} for name, split in splits.items()]
    photos = [people.nobody() if name == "nobody" else people.small_person(name, 400) for name in splits]
    bodies = [people.as_file(np.asarray(photo), "WEBP", lossless=True, quality=0) for photo in photos]
    make_pack("some", rows, {row["file"]: body for row, body in zip(rows, bodies, strict=True)})
    return "some"


def of(labels: HeadLabels, name: str) -> int:
    return [row["file"] for row in labels.rows].index(f"{name}.webp")


def test_labels_lie_on_their_pictures(pack: str) -> None:
    labels = load_head_labels(pack)
    assert sorted(row["file"] for row in labels.rows) == ["ben.webp", "carla.webp", "gina.webp"]
    assert labels.pixels.shape == (3, 192, 160, 3)
    assert labels.labels.shape == (3, 192, 160, len(PLANES))
    for name in NAMES:
        i = of(labels, name)
        landmarks = finding.found(name).landmarks * np.array([160 / 512, 192 / 512], np.float32)
        head, skin, hair, person = labels.labels[i].transpose(2, 0, 1).astype(int)
        x, y = np.rint(landmarks[30]).astype(int)
        assert min(head[y, x], skin[y, x], person[y, x]) > 200
        assert hair[y, x] < 50
        assert 0.003 < ((skin > 127) & (head < 127)).mean() < 0.2, "the neck is skin, but not of the head"
        assert (head - hair).min() > -3
        assert (person - head).min() > -3
        assert 0.05 < (hair > 127).mean() < 0.6


def test_transforms_lead_to_the_aligned_square(pack: str) -> None:
    labels = load_head_labels(pack)
    for name in NAMES:
        photo = people.small_person(name, 400)
        [face] = finding.find(photo)
        kept = (face.landmarks + 0.5) * np.array([160 / 400, 192 / 400], np.float32) - 0.5
        found = apply(labels.transforms[of(labels, name)], kept.astype(np.float32))
        np.testing.assert_allclose(found, align(photo, face).landmarks, atol=1.5)


def test_splits_are_kept_apart(pack: str) -> None:
    labels = load_head_labels(pack)
    trained, held_out = labels.of_split(training=True), labels.of_split(training=False)
    assert {row["file"] for row in trained.rows} == {"ben.webp", "carla.webp"}
    assert [row["file"] for row in held_out.rows] == ["gina.webp"]
    np.testing.assert_array_equal(held_out.pixels[0], labels.pixels[of(labels, "gina")])


def test_labels_are_made_once_and_anew_for_another_source(pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_head_labels(pack)
    with monkeypatch.context() as patched:
        patched.setattr(head_labels, "load_face_parser", None)
        np.testing.assert_array_equal(load_head_labels(pack).labels, first.labels)
    monkeypatch.setattr(head_labels, "SOURCES", {"some": Source((96, 80), (192, 160), 1, 1)})
    assert load_head_labels(pack).pixels.shape[1:3] == (96, 80)
    assert len(list(cache_folder().glob("heads-some-*.npz"))) == 2
