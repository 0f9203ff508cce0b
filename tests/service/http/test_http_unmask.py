"""/unmask over HTTP: which pixels are new, what answers tell of them, and masks that a client marks."""

import base64
import json
from typing import Any

import cv2
import httpx
import numpy as np
import people
import pytest
from served import problem

from mien_service.faces.face import RgbImage

URL = "/unmask"
PNG = {"Content-Type": "image/png"}
AS_JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    return np.asarray(cv2.resize(people.masked("anna"), (512, 512), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="module")
def photo_png(photo: RgbImage) -> bytes:
    return people.as_file(photo, "PNG", compress_level=1)


def told(client: httpx.Client, body: bytes, **parameters: Any) -> dict[str, Any]:
    answer = client.post(URL, params=parameters, content=body, headers=PNG | AS_JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pictures(answer: dict[str, Any]) -> list[RgbImage]:
    return [people.pixels_of(base64.b64decode(one["image"])) for one in answer["results"]]


def invented(answer: dict[str, Any]) -> np.ndarray:
    region = np.asarray(people.opened(base64.b64decode(answer["invented"])))
    assert region.ndim == 2
    assert set(np.unique(region).tolist()) <= {0, 255}
    return region > 0


def ellipse(size: tuple[int, int], centre: tuple[int, int], axes: tuple[int, int]) -> np.ndarray:
    return cv2.ellipse(np.zeros(size, np.uint8), centre, axes, 0, 0, 360, 255, -1)


def with_mask(client: httpx.Client, image: bytes, mask: bytes, **parameters: str) -> httpx.Response:
    files = {"image": ("a.png", image, "image/png"), "mask": ("m.png", mask, "image/png")}
    return client.post(URL, files=files, data=parameters, headers=AS_JSON)


def test_the_mask_is_gone_and_nothing_else_is_touched(client: httpx.Client, photo: RgbImage, photo_png: bytes) -> None:
    answer = told(client, photo_png)
    [picture], region = pictures(answer), invented(answer)
    changed = (picture != photo).any(axis=2)
    assert not (changed & ~region).any()
    assert 0.08 < region.mean() < 0.35
    assert changed[region].mean() > 0.9
    # Anna's mask is blue; no face is.
    blue = picture[..., 2].astype(int) - picture[..., 0] > 20
    assert blue[region].mean() < 0.02
    assert answer["not_for_identification"] is True
    assert "not for identification" in answer["notice"].lower()
    assert answer["model"]["name"] == "face_filler"


def test_a_picture_says_in_its_headers_that_it_identifies_nobody(client: httpx.Client, photo_png: bytes) -> None:
    answer = client.post(URL, content=photo_png, headers=PNG)
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).size == (512, 512)
    assert answer.headers["x-mien-not-for-identification"] == "true"
    assert "not for identification" in answer.headers["x-mien-notice"].lower()


def test_other_tasks_say_no_such_thing(client: httpx.Client, portrait_png: bytes) -> None:
    smile = {"attribute": "smiling"}
    answer = client.post("/edit-attribute", params=smile, content=portrait_png, headers=PNG | AS_JSON)
    assert answer.json()["invented"] is None
    assert answer.json()["not_for_identification"] is False
    assert "x-mien-not-for-identification" not in answer.headers


def test_variants_are_different_faces_and_seeds_draw_them(client: httpx.Client, photo_png: bytes) -> None:
    answer = told(client, photo_png, variants=3)
    region = invented(answer)
    first, second, third = pictures(answer)
    assert [one["variant"] for one in answer["results"]] == [0, 1, 2]
    for one, other in ((first, second), (first, third), (second, third)):
        assert np.abs(one.astype(int) - other)[region].mean() > 1
        np.testing.assert_array_equal(one[~region], other[~region])
    again = pictures(told(client, photo_png, variants=2))
    np.testing.assert_array_equal(again[0], first)
    np.testing.assert_array_equal(again[1], second)
    [other_seed] = pictures(told(client, photo_png, seed=7))
    assert (other_seed != first).any()


def test_two_masked_people_among_three(client: httpx.Client) -> None:
    photo = people.two_masked()
    answer = told(client, people.as_file(photo, "PNG"), face="all")
    [picture], region = pictures(answer), invented(answer)
    assert [face["index"] for face in answer["faces"]] == [0, 2], "who wears no mask is passed over"
    assert region[:, :480].mean() > 0.05
    assert region[:, 960:].mean() > 0.05
    assert not region[:, 480:960].any()
    np.testing.assert_array_equal(picture[~region], photo[~region])


def test_a_face_square_and_where_it_is_invented(client: httpx.Client, photo_png: bytes) -> None:
    answer = told(client, photo_png, output="face")
    [picture], region = pictures(answer), invented(answer)
    assert region.shape == picture.shape[:2]
    assert 0.1 < region.mean() < 0.5


def test_a_square_beyond_the_photos_edge_tells_of_every_invented_pixel(client: httpx.Client, photo: RgbImage) -> None:
    body = people.as_file(photo[:380], "PNG", compress_level=1)
    answer = told(client, body, output="face", variants=2)
    first, second = pictures(answer)
    assert not ((first != second).any(axis=2) & ~invented(answer)).any()


def test_a_marked_mask_at_the_photos_edge_is_gone(client: httpx.Client, photo: RgbImage) -> None:
    """What is repeated beyond the edge is no part of the face that is seen."""
    cut = photo[:380]
    found = invented(told(client, people.as_file(cut, "PNG", compress_level=1)))
    answer = with_mask(client, people.as_file(cut, "PNG"), people.as_file(found.astype(np.uint8) * 255, "PNG"))
    assert answer.status_code == 200, answer.text
    [picture], region = pictures(answer.json()), invented(answer.json())
    blue = picture[..., 2].astype(int) - picture[..., 0] > 0
    assert blue[region].mean() < 0.05


def test_each_of_two_marked_people_keeps_to_their_own_mark(client: httpx.Client) -> None:
    """Side by side, so that each one's square shows the other's mask."""
    photo = np.hstack([np.asarray(people.two_masked())[:, 60:420], np.asarray(people.two_masked())[:, 1020:1380]])
    body = people.as_file(photo, "PNG")
    found = told(client, body, face="all")
    mask = people.as_file(invented(found).astype(np.uint8) * 255, "PNG")
    [picture] = pictures(with_mask(client, body, mask, face="0").json())
    np.testing.assert_array_equal(picture[:, 400:], photo[:, 400:])
    both = with_mask(client, body, mask, face="all").json()
    alone = with_mask(client, body, mask, face="1").json()
    assert [face["index"] for face in both["faces"]] == [0, 1]
    assert [face["index"] for face in alone["faces"]] == [1]
    np.testing.assert_array_equal(pictures(both)[0][:, :320], picture[:, :320])


@pytest.mark.parametrize("which", ["largest", "all", "0"])
def test_no_mask(client: httpx.Client, portrait_png: bytes, which: str) -> None:
    problem(client.post(URL, params={"face": which}, content=portrait_png, headers=PNG), "no-mask-found", 422)


def test_a_grey_photo_stays_grey(client: httpx.Client, photo: RgbImage) -> None:
    grey = photo.mean(axis=2).astype(np.uint8)
    answer = client.post(URL, content=people.as_file(grey, "PNG"), headers=PNG)
    assert answer.status_code == 200, answer.text
    assert people.opened(answer.content).mode == "L"


def test_what_the_client_marks_is_filled(client: httpx.Client, portrait_png: bytes) -> None:
    original = people.pixels_of(portrait_png)
    mark = ellipse((512, 512), (256, 330), (60, 40))
    answer = with_mask(client, portrait_png, people.as_file(mark, "PNG"))
    assert answer.status_code == 200, answer.text
    [picture], region = pictures(answer.json()), invented(answer.json())
    assert not region[mark == 0].any()
    assert region[cv2.erode(mark, np.ones((3, 3), np.uint8)) > 0].all()
    np.testing.assert_array_equal(picture[~region], original[~region])
    assert (picture[region] != original[region]).any(axis=1).mean() > 0.8
    # Something of another colour is gone to the last pixel of its mark.
    stained = original.copy()
    stained[mark > 0] = (0, 200, 40)
    answer = with_mask(client, people.as_file(stained, "PNG"), people.as_file(mark, "PNG"))
    [clean] = pictures(answer.json())
    green = clean[..., 1].astype(int) - clean[..., 0] > 0
    assert not green[mark > 0].any()


def test_a_mask_lies_on_the_photo_as_it_is_seen(client: httpx.Client) -> None:
    upright = people.small_person("dora")[:, :448]
    mark = ellipse((512, 448), (220, 330), (60, 40))
    answer = with_mask(client, people.sideways(upright), people.as_file(mark, "PNG"))
    assert answer.status_code == 200, answer.text
    region = invented(answer.json())
    assert region.shape == (512, 448)
    assert not region[mark == 0].any()


def test_a_mask_of_null_is_none(client: httpx.Client, portrait_png: bytes) -> None:
    document = {"image": base64.b64encode(portrait_png).decode(), "mask": None}
    problem(client.post(URL, json=document), "no-mask-found", 422)


def test_the_three_ways_to_send_a_mask_are_one(client: httpx.Client, portrait_png: bytes) -> None:
    mark = ellipse((512, 512), (256, 330), (60, 40))
    clear = np.dstack([np.full((512, 512, 3), 255, np.uint8), mark])
    files = people.as_file(mark, "PNG"), people.as_file(clear, "PNG")
    answers = [with_mask(client, portrait_png, mask) for mask in files]
    texts = {"image": portrait_png, "mask": files[0]}
    document = {name: base64.b64encode(body).decode() for name, body in texts.items()}
    answers.append(client.post(URL, json=document, headers=AS_JSON))
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert len({json.dumps(one.json()["results"]) for one in answers}) == 1


def test_a_mark_beside_the_face_is_none_on_it(client: httpx.Client, portrait_png: bytes) -> None:
    wider = people.as_file(np.pad(people.pixels_of(portrait_png), ((0, 0), (0, 400), (0, 0))), "PNG")
    mark = ellipse((512, 912), (800, 300), (60, 40))
    problem(with_mask(client, wider, people.as_file(mark, "PNG")), "no-mask-found", 422, field="mask")


def black(height: int, width: int = 512) -> bytes:
    return people.as_file(np.zeros((height, width), np.uint8), "PNG")


MASKS_THAT_ARE_NONE = {
    "empty": (b"", "invalid-parameter", 422),
    "no picture": (b"no picture", "unsupported-media-type", 415),
    "of another size": (black(511), "invalid-parameter", 422),
    "cut off": (black(512)[:60], "unreadable-image", 400),
    "too small for a picture": (black(20), "invalid-parameter", 422),
}


@pytest.mark.parametrize(("mask", "kind", "status"), MASKS_THAT_ARE_NONE.values(), ids=MASKS_THAT_ARE_NONE.keys())
def test_masks_that_are_none(client: httpx.Client, portrait_png: bytes, mask: bytes, kind: str, status: int) -> None:
    problem(with_mask(client, portrait_png, mask), kind, status, field="mask")


def test_a_mask_is_no_text_and_comes_once(client: httpx.Client, portrait_png: bytes) -> None:
    image = ("image", ("a.png", portrait_png, "image/png"))
    mask = ("mask", ("m.png", portrait_png, "image/png"))
    refused = [
        client.post(URL, files=[image, mask, mask]),
        client.post(URL, files=[image], data={"mask": "here"}),
        client.post(URL, params={"mask": "here"}, content=portrait_png, headers=PNG),
        client.post("/edit-attribute", files=[image, mask], data={"attribute": "young"}),
        client.post(URL, json={"image": base64.b64encode(portrait_png).decode(), "mask": 3}),
    ]
    for answer in refused:
        problem(answer, "invalid-parameter", 422, field="mask")


@pytest.mark.parametrize("name", ["variants", "seed"])
@pytest.mark.parametrize("value", ["-1", "many", "4294967296"])
def test_parameters_out_of_range(client: httpx.Client, photo_png: bytes, name: str, value: str) -> None:
    answer = client.post(URL, params={name: value}, content=photo_png, headers=PNG)
    problem(answer, "invalid-parameter", 422, field=name)
