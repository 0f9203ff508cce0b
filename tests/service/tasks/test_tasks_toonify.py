"""/toonify without a server: what of a photo is drawn, at which scale, and at what cost."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import people
import pytest
from finding import find, finder, run
from numpy.typing import NDArray
from pydantic import ValidationError

from mien_export.runner import WeightsRunner
from mien_service.faces import head_maps
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.edit import Placed, Sticker
from mien_service.faces.face import RgbImage
from mien_service.faces.toon import MULTIPLE, NETWORK
from mien_service.tasks.toon_styles import DRAWN, LEARNED, Style
from mien_service.tasks.toonify import (
    FINEST_SIDE,
    FULL_FROM,
    MOST_PIXELS,
    SIDE,
    STICKER_SIDE,
    ToonifyParams,
    condition,
    cover,
    scene,
    toonify,
)

DARKER = 60


class Darkening:
    """Runs all networks but the toons', in whose place everything is made darker; counts what is run on what size."""

    def __init__(self, runner: WeightsRunner) -> None:
        self._runner = runner
        self.sizes: list[tuple[str, tuple[int, ...]]] = []

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self.sizes.append((network, next(iter(inputs.values())).shape[2:]))
        if network != NETWORK:
            return self._runner(network, **inputs)
        image = inputs["image"]
        return {"flow": np.zeros_like(image[:, :2]), "change": np.full_like(image, -DARKER / 255)}

    def table(self, name: str) -> dict[str, NDArray[np.float32]]:
        return self._runner.table(name)


@pytest.fixture
def darkening(runner: WeightsRunner) -> Darkening:
    return Darkening(runner)


def placed(face: AlignedFace, run: Darkening, **parameters: object) -> Placed:
    [made] = toonify(face, ToonifyParams.model_validate({"style": "cel", **parameters}), run)
    assert isinstance(made, Placed)
    return made


def sticker_of(face: AlignedFace, run: Darkening, **parameters: object) -> Sticker:
    [made] = toonify(face, ToonifyParams.model_validate({"style": "cel", "sticker": True, **parameters}), run)
    assert isinstance(made, Sticker)
    return made


def matte_of(one: Placed) -> np.ndarray:
    assert one.edit.paint is not None
    return one.edit.paint[..., 3]


def test_paint_covers_the_face_and_not_the_squares_corners(aligned: AlignedFace, darkening: Darkening) -> None:
    one = placed(aligned, darkening)
    assert one.edit.resolution == SIDE
    matte = matte_of(one)
    middle = slice(SIDE // 2 - 30, SIDE // 2 + 30)
    assert matte[middle, middle].min() == 1
    assert matte[:8, :8].max() == matte[:8, -8:].max() == 0
    np.testing.assert_allclose(one.transform, head_maps.head_transform(aligned.transform))


@pytest.mark.parametrize("strength", [0, FULL_FROM / 2, FULL_FROM, 1])
def test_below_a_strength_the_paint_fades(aligned: AlignedFace, darkening: Darkening, strength: float) -> None:
    assert matte_of(placed(aligned, darkening, strength=strength)).max() == pytest.approx(cover(strength))


def test_the_network_sees_the_head_and_not_the_whole_square(aligned: AlignedFace, darkening: Darkening) -> None:
    placed(aligned, darkening)
    [size] = [size for name, size in darkening.sizes if name == NETWORK]
    assert all(side % MULTIPLE == 0 and side <= SIDE for side in size)
    assert size[0] * size[1] < SIDE * SIDE


def test_a_face_that_touches_another_leaves_it_its_own(darkening: Darkening) -> None:
    photo = np.hstack([people.small_person("anna")[:, 130:400], people.small_person("ben")[:, 110:400]])
    [first, second] = find(photo, "all")
    alone, apart = (placed(align(photo, first, None, others), darkening) for others in ([], [second]))
    there = np.rint(second.landmarks.mean(axis=0) @ alone.transform[:, :2].T + alone.transform[:, 2]) * SIDE / 256
    column, row = np.clip(there, 0, SIDE - 1).astype(int)
    assert matte_of(apart)[row, column] == 0
    assert (matte_of(apart) <= matte_of(alone) + 1e-6).all()
    selected, seen = finder().find_among(photo, 0, run())
    assert [len(selected), len(seen)] == [1, 2]


def test_without_a_background_the_scene_is_the_photo(aligned: AlignedFace, darkening: Darkening) -> None:
    for parameters in ({}, {"background": True, "strength": 0}):
        assert scene(aligned.photo, [aligned], ToonifyParams.model_validate(parameters), darkening) is aligned.photo
    assert darkening.sizes == []


@pytest.mark.parametrize("strength", [FULL_FROM / 2, FULL_FROM, 1])
def test_a_scene_is_all_of_the_photo(aligned: AlignedFace, darkening: Darkening, strength: float) -> None:
    flat = np.full_like(aligned.photo, 200)
    drawn = scene(flat, [aligned], ToonifyParams(background=True, strength=strength), darkening)
    np.testing.assert_allclose(drawn, 200 - DARKER * strength * cover(strength), atol=1)


@pytest.mark.parametrize("style", [Style.CEL, Style.SKETCH])
def test_a_scene_has_no_frame(aligned: AlignedFace, style: Style, weights: Path) -> None:
    flat = np.full_like(aligned.photo, 200)
    drawn = scene(flat, [aligned], ToonifyParams(style=style, background=True), WeightsRunner(weights)).astype(
        np.float64
    )
    middle = drawn[20:-20, 20:-20].mean(axis=(0, 1))
    for rim in (drawn[:6], drawn[-6:], drawn[:, :6], drawn[:, -6:]):
        np.testing.assert_allclose(rim.mean(axis=(0, 1)), middle, atol=16)


def test_in_a_scene_no_face_is_larger_than_the_network_knows_faces(darkening: Darkening) -> None:
    photo = np.asarray(cv2.resize(people.person("ben"), (2000, 2000)), np.uint8)
    [face] = find(photo)
    scene(photo, [align(photo, face)], ToonifyParams(background=True), darkening)
    [(_, size)] = darkening.sizes
    assert max(size) < 400


def test_a_scene_of_small_faces_has_a_megapixel_at_most(aligned: AlignedFace, darkening: Darkening) -> None:
    large = np.zeros((2500, 1500, 3), np.uint8)
    drawn = scene(large, [aligned], ToonifyParams(background=True), darkening)
    [(_, size)] = darkening.sizes
    assert drawn.shape == large.shape
    assert size[0] * size[1] <= 1.1 * MOST_PIXELS


def test_a_sticker_is_drawn_to_its_edge(aligned: AlignedFace, darkening: Darkening) -> None:
    """Nowhere does the photo show, not at the last hair."""
    flat = replace(aligned, photo=np.where(aligned.photo > 100, aligned.photo, 100).astype(np.uint8))
    drawn, plain = (sticker_of(flat, darkening, outline=0, strength=one).pixels for one in (1, 0))
    assert drawn.shape == plain.shape
    covered = (plain[..., 3] > 200) & (drawn[..., 3] > 200)
    difference = plain[covered, :3].astype(int) - drawn[covered, :3]
    assert np.percentile(difference, 2) > 0.5 * DARKER


def test_the_face_of_a_sticker_is_read(aligned: AlignedFace, darkening: Darkening) -> None:
    made = sticker_of(aligned, darkening)
    assert made.reading is not None
    assert sum(made.reading.scores.values()) == pytest.approx(1, abs=1e-3)
    assert made.reading.notice is not None
    assert sorted({name for name, _ in darkening.sizes}) == ["emotion_net", "head_segmenter", NETWORK]
    assert len(darkening.sizes) == 3, "each network runs once"


def test_a_sticker_is_no_larger_than_what_is_drawn_deserves(darkening: Darkening) -> None:
    def made(side: int) -> RgbImage:
        photo = np.asarray(cv2.resize(people.person("carla"), (side, side)), np.uint8)
        [face] = find(photo)
        return sticker_of(align(photo, face), darkening, outline=0).pixels

    native, large = made(1000), made(4000)
    assert max(native.shape) < STICKER_SIDE
    assert max(large.shape) < 1.1 * STICKER_SIDE
    small = cv2.resize(large, native.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert abs(large.shape[0] / large.shape[1] - native.shape[0] / native.shape[1]) < 0.03
    whole = (small[..., 3] == 255) & (native[..., 3] == 255)
    assert np.abs(small[whole, :3].astype(int) - native[whole, :3]).mean() < 6


def test_a_condition_is_1_at_its_style() -> None:
    assert [int(condition(Style(style)).argmax()) for style in LEARNED] == list(range(len(LEARNED)))
    assert all(condition(style).sum() == 1 for style in Style)


def test_around_an_emoji_the_scene_is_drawn_in_cel(aligned: AlignedFace, darkening: Darkening) -> None:
    np.testing.assert_array_equal(condition(Style.EMOJI), condition(Style.CEL))
    scene(aligned.photo, [aligned], ToonifyParams(style=Style.EMOJI, background=True), darkening)
    assert [name for name, _ in darkening.sizes] == [NETWORK]


@pytest.mark.parametrize(("side", "drawn_at"), [(200, SIDE), (1024, FINEST_SIDE)])
@pytest.mark.parametrize("style", DRAWN)
def test_a_drawn_style_is_no_networks_and_as_fine_as_the_photo(
    darkening: Darkening, style: Style, side: int, drawn_at: int
) -> None:
    photo = people.small_person("ben", side)
    [face] = find(photo)
    one = placed(align(photo, face), darkening, style=style)
    assert one.edit.resolution == drawn_at
    assert NETWORK not in {name for name, _ in darkening.sizes}
    unmeshed = placed(align(photo, replace(face, mesh=None)), darkening, style=style)
    assert one.edit.paint is not None
    assert unmeshed.edit.paint is not None
    assert np.abs(one.edit.paint - unmeshed.edit.paint)[..., :3].mean() < 12


@pytest.mark.parametrize("style", DRAWN)
def test_a_drawn_sticker_of_a_large_photo_is_that_of_a_smaller_one(darkening: Darkening, style: Style) -> None:
    def made(side: int) -> RgbImage:
        photo = np.asarray(cv2.resize(people.person("carla"), (side, side)), np.uint8)
        [face] = find(photo)
        return sticker_of(align(photo, face), darkening, outline=0, style=style).pixels

    native, large = made(1000), made(3000)
    small = cv2.resize(large, native.shape[1::-1], interpolation=cv2.INTER_AREA)
    whole = (small[..., 3] == 255) & (native[..., 3] == 255)
    assert np.abs(small[whole, :3].astype(int) - native[whole, :3]).mean() < 12


@pytest.mark.parametrize("style", [Style.CARTOON, Style.BABY])
def test_what_a_film_moves_is_painted_beyond_the_head(aligned: AlignedFace, darkening: Darkening, style: Style) -> None:
    film, cel = placed(aligned, darkening, style=style), placed(aligned, darkening, style="cel")
    size = matte_of(film).shape
    beyond = (matte_of(film) > 0.9) & (cv2.resize(matte_of(cel), size) == 0)
    assert beyond.mean() > 0.01
    assert matte_of(film)[:8].max() == 0


def test_a_babys_sticker_holds_the_grown_head(darkening: Darkening) -> None:
    photo = np.pad(people.small_person("ben", 512), ((120, 0), (0, 0), (0, 0)), mode="edge")
    [face] = find(photo)
    plain, baby = (sticker_of(align(photo, face), darkening, outline=0, strength=one, style="baby") for one in (0, 1))
    assert baby.pixels.shape[0] > plain.pixels.shape[0]
    assert baby.pixels[0, :, 3].max() == 0
    assert baby.pixels[..., 3].max() == 255


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"sticker": True, "face": "all"}, "face"),
        ({"sticker": True, "landmarks": True}, "landmarks"),
        ({"sticker": True, "label": True}, "label"),
        ({"sticker": True, "background": True}, "background"),
        ({"sticker": True, "output": "face"}, "output"),
        ({"outline": 0.1}, "outline"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(parameters: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=f"{field}: "):
        ToonifyParams.model_validate(parameters)


def test_a_sticker_may_be_of_any_one_face() -> None:
    assert ToonifyParams(sticker=True, face=3, outline=0).is_sticker()
    assert not ToonifyParams().is_sticker()
