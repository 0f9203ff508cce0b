"""/frontalize over HTTP: heads are turned, what is said of them, and what is refused."""

import base64
from typing import Any

import cv2
import httpx
import numpy as np
import people
import pytest
from served import problem

from mien_service.faces.align import crop_transform, cut
from mien_service.faces.face import RgbImage

URL = "/frontalize"
PNG = {"Content-Type": "image/png"}
AS_JSON = {"Accept": "application/json"}


def small(photo: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(photo, (512, 512), interpolation=cv2.INTER_AREA), np.uint8)


def as_png(photo: RgbImage) -> bytes:
    return people.as_file(photo, "PNG", compress_level=1)


def told(client: httpx.Client, photo: RgbImage, **parameters: Any) -> dict[str, Any]:
    answer = client.post(URL, params=parameters, content=as_png(photo), headers=PNG | AS_JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def picture(answer: dict[str, Any]) -> RgbImage:
    [one] = answer["results"]
    return people.pixels_of(base64.b64decode(one["image"]))


def yaw(client: httpx.Client, photo: RgbImage, **parameters: Any) -> float:
    """Return the yaw of the face in a photo, as the service reads it."""
    return told(client, photo, output="photo", **parameters)["faces"][0]["pose"]["yaw"]


@pytest.mark.parametrize("name", ["hanna", "iris"])
def test_a_turned_head_is_turned_to_the_front(client: httpx.Client, name: str) -> None:
    photo = small(people.turned(name))
    answer = told(client, photo)
    before, after = (answer["faces"][0][name]["yaw"] for name in ("pose", "pose_after"))
    front = picture(answer)
    assert abs(before) > 20
    assert abs(after) < 0.3 * abs(before)
    assert front.shape[0] == front.shape[1]
    assert abs(yaw(client, front)) < 0.3 * abs(before)
    assert answer["not_for_identification"] is True
    assert "not for identification" in answer["notice"].lower()


@pytest.mark.parametrize("asked", [-25, 25])
def test_a_head_looks_where_it_is_asked_to(client: httpx.Client, asked: int) -> None:
    photo = small(people.person("ben"))
    assert yaw(client, picture(told(client, photo, yaw=asked))) == pytest.approx(asked, abs=9)


def test_a_head_that_looks_there_already_is_not_touched(client: httpx.Client) -> None:
    photo = small(people.turned("hanna"))
    pose = told(client, photo)["faces"][0]["pose"]
    same = picture(told(client, photo, output="photo", yaw=pose["yaw"], pitch=pose["pitch"]))
    np.testing.assert_array_equal(same, photo)


def test_the_hidden_half_is_said_to_be_invented(client: httpx.Client) -> None:
    photo = small(people.turned("hanna"))
    answer = told(client, photo, output="photo")
    region = np.asarray(people.opened(base64.b64decode(answer["invented"]))) > 0
    landmarks = np.array(answer["faces"][0]["landmarks"])
    assert region.shape == photo.shape[:2]
    # Hanna looks to the left: that side of her face was away from the camera. Turned, her face fills the same square.
    square = crop_transform(landmarks.astype(np.float32))
    inside = cut(region.astype(np.uint8) * 255, square) > 127
    far, near = inside[110:190, 70:115], inside[110:190, 141:186]
    assert far.mean() > 0.5 > 0.2 > near.mean()
    assert 0.1 < region.mean() < 0.95


def test_what_is_far_from_the_head_is_the_photos(client: httpx.Client) -> None:
    photo = np.full((700, 1200, 3), 90, np.uint8)
    photo[100:612, 300:812] = small(people.turned("hanna"))
    photo[::7, ::5] += 30
    turned = picture(told(client, photo, output="photo"))
    changed = (turned != photo).any(axis=2)
    assert changed[150:560, 320:800].mean() > 0.5
    assert not changed[:, :100].any()
    assert not changed[:, 1000:].any()


def test_a_large_heads_square_is_that_of_the_whole_photo(client: httpx.Client) -> None:
    photo = np.asarray(cv2.resize(people.turned("hanna"), (2000, 2000), interpolation=cv2.INTER_CUBIC), np.uint8)
    answers = [told(client, photo, output=output) for output in ("face", "photo")]
    square, whole = (picture(answer) for answer in answers)
    assert square.shape == (1024, 1024, 3)
    landmarks = np.array(answers[0]["faces"][0]["landmarks"], np.float32)
    wanted = cut(whole, crop_transform(landmarks, 1024), 1024)
    assert np.abs(square.astype(int) - wanted).mean() < 2


@pytest.mark.parametrize("parameters", [{"yaw": "46"}, {"pitch": "-46"}, {"yaw": "nan"}, {"force": "perhaps"}])
def test_poses_that_cannot_be_asked_for(client: httpx.Client, parameters: dict[str, str]) -> None:
    body = as_png(small(people.turned("iris")))
    [field] = parameters
    problem(client.post(URL, params=parameters, content=body, headers=PNG), "invalid-parameter", 422, field=field)
