"""Pictures on which finding faces is measured: composed groups, face-free pictures, profiles, masks, hard portraits."""

import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from mien_export.data.drawn_scenes import drawn_scene
from mien_export.data.face_tiles import load_tiles
from mien_export.data.packs import data_folder, is_held_out, read_pictures, read_rows
from mien_export.data.scenes import SceneComposer, SceneOptions
from mien_service.faces.face import RgbImage

TEST_SEED = 5_000_000
"""Scenes for measuring are drawn from seeds from here on; those for training from 0 on."""

GROUPS = SceneOptions(1200, 1600, (2, 12), (0.03, 0.30), apart=True, whole_share=0.4)
"""Group scenes: faces of 3 to 30 % of the longer side, clear of each other."""

GROUP_SCENES = 200
FACE_FREE = 200
PORTRAITS = 50

SAMPLES = (
    *("brick", "cat", "cell", "clock", "coffee", "colorwheel", "grass", "gravel", "horse", "hubble_deep_field"),
    *("immunohistochemistry", "logo", "microaneurysms", "moon", "page", "retina", "rocket", "text"),
)
"""Pictures of scikit-image without a human face."""

MIDDLE = 0.25
"""Where a picture has one face and no box, it is found by a box whose middle is within this share of the middle."""


@dataclass(frozen=True, eq=False)
class Example:
    """A picture (h, w, 3) uint8 RGB and its faces' boxes, (n, 4)."""

    pixels: RgbImage
    boxes: NDArray[np.float32]


def groups() -> Iterator[Example]:
    """Yield group scenes of 2 to 12 held-out people."""
    yield from _composed(GROUPS, GROUP_SCENES)


def face_free() -> Iterator[Example]:
    """Yield scikit-image's samples without faces, as they are and mirrored, and drawn scenes of several sizes."""
    pictures: list[RgbImage] = []
    for name in SAMPLES:
        picture = np.asarray(getattr(skimage.data, name)())
        if picture.dtype == np.bool_ or picture.max() <= 1:
            picture = (picture * 255).astype(np.uint8)
        grey = picture.ndim == 2
        pictures.append(np.repeat(picture[..., None], 3, axis=2) if grey else np.ascontiguousarray(picture[..., :3]))
    pictures += [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures]
    for seed in range(FACE_FREE - len(pictures)):
        rng = np.random.default_rng(TEST_SEED + seed)
        height, width = (int(side) for side in rng.integers(240, 800, 2))
        pictures.append(drawn_scene(height, width, rng))
    yield from (Example(picture, np.zeros((0, 4), np.float32)) for picture in pictures)


def profiles() -> Iterator[Example]:
    """Yield CFP's full profiles of held-out people."""
    names = [row["file"] for row in read_rows("cfp") if row["view"] == "profile" and is_held_out(row["identity"])]
    yield from (_central(picture) for picture in read_pictures("cfp", names))


def real_masks() -> Iterator[Example]:
    """Yield the pictures of people wearing real masks, one of each photo."""
    yield from (_central(picture) for picture in read_pictures("mask_real", real_mask_names()))


def real_mask_names() -> list[str]:
    """Return the names in mask_real of one picture of each photo, by CRC-32 of the photo's number."""
    with zipfile.ZipFile(data_folder() / "mask_real.zip") as archive:
        names = sorted(archive.namelist(), key=lambda name: (zlib.crc32(_photo(name).encode()), name))
    return list({_photo(name): name for name in reversed(names)}.values())[::-1]


def _photo(name: str) -> str:
    """Return the number of the photo that a picture of mask_real was made from."""
    return name.split("_")[1] if name.startswith("Augmented") else name.split("_")[0].split(".")[0]


def grey() -> Iterator[Example]:
    """Yield grey portraits of held-out people."""
    for example in _composed(SceneOptions(640, 640, (1, 1), (0.25, 0.6), apart=True), PORTRAITS):
        single = np.asarray(cv2.cvtColor(example.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        yield Example(np.repeat(single[..., None], 3, axis=2), example.boxes)


def small() -> Iterator[Example]:
    """Yield one small face in a large picture: 20 to 40 px in 1280."""
    yield from _composed(SceneOptions(960, 1280, (1, 1), (20 / 1280, 40 / 1280), apart=True), PORTRAITS)


def lying() -> Iterator[Example]:
    """Yield faces that are turned in the picture's plane, by up to 60 degrees."""
    options = SceneOptions(640, 640, (1, 1), (0.25, 0.5), turn_degrees=0, lying_share=1, apart=True, whole_share=1)
    yield from _composed(options, PORTRAITS)


def _composed(options: SceneOptions, count: int) -> Iterator[Example]:
    """Yield the first `count` scenes in which there was room for a face."""
    composer = SceneComposer(load_tiles(training=False), options)
    scenes = (composer.compose(TEST_SEED + seed) for seed in itertools.count())
    with_faces = (scene for scene in scenes if len(scene.boxes))
    yield from (Example(scene.pixels, scene.boxes) for scene in itertools.islice(with_faces, count))


def _central(picture: RgbImage) -> Example:
    """Return an example whose face is somewhere around the middle."""
    height, width = picture.shape[:2]
    x, y = width * MIDDLE, height * MIDDLE
    return Example(picture, np.array([[x, y, width - x, height - y]], np.float32))


SETS: dict[str, Callable[[], Iterator[Example]]] = {
    "groups": groups,
    "face-free": face_free,
    "profiles": profiles,
    "real masks": real_masks,
    "grey": grey,
    "small": small,
    "lying": lying,
}
"""Every set by its name in the table."""
