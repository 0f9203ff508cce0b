"""The three forms of a request, and pictures of every kind: an answer has the input's size and type."""

import base64
import json

import httpx
import numpy as np
import people
import pytest

URL = "/edit-attribute"
SMILE = {"attribute": "smiling"}


def send(client: httpx.Client, body: bytes, media_type: str = "image/png", **parameters: str) -> httpx.Response:
    return client.post(URL, params=SMILE | parameters, content=body, headers={"Content-Type": media_type})


def test_multipart_as_curl_sends_it(client: httpx.Client, portrait_jpeg: bytes) -> None:
    answer = client.post(URL, files={"image": ("me.jpg", portrait_jpeg, "image/jpeg")}, data=SMILE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert people.opened(answer.content).format == "JPEG"
    assert people.opened(answer.content).size == (512, 512)


def test_group_photo_with_all_faces(client: httpx.Client, group_jpeg: bytes) -> None:
    answer = send(client, group_jpeg, "image/jpeg", face="all")
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).size == (1500, 1000)
    faces = json.loads(answer.headers["x-mien-faces"])
    assert [face["index"] for face in faces] == list(range(6))
    lefts = [face["box"][0] for face in faces]
    assert lefts == sorted(lefts)


def test_twelve_megapixels(client: httpx.Client) -> None:
    photo = people.as_file(people.twelve_megapixels(), "JPEG", quality=90)
    answer = send(client, photo, "image/jpeg")
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).size == (4000, 3000)


def test_photo_taken_sideways_comes_back_upright(client: httpx.Client) -> None:
    upright = people.small_person("dora")[:, :448]
    answer = send(client, people.sideways(upright), "image/jpeg", strength="0")
    assert answer.status_code == 200, answer.text
    picture = people.opened(answer.content)
    assert picture.size == (448, 512)
    assert picture.getexif().get(people.EXIF_ORIENTATION, 1) == 1
    assert people.psnr(people.pixels_of(answer.content), upright) > 30


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey_stays_grey(client: httpx.Client, kind: str) -> None:
    grey = people.small_person("ben").mean(axis=2).astype(np.uint8)
    answer = send(client, people.as_file(grey, kind), f"image/{kind.lower()}")
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).mode == "L"
    assert people.opened(answer.content).size == (512, 512)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_format_comes_back_as_it_came(client: httpx.Client, kind: str) -> None:
    answer = send(client, people.as_file(people.small_person("carla"), kind), f"image/{kind.lower()}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert people.opened(answer.content).format == kind
    assert people.opened(answer.content).size == (512, 512)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_kept(client: httpx.Client, kind: str) -> None:
    alpha = np.full((512, 512, 1), 255, np.uint8)
    alpha[:40] = 0
    photo = people.as_file(np.concatenate([people.small_person(), alpha], axis=2), kind, lossless=True)
    answer = send(client, photo, f"image/{kind.lower()}")
    assert answer.status_code == 200, answer.text
    picture = people.opened(answer.content)
    assert picture.mode == "RGBA"
    assert np.array_equal(np.asarray(picture)[..., 3], alpha[..., 0])


def test_a_face_crop_does_not_wear_the_photos_transparency(client: httpx.Client) -> None:
    side = 256
    alpha = np.full((side, side, 1), 255, np.uint8)
    alpha[: side // 2] = 0
    # The face is so small that its square is given at its least size, which is the photo's size here.
    photo = people.nobody(side, side)
    photo[28:228, 28:228] = people.small_person("carla", 200)
    rgba = np.concatenate([photo, alpha], axis=2)
    answer = send(client, people.as_file(rgba, "PNG"), output="face")
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).size == (side, side)
    shown = np.asarray(people.opened(answer.content).convert("RGBA"))[..., 3]
    assert not np.array_equal(shown, alpha[..., 0])


def test_the_declared_type_does_not_matter(client: httpx.Client, portrait_png: bytes) -> None:
    for declared in ("image/jpeg", "image/webp", "application/octet-stream"):
        answer = send(client, portrait_png, declared)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/png"


def test_all_forms_give_the_same_picture(client: httpx.Client, portrait_png: bytes) -> None:
    parameters = {"attribute": "smiling", "strength": "0.7", "landmarks": "true", "seed": "3"}
    raw = client.post(URL, params=parameters, content=portrait_png, headers={"Content-Type": "image/png"})
    form = client.post(URL, data=parameters, files={"image": ("me.png", portrait_png, "image/png")})
    typed = {"attribute": "smiling", "strength": 0.7, "landmarks": True, "seed": 3}
    encoded = base64.b64encode(portrait_png).decode()
    document = client.post(URL, json=typed | {"image": encoded}, headers={"Accept": "image/png"})
    texts = client.post(URL, json=parameters | {"image": encoded}, headers={"Accept": "image/png"})
    answers = [raw, form, document, texts]
    assert [one.status_code for one in answers] == [200] * 4, [one.text for one in answers if one.is_error]
    first, *others = [people.pixels_of(one.content) for one in answers]
    assert all(np.array_equal(first, other) for other in others)


def test_answers_are_deterministic(client: httpx.Client, portrait_png: bytes) -> None:
    assert send(client, portrait_png).content == send(client, portrait_png).content


def test_a_real_photo_works(client: httpx.Client) -> None:
    answer = send(client, people.as_file(people.astronaut(), "PNG"))
    assert answer.status_code == 200, answer.text
    assert len(json.loads(answer.headers["x-mien-faces"])) == 1
