"""What edits look like, with the real weights: in the right place, the right way round, and visible."""

import base64
from functools import cache
from typing import Any

import httpx
import numpy as np
import people
import pytest

from mien_service.faces.align import apply, crop_transform, cut
from mien_service.faces.face import RgbImage
from mien_service.faces.regions import REGIONS

URL = "/edit-attribute"
VISIBLE = 4.0
"""Mean change in grey levels over the mouth's region that anyone sees."""

UNSMILING = ("ben", "dora", "emil")


@cache
def photo(name: str) -> bytes:
    return people.as_file(people.person(name), "PNG", compress_level=1)


def answer(client: httpx.Client, name: str, **parameters: Any) -> dict[str, Any]:
    headers = {"Content-Type": "image/png", "Accept": "application/json"}
    got = client.post(URL, params=parameters, content=photo(name), headers=headers)
    assert got.status_code == 200, got.text
    return got.json()


class Change:
    """What an edit does to the aligned face, (256, 256, 3) in grey levels."""

    def __init__(self, original: RgbImage, edited: RgbImage, landmarks: list[tuple[float, float]]) -> None:
        points = np.array(landmarks, np.float32)
        transform = crop_transform(points)
        self.landmarks = apply(transform, points)
        self.field = cut(edited, transform).astype(np.float64) - cut(original, transform)
        self.photo = edited.astype(np.int64) - original

    def share(self, region: str) -> float:
        """Return the share of squared change that lies within a region."""
        energy = (self.field**2).sum(axis=2)
        inside = REGIONS[region](self.landmarks) > 0.25
        return float(energy[inside].sum() / energy.sum())

    def mean(self, region: str) -> float:
        inside = REGIONS[region](self.landmarks) > 0.5
        return float(np.abs(self.field[inside]).mean())

    def size(self) -> float:
        return float(np.sqrt((self.field**2).mean()))


def changes(client: httpx.Client, name: str, strengths: str, attribute: str = "smiling") -> list[Change]:
    told = answer(client, name, attribute=attribute, strengths=strengths)
    pictures = [people.pixels_of(base64.b64decode(one["image"])) for one in told["results"]]
    return [Change(people.person(name), one, told["faces"][0]["landmarks"]) for one in pictures]


def mouth_width(client: httpx.Client, picture: bytes) -> float:
    """Return how wide the service finds the mouth, over the distance between the eyes' outer corners."""
    headers = {"Content-Type": "image/png", "Accept": "application/json"}
    told = client.post(URL, params={"attribute": "young", "strength": 0}, content=picture, headers=headers)
    points = np.array(told.json()["faces"][0]["landmarks"])
    return float(np.linalg.norm(points[54] - points[48]) / np.linalg.norm(points[45] - points[36]))


@pytest.mark.parametrize("name", UNSMILING)
def test_a_smile_shows_around_the_mouth(client: httpx.Client, name: str) -> None:
    (smile,) = changes(client, name, "1")
    assert smile.share("beard") > 0.6
    assert smile.mean("upper_lip") > VISIBLE


@pytest.mark.parametrize("name", UNSMILING)
def test_a_smile_leaves_the_background_and_brows_alone(client: httpx.Client, name: str) -> None:
    (smile,) = changes(client, name, "1")
    assert not smile.photo[:60].any()
    assert not smile.photo[:, :60].any()
    brows = smile.landmarks[17:27].astype(int)
    assert np.abs(smile.field[brows[:, 1], brows[:, 0]]).mean() < VISIBLE


@pytest.mark.parametrize("engine", ["vae", "editnet"])
@pytest.mark.parametrize("name", people.NAMES)
def test_a_smile_widens_the_mouth_and_less_of_it_narrows_it(client: httpx.Client, name: str, engine: str) -> None:
    told = answer(client, name, attribute="smiling", strengths="-1,0,1", engine=engine)
    less, same, more = (mouth_width(client, base64.b64decode(one["image"])) for one in told["results"])
    assert less < same < more


@pytest.mark.parametrize("attribute", ["smiling", "mustache", "young", "male"])
def test_a_greater_strength_changes_more(client: httpx.Client, attribute: str) -> None:
    sizes = [change.size() for change in changes(client, "ben", "0,0.5,1,1.5,2", attribute)]
    assert sizes[0] == 0
    assert sizes == sorted(set(sizes))


def test_a_mustache_darkens_the_upper_lip(client: httpx.Client) -> None:
    (mustache,) = changes(client, "ben", "1.5", "mustache")
    assert mustache.share("upper_lip") > 0.9
    under_nose = mustache.landmarks[[33, 50, 51, 52]].mean(axis=0).astype(int)
    around = mustache.field[under_nose[1] - 4 : under_nose[1] + 5, under_nose[0] - 12 : under_nose[0] + 13]
    assert around.mean() < -VISIBLE
