"""A film's skin and beard: whose they are is seen by their colours."""

import cv2
import numpy as np
import people
import pytest
from drawn_heads import Head, head
from numpy.typing import NDArray

from mien_service.faces.drawn.colours import chroma, to_lab
from mien_service.faces.edit import Field
from mien_service.faces.film.drawing import film
from mien_service.faces.film.growth import Proportions

STILL = Proportions(
    eyes=(1, 1), opened=(1, 1), apart=0, nose=1, mouth=1, crown=0, lower=(0, 0, 0, 0, 0), wider=(0, 0, 0, 0, 0)
)
"""Proportions that move nothing: what is drawn at a pixel is the photo's there."""

FOREHEAD, CHIN = (151, 108, 337, 69, 299), (199,)


def drawn(one: Head) -> Field:
    """Return L*a*b* of the square as in a film that moves nothing."""
    made = film(one.square, one.mesh, one.maps, np.maximum(one.maps.head, one.maps.skin), STILL)
    return to_lab(np.rint(made.drawn).astype(np.uint8))


def around(lab: Field, one: Head, points: tuple[int, ...], reach: int = 4) -> NDArray[np.float32]:
    """Return the median L*a*b* (3,) near points of the mesh."""
    parts = [
        lab[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3)
        for x, y in np.rint(one.mesh[list(points)]).astype(int).tolist()
    ]
    return np.asarray(np.median(np.concatenate(parts), axis=0), np.float32)


GREY, BROWN = (62, 55, 50), (100, 52, 30)


def bearded(one: Head, colour: tuple[int, int, int]) -> Head:
    """Return the head with a dark grained beard at the chin and above the lip."""
    unit = float(np.hypot(*(one.mesh[263] - one.mesh[33])))
    spot = np.zeros(one.square.shape[:2], np.float32)
    for point, across, down in ((199, 0.3, 0.3), (164, 0.32, 0.12)):
        place = tuple(np.rint(one.mesh[point]).astype(int).tolist())
        cv2.ellipse(spot, place, (round(across * unit), round(down * unit)), 0, 0, 360, 1, cv2.FILLED)
    spot = cv2.GaussianBlur(spot, (0, 0), 2)[..., None]
    grain = np.random.default_rng(0).normal(0, 9, (*one.square.shape[:2], 1))
    beard = np.array(colour) + cv2.GaussianBlur(grain, (0, 0), 0.8)[..., None]
    return one.with_square(np.clip(one.square * (1 - spot) + beard * spot, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", people.NAMES)
def test_skin_keeps_its_hue_its_depth_and_nearly_its_chroma(name: str) -> None:
    one = head(name)
    before, after = around(to_lab(one.square), one, FOREHEAD), around(drawn(one), one, FOREHEAD)
    angles = [np.degrees(np.arctan2(colour[2], colour[1])) for colour in (before, after)]
    assert abs(angles[1] - angles[0]) < 8
    assert abs(after[0] - before[0]) < 9
    assert 0.8 < chroma(after) / chroma(before) < 1.3


@pytest.mark.parametrize("name", ["ben", "carla", "farid"])
@pytest.mark.parametrize("colour", [GREY, BROWN], ids=["grey", "brown"])
def test_a_beard_stays_as_dark_and_as_pale_as_it_is(name: str, colour: tuple[int, int, int]) -> None:
    one = bearded(head(name), colour)
    photo, film_s = around(to_lab(one.square), one, CHIN), around(drawn(one), one, CHIN)
    assert abs(film_s[0] - photo[0]) < 3
    assert abs(chroma(film_s) - chroma(photo)) < 5


def test_shade_is_no_beard() -> None:
    """Skin in shade, as colourful as it is light, is smoothed as all skin is."""
    one = head("carla")
    rows = np.linspace(0, 1, len(one.square))[:, None, None]
    shaded = one.with_square((one.square * (1 - 0.45 * rows)).astype(np.uint8))
    x, y = np.rint(one.mesh[199]).astype(int)
    grain = [
        float(np.abs(cv2.Laplacian(np.ascontiguousarray(lab[..., 0]), cv2.CV_32F))[y - 8 : y + 9, x - 8 : x + 9].mean())
        for lab in (to_lab(shaded.square), drawn(shaded))
    ]
    assert grain[1] < 0.6 * grain[0]
