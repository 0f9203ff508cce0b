from collections.abc import Callable
from pathlib import Path

import numpy as np
import people
import pytest

from mien_export.data import lost_profiles as module
from mien_export.data.lost_profiles import lost_profiles, profile_squares
from mien_export.data.mesh_faces import SIDE, MeshFaces
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]


@pytest.fixture
def pack(make_pack: MakePack, webp: Webp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Carla has a mesh, ben and gina have none; anna is held out, and one picture shows nobody."""
    people_of = {"carla": "2", "ben": "3", "gina": "4", "anna": "15"}
    rows = [{"file": f"{name}.webp", "identity": number, "view": "profile"} for name, number in people_of.items()]
    rows += [{"file": "nobody.webp", "identity": "5", "view": "profile"}]
    rows += [{"file": "front.webp", "identity": "3", "view": "frontal"}]
    pictures = {f"{name}.webp": people.small_person(name, 176) for name in people_of}
    pictures |= {"nobody.webp": np.full((176, 176, 3), 120, np.uint8), "front.webp": people.small_person("ben", 176)}
    make_pack("cfp", rows, {name: webp(picture) for name, picture in pictures.items()})
    monkeypatch.setattr(module, "is_training", lambda row: row["identity"] != "15")

    def read(_: str) -> MeshFaces:
        nothing = np.zeros(0)
        return MeshFaces(nothing, nothing, nothing, rows[:1])  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "load_mesh_faces", read)


@pytest.mark.usefixtures("pack")
def test_training_profiles_without_a_mesh_come_with_a_box(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = lost_profiles(weights)
    assert len(tiles) == 3
    for tile, name in zip(tiles, ("ben", "gina"), strict=False):
        assert np.abs(tile.pixels.astype(int) - people.small_person(name, 176)).mean() < 1
    boxes = [np.concatenate([tile.points.min(axis=0), tile.points.max(axis=0)]) for tile in tiles]
    for left, top, right, bottom in boxes:
        assert 0 < left < 88 < right < 176
        assert 0 < top < 110 < bottom <= 180
    np.testing.assert_allclose(boxes[2], np.median(boxes[:2], axis=0), atol=1, err_msg="nobody is where others are")
    monkeypatch.setattr(module, "WeightsRunner", None)
    assert len(lost_profiles(weights)) == 3, "they are sought once"


@pytest.mark.usefixtures("pack")
def test_squares_are_as_roomy_as_those_of_faces(weights: Path) -> None:
    tiles = lost_profiles(weights)
    squares = profile_squares(tiles)
    assert squares.shape == (3, SIDE, SIDE, 3)
    low, high = tiles[0].points.min(axis=0).astype(int), tiles[0].points.max(axis=0).astype(int)
    face = tiles[0].pixels[low[1] : high[1], low[0] : high[0]].reshape(-1, 3).mean(axis=0)
    middle = squares[0, 50:110, 50:110].reshape(-1, 3).mean(axis=0)
    assert np.abs(face - middle).max() < 30
