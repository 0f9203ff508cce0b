from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import people
import pytest

from mien_export.data import parallel, turned_heads
from mien_export.data.packs import is_held_out
from mien_export.data.turned_heads import load_turned_heads, load_yaws
from mien_service.faces.refining import CHANNELS, SIDE

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

VIEW = (SIDE, SIDE, CHANNELS + 6)


def body(photo: np.ndarray) -> bytes:
    small = np.asarray(cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    return people.as_file(small, "WEBP", lossless=True, quality=0)


@pytest.fixture
def celeba(make_pack: Callable[..., None], in_process: Callable[[ModuleType], None]) -> list[dict[str, str]]:
    """Three people: one seen from the side and from the front, one held out, one reserved; and a picture of nobody."""
    in_process(parallel)
    rows = [
        {"file": "a-side.webp", "identity": "a", "split": "train"},
        {"file": "a-front.webp", "identity": "a", "split": "train"},
        {"file": "b-front.webp", "identity": "b", "split": "validation"},
        {"file": "c-front.webp", "identity": "c", "split": "reserved"},
        {"file": "nobody.webp", "identity": "d", "split": "train"},
    ]
    photos = [
        people.turned("hanna"),
        people.person("ben"),
        people.person("carla"),
        people.person("dora"),
        np.full((256, 256, 3), 90, np.uint8),
    ]
    make_pack("celeba", rows, {row["file"]: body(photo) for row, photo in zip(rows, photos, strict=True)})
    return rows


@pytest.mark.usefixtures("celeba")
def test_yaws_are_those_the_service_reads() -> None:
    yaws = load_yaws("celeba")
    assert abs(yaws[0]) > 20
    assert (np.abs(yaws[1:4]) < 15).all()
    assert np.isnan(yaws[4])


@pytest.mark.usefixtures("celeba")
def test_frontal_photos_are_turned_away_and_nobody_reserved_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_heads, "TURNED_AWAY", {"celeba": 2})
    monkeypatch.setattr(turned_heads, "FRONTAL", 15.0)
    made = load_turned_heads("photos")
    assert made.pixels.shape == (4, *VIEW)
    assert made.held_out.tolist() == [False, True, False, True]
    # Twice the same photo is not twice the same view.
    assert (made.pixels[0] != made.pixels[2]).any()
    np.testing.assert_array_equal(made.pixels[0][..., CHANNELS : CHANNELS + 3], made.pixels[2][..., CHANNELS:][..., :3])


@pytest.mark.usefixtures("celeba")
def test_real_heads_are_shown_beside_a_frontal_photo_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_heads, "FRONTAL", 15.0)
    made = load_turned_heads("real")
    assert made.pixels.shape == (1, *VIEW)
    assert made.held_out.tolist() == [False]


@pytest.mark.usefixtures("celeba")
def test_people_of_the_generator_are_seen_from_both_sides_and_made_once(
    monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setattr(turned_heads, "PEOPLE", 2)
    made = load_turned_heads("people")
    assert made.pixels.shape[1:] == VIEW
    assert 1 <= len(made.pixels) <= 4
    assert set(made.held_out) <= {is_held_out(str(turned_heads.FIRST_SEED + i)) for i in range(2)}
    files = list((data.parent / "cache").glob("turned-people-*"))
    monkeypatch.setattr(turned_heads, "PEOPLE", 0)
    np.testing.assert_array_equal(load_turned_heads("people").pixels, made.pixels)
    assert list((data.parent / "cache").glob("turned-people-*")) == files
