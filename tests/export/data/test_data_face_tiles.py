from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import heads
import numpy as np
import pytest

from mien_export.data import face_tiles
from mien_export.data.face_tiles import LONGEST, Tile, load_tiles
from mien_export.data.packs import is_held_out
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]
InProcess = Callable[[ModuleType], None]

SIZES = {
    "celeba": (218, 178, 89, 104, 40),
    "stylegan": (400, 420, 210, 190, 70),
    "utkface": (200, 200, 100, 90, 45),
    "cfp": (176, 130, 65, 75, 30),
}
"""Height and width of a pack's pictures, and middle and radius of their disc."""

PEOPLE = 60


def grey(number: int) -> RgbImage:
    """Return the 4 x 4 corner that tells a person of a pack apart."""
    return np.full((4, 4, 3), number * 4, np.uint8)


@pytest.fixture
def packs(data: Path, make_pack: MakePack, webp: Webp, in_process: InProcess) -> dict[str, set[str]]:
    """A few people of every pack, some held out; the names of the held-out ones by pack."""
    heads.write_teacher(data)
    heads.write_masks(data)
    held_out: dict[str, set[str]] = {}
    for pack, (height, width, x, y, radius) in SIZES.items():
        everybody = [f"{pack}{i}" for i in range(PEOPLE)]
        held_out[pack] = {name for name in everybody if is_held_out(name)}
        names = [*sorted(held_out[pack])[:2], *[name for name in everybody if name not in held_out[pack]][:4]]
        rows = [{"file": f"{name}.webp", "identity": name} for name in names]
        if pack == "celeba":
            splits = ("validation", "validation", "train", "train", "reserved", "train")
            rows = [row | {"split": split} for row, split in zip(rows, splits, strict=True)]
        if pack == "stylegan":
            rows = [{"file": row["identity"]} for row in rows]
        picture = heads.disc(height, width, x, y, radius)
        files: dict[str, bytes] = {}
        for i, row in enumerate(rows):
            picture[:4, :4] = grey(i)
            files[row["file"]] = webp(picture)
        make_pack(pack, rows, files)
    in_process(face_tiles)
    return held_out


def shown(tile: Tile) -> RgbImage:
    return tile.pixels[0, 0]


@pytest.mark.usefixtures("packs")
def test_tiles_for_testing_are_bare_faces_of_held_out_people() -> None:
    tiles = load_tiles(training=False)
    assert len(tiles) == 2 * len(SIZES)
    for tile, (height, width, x, y, radius) in zip(tiles, np.repeat(list(SIZES.values()), 2, axis=0), strict=True):
        scale = min(1, LONGEST / max(height, width))
        assert tile.pixels.shape == (round(height * scale), round(width * scale), 3)
        assert tile.points.shape == (heads.POINTS, 2)
        np.testing.assert_allclose(tile.points, heads.head(radius * scale, x * scale, y * scale)[:, :2], atol=1.5)
        red = tile.pixels[round(y * scale), round(x * scale)]
        assert (red == (255, 0, 0)).all()


@pytest.mark.usefixtures("packs")
def test_tiles_for_training_are_of_others_and_some_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_tiles, "COVERED_SHARE", 0.5)
    tiles = load_tiles(training=True)
    assert len(tiles) == 4 * len(SIZES) - 1, "all but the reserved person"
    redness = [float((tile.pixels == (255, 0, 0)).all(axis=2).mean()) for tile in tiles]
    assert max(redness) > 1.3 * min(redness)
    numbers = {int(shown(tile)[0]) for tile in tiles[:3]}
    assert numbers == {8, 12, 20}, "celeba's people go by its own column"


@pytest.mark.usefixtures("packs")
def test_tiles_are_made_once(data: Path) -> None:
    first = load_tiles(training=False)
    for pack in SIZES:
        (data / f"{pack}.zip").unlink()
    for one, other in zip(first, load_tiles(training=False), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(one.points, other.points)


@pytest.mark.usefixtures("packs")
def test_no_more_tiles_are_taken_than_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_tiles, "TRAINING_TILES", {"celeba": 1, "stylegan": 2, "utkface": 3, "cfp": 100})
    assert len(load_tiles(training=True)) == 1 + 2 + 3 + 4
