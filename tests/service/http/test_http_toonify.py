"""/toonify over HTTP: heads are drawn and nothing else, stickers and what they tell, and what is refused."""

import base64
import json
from typing import Any

import cv2
import httpx
import numpy as np
import people
import pytest
from PIL import Image, ImageCms
from served import problem

from mien_service.faces.face import RgbImage

URL = "/toonify"
PNG = {"Content-Type": "image/png"}
MARK = b"compositeWithTrainedAlgorithmicMedia"
STYLES = ("cel", "sketch", "cartoon", "baby", "emoji")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
JSON = "application/json"
DRAWN = 4
"""Mean difference in grey levels from which on something counts as drawn."""


def as_png(photo: np.ndarray) -> bytes:
    return people.as_file(photo, "PNG", compress_level=1)


def answered(client: httpx.Client, body: bytes, accept: str = "*/*", **parameters: Any) -> httpx.Response:
    answer = client.post(URL, params=parameters, content=body, headers={"Content-Type": "image/*", "Accept": accept})
    assert answer.status_code == 200, answer.text
    return answer


def toon(client: httpx.Client, photo: RgbImage, **parameters: Any) -> RgbImage:
    return people.pixels_of(answered(client, as_png(photo), **parameters).content)


def sticker(client: httpx.Client, body: bytes, accept: str = "*/*", **parameters: Any) -> Image.Image:
    return people.opened(answered(client, body, accept, sticker=True, **parameters).content)


def change(one: RgbImage, other: RgbImage) -> np.ndarray:
    """Return (h, w), how far two pictures are apart in grey levels."""
    return np.abs(one.astype(int) - other).mean(axis=2)


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    """A person in a photo that is larger than the head's square."""
    wide = np.full((640, 900, 3), (70, 120, 90), np.uint8)
    wide[80:592, 200:712] = people.small_person("ben")
    return wide


@pytest.mark.parametrize("style", STYLES)
def test_the_head_is_drawn_and_what_is_far_from_it_is_not_touched(
    client: httpx.Client, photo: RgbImage, style: str
) -> None:
    changed = change(toon(client, photo, style=style), photo)
    assert changed[230:480, 360:540].mean() > DRAWN
    assert not changed[:, :180].any()
    assert not changed[:, 860:].any()


def test_styles_are_not_alike(client: httpx.Client, photo: RgbImage) -> None:
    drawn = {style: toon(client, photo, style=style)[230:480, 360:540] for style in STYLES}
    for one in STYLES:
        for other in STYLES:
            assert one == other or change(drawn[one], drawn[other]).mean() > 1, (one, other)
    np.testing.assert_array_equal(toon(client, photo)[230:480, 360:540], drawn["cartoon"])


@pytest.mark.parametrize("background", [False, True])
def test_strength_goes_from_the_photo_to_the_toon_without_a_step(
    client: httpx.Client, photo: RgbImage, background: bool
) -> None:
    strengths = (0, 0.02, 0.35, 0.37, 1)
    drawn = [toon(client, photo, strength=one, background=background) for one in strengths]
    np.testing.assert_array_equal(drawn[0], photo)
    whole = change(drawn[-1], photo).mean()
    assert 0 < change(drawn[1], drawn[0]).mean() < 0.25 * whole
    assert change(drawn[3], drawn[2]).mean() < 0.25 * whole
    assert change(drawn[2], drawn[-1]).mean() > 0.25 * whole


def test_a_background_is_drawn_with_the_heads(client: httpx.Client) -> None:
    photo = people.group()
    changed = change(toon(client, photo, face="all", background=True), photo)
    alone = change(toon(client, photo, face="all"), photo)
    # Right of the last person in either row there is nothing but the ground.
    for corner in (changed[420:490, 1440:], changed[920:, 1440:]):
        assert corner.mean() > 0
    assert not alone[420:490, 1495:].any()


def test_each_head_of_a_group_is_drawn_or_only_the_one_that_is_asked_for(client: httpx.Client) -> None:
    photo = people.group()
    found = answered(client, as_png(photo), JSON, face="all").json()
    assert len(found["faces"]) == 6
    boxes = [[round(edge) for edge in face["box"]] for face in found["faces"]]
    changed = change(people.pixels_of(base64.b64decode(found["results"][0]["image"])), photo)
    only = change(toon(client, photo, face=2), photo)
    for index, (left, top, right, bottom) in enumerate(boxes):
        assert changed[top:bottom, left:right].mean() > DRAWN
        assert only[top:bottom, left:right].any() == (index == 2)


def test_of_heads_that_touch_only_the_one_asked_for_is_drawn(client: httpx.Client) -> None:
    """Whoever stands beside keeps a face of their own, and both are drawn as each is alone."""
    photo = np.hstack([people.small_person("anna")[:, 130:400], people.small_person("ben")[:, 110:400]])
    first, second = (toon(client, photo, face=i) for i in (0, 1))
    both = toon(client, photo, face="all")
    middle = slice(200, 400)
    assert change(first, photo)[middle, 60:210].mean() > DRAWN
    assert change(first, photo)[middle, 370:].mean() < 0.5
    assert change(second, photo)[middle, :170].mean() < 0.5
    np.testing.assert_array_equal(both[middle, 60:170], first[middle, 60:170])
    np.testing.assert_array_equal(both[middle, 400:480], second[middle, 400:480])


def test_a_face_square_is_drawn(client: httpx.Client, photo: RgbImage) -> None:
    square = toon(client, photo, output="face")
    assert square.shape[0] == square.shape[1] >= 256
    same = toon(client, photo, output="face", strength=0)
    assert change(square, same)[64:192, 64:192].mean() > DRAWN


def test_landmarks_and_label_are_drawn_on_the_toon(client: httpx.Client, photo: RgbImage) -> None:
    plain, marked = toon(client, photo), toon(client, photo, landmarks=True, label=True)
    changed = change(marked, plain)
    assert (marked[changed > 0] == (0, 255, 0)).all(axis=1).any()
    assert changed[600:, :120].any()


@pytest.mark.parametrize("parameters", [{}, {"background": "true"}, {"output": "face"}])
def test_a_grey_photo_stays_grey(client: httpx.Client, photo: RgbImage, parameters: dict[str, str]) -> None:
    grey = photo.mean(axis=2).astype(np.uint8)
    drawn = people.opened(answered(client, as_png(grey), **parameters).content)
    assert drawn.mode == "L"


def test_a_sticker_of_a_grey_photo_is_grey(client: httpx.Client, photo: RgbImage) -> None:
    drawn = np.asarray(sticker(client, as_png(photo.mean(axis=2).astype(np.uint8))))
    assert (drawn[..., 0] == drawn[..., 1]).all()
    assert (drawn[..., 1] == drawn[..., 2]).all()


def test_a_sticker_is_the_drawn_head_with_a_white_outline(client: httpx.Client, photo: RgbImage) -> None:
    plain = np.asarray(sticker(client, as_png(photo), style="cel", outline=0)).astype(int)
    bordered = np.asarray(sticker(client, as_png(photo), style="cel", outline=0.1)).astype(int)
    as_it_is = np.asarray(sticker(client, as_png(photo), style="cel", outline=0, strength=0)).astype(int)
    assert plain.shape[2] == 4
    height, width = plain.shape[:2]
    assert plain[height // 2, width // 2, 3] == 255
    assert not plain[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()
    assert plain.shape == as_it_is.shape
    whole = (plain[..., 3] == 255) & (as_it_is[..., 3] == 255)
    assert np.abs(plain - as_it_is)[whole].mean() > DRAWN
    rim = (bordered.shape[0] - height) // 2
    assert rim == pytest.approx(0.1 * (max(plain.shape) / 1.04), abs=3)
    around = bordered[rim:-rim, rim:-rim]
    new = (plain[..., 3] == 0) & (around[:height, :width, 3] == 255)
    assert new.any()
    assert (around[:height, :width][new, :3] == 255).mean() > 0.99


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_sticker_is_a_png_or_a_webp(client: httpx.Client, photo: RgbImage, kind: str) -> None:
    body = people.as_file(photo, kind)
    standard = "WEBP" if kind == "WEBP" else "PNG"
    for accept, format_ in (("*/*", standard), ("image/*", standard), ("image/png", "PNG"), ("image/webp", "WEBP")):
        drawn = sticker(client, body, accept)
        assert (drawn.format, drawn.mode) == (format_, "RGBA")
    liked = sticker(client, body, "image/jpeg, image/webp;q=0.5")
    assert liked.format == "WEBP"
    refused = client.post(
        URL, params={"sticker": True}, content=body, headers={"Content-Type": "image/*", "Accept": "image/jpeg"}
    )
    told = problem(refused, "not-acceptable", 406)
    assert told["offers"] == [f"image/{standard.lower()}", f"image/{'png' if kind == 'WEBP' else 'webp'}", JSON]


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/png"), ("WEBP", "image/webp")])
def test_a_sticker_tells_what_its_face_shows(client: httpx.Client, photo: RgbImage, kind: str, media_type: str) -> None:
    answer = answered(client, people.as_file(photo, kind), JSON, sticker=True).json()
    [face], [result] = answer["faces"], answer["results"]
    assert answer["media_type"] == result["media_type"] == media_type
    assert people.opened(base64.b64decode(result["image"])).mode == "RGBA"
    assert set(face["expression"]["probabilities"]) == {
        "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral",
    }  # fmt: skip
    assert answer["model"]["name"] == "toon_net"
    assert "not what a person feels" in answer["notice"]


def test_headers_of_a_sticker_tell_the_likeliest_expression_and_the_notice(
    client: httpx.Client, portrait_jpeg: bytes
) -> None:
    answer = answered(client, portrait_jpeg, sticker=True)
    [face] = json.loads(answer.headers["x-mien-faces"])
    assert face["expression"].keys() == {"label", "probability"}
    assert "not what a person feels" in answer.headers["x-mien-notice"]


def test_toons_of_photos_tell_no_expression(client: httpx.Client, portrait_jpeg: bytes) -> None:
    answer = answered(client, portrait_jpeg, JSON)
    assert answer.json()["faces"][0]["expression"] is None
    assert answer.json()["notice"] is None
    assert "x-mien-notice" not in answer.headers


@pytest.mark.parametrize("parameters", [{}, {"sticker": "true"}])
def test_what_a_photo_carries_travels_along_and_the_mark_is_there(
    client: httpx.Client, photo: RgbImage, parameters: dict[str, str]
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    body = people.as_file(photo, "JPEG", icc_profile=SRGB, exif=exif)
    answer = answered(client, body, **parameters)
    drawn = people.opened(answer.content)
    assert drawn.info["icc_profile"] == SRGB
    assert drawn.getexif()[0x010F] == "a camera"
    assert not drawn.getexif().get_ifd(0x8825)
    assert MARK in answer.content


def test_a_sticker_of_a_lying_photo_is_upright(client: httpx.Client) -> None:
    drawn = sticker(client, people.sideways(people.small_person("dora")), outline=0)
    upright = sticker(client, people.as_file(people.small_person("dora"), "JPEG", quality=95), outline=0)
    assert drawn.size[0] == pytest.approx(upright.size[0], abs=12)
    assert drawn.size[1] == pytest.approx(upright.size[1], abs=12)


@pytest.mark.slow
def test_a_huge_photo_gives_a_sticker_that_is_not(client: httpx.Client) -> None:
    large = cv2.resize(people.person("carla"), (5000, 5000), interpolation=cv2.INTER_LINEAR)
    drawn = sticker(client, people.as_file(np.asarray(large), "JPEG"))
    assert 700 < max(drawn.size) < 2000


def test_a_tiny_photo_is_drawn(client: httpx.Client) -> None:
    tiny = people.small_person("anna", 80)
    assert change(toon(client, tiny), tiny).mean() > 0
    assert change(toon(client, tiny, background=True), tiny).mean() > 0
    assert sticker(client, as_png(tiny)).mode == "RGBA"


REFUSED = {
    "landmarks": {"sticker": "true", "landmarks": "true"},
    "label": {"sticker": "true", "label": "true"},
    "background": {"sticker": "true", "background": "true"},
    "face": {"sticker": "true", "face": "all"},
    "output": {"sticker": "true", "output": "face"},
    "outline": {"outline": "0.1"},
}


@pytest.mark.parametrize(("field", "parameters"), REFUSED.items(), ids=REFUSED.keys())
def test_what_does_not_go_with_a_sticker_or_without_one(
    client: httpx.Client, portrait_png: bytes, field: str, parameters: dict[str, str]
) -> None:
    answer = client.post(URL, params=parameters, content=portrait_png, headers=PNG)
    problem(answer, "invalid-parameter", 422, field=field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("style", "manga"), ("strength", "-0.1"), ("strength", "1.1"), ("strength", "nan"),
        ("outline", "0.3"), ("outline", "-1"), ("sticker", "perhaps"), ("mask", "here"),
    ],
)  # fmt: skip
def test_parameters_out_of_range(client: httpx.Client, portrait_png: bytes, field: str, value: str) -> None:
    parameters = {"sticker": "true"} | {field: value}
    answer = client.post(URL, params=parameters, content=portrait_png, headers=PNG)
    problem(answer, "invalid-parameter", 422, field=field)


def test_the_same_request_gives_the_same_picture(client: httpx.Client, portrait_png: bytes) -> None:
    for parameters in ({"background": True}, {"sticker": True}):
        one, other = (answered(client, portrait_png, **parameters).content for _ in range(2))
        assert one == other
