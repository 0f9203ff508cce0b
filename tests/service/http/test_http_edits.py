"""What parameters do to the picture; nothing here depends on how well an edit looks."""

import base64
import json
from typing import Any

import cv2
import httpx
import numpy as np
import people
import pytest
from served import problem

from mien_service.faces.align import apply, crop_transform, invert
from mien_service.faces.face import RgbImage
from mien_service.faces.regions import REGIONS
from mien_service.tasks.attributes import REGION_OF, Attribute

URL = "/edit-attribute"
PNG = {"Content-Type": "image/png"}
AS_JSON = PNG | {"Accept": "application/json"}


def edited(client: httpx.Client, photo: bytes, **parameters: Any) -> RgbImage:
    answer = client.post(URL, params=parameters, content=photo, headers=PNG)
    assert answer.status_code == 200, answer.text
    return people.pixels_of(answer.content)


def told(client: httpx.Client, photo: bytes, **parameters: Any) -> dict[str, Any]:
    answer = client.post(URL, params=parameters, content=photo, headers=AS_JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pictures(answer: dict[str, Any]) -> list[RgbImage]:
    return [people.pixels_of(base64.b64decode(one["image"])) for one in answer["results"]]


@pytest.fixture(scope="module")
def original(portrait_png: bytes) -> RgbImage:
    return people.pixels_of(portrait_png)


@pytest.mark.parametrize("attribute", list(Attribute))
def test_strength_zero_changes_no_pixel(
    client: httpx.Client, portrait_png: bytes, original: RgbImage, attribute: str
) -> None:
    assert np.array_equal(edited(client, portrait_png, attribute=attribute, strength=0), original)


@pytest.mark.parametrize("kind", ["RGBA", "L"])
def test_strength_zero_changes_no_pixel_of_other_kinds(client: httpx.Client, original: RgbImage, kind: str) -> None:
    grey = original.mean(axis=2).astype(np.uint8)
    pixels = grey if kind == "L" else np.dstack([original, grey])
    answer = client.post(
        URL, params={"attribute": "young", "strength": 0}, content=people.as_file(pixels, "PNG"), headers=PNG
    )
    assert np.array_equal(np.asarray(people.opened(answer.content)), pixels)


@pytest.mark.parametrize("attribute", list(Attribute))
@pytest.mark.parametrize("turn", [0, 25])
def test_pixels_outside_the_region_are_untouched(
    client: httpx.Client, original: RgbImage, attribute: Attribute, turn: float
) -> None:
    tilted = cv2.warpAffine(original, cv2.getRotationMatrix2D((256, 256), turn, 0.8), (512, 512))
    photo = people.as_file(np.asarray(tilted, np.uint8), "PNG")
    answer = told(client, photo, attribute=attribute, strength=2)
    region = region_in_photo(answer["faces"][0]["landmarks"], attribute, tilted.shape[:2])
    changed = (pictures(answer)[0] != tilted).any(axis=2)
    assert changed.any()
    assert not (changed & (region == 0)).any()


@pytest.mark.parametrize("turn", [0, 25])
def test_the_other_engine_keeps_to_the_region_too_and_says_its_name(
    client: httpx.Client, original: RgbImage, turn: float
) -> None:
    tilted = cv2.warpAffine(original, cv2.getRotationMatrix2D((256, 256), turn, 0.8), (512, 512))
    photo = people.as_file(np.asarray(tilted, np.uint8), "PNG")
    answer = told(client, photo, attribute="smiling", strengths="-2,0,2", engine="editnet")
    assert answer["model"]["name"] == "smile_editor"
    less, same, more = pictures(answer)
    assert np.array_equal(same, tilted)
    region = region_in_photo(answer["faces"][0]["landmarks"], Attribute.SMILING, tilted.shape[:2])
    for picture in (less, more):
        changed = (picture != tilted).any(axis=2)
        assert changed.any()
        assert not (changed & (region == 0)).any()


def test_an_engine_that_does_not_know_an_attribute_says_so(client: httpx.Client, portrait_png: bytes) -> None:
    for asked in ({"attribute": "makeup"}, {"edits": "smiling:1,makeup:1"}):
        answer = client.post(URL, params=asked | {"engine": "editnet"}, content=portrait_png, headers=PNG)
        assert "makeup" in problem(answer, "invalid-parameter", 422)["detail"]


def region_in_photo(landmarks: list[tuple[float, float]], attribute: Attribute, size: tuple[int, ...]) -> np.ndarray:
    """Return where an attribute's region is above zero, grown by two pixels for rounded landmarks."""
    points = np.array(landmarks, np.float32)
    transform = crop_transform(points)
    region = REGIONS[REGION_OF[attribute]](apply(transform, points))
    warped = cv2.warpAffine(region, invert(transform), size[::-1], flags=cv2.INTER_LINEAR)
    return cv2.dilate((warped > 0.02).astype(np.uint8), np.ones((5, 5), np.uint8))


def test_only_the_chosen_face_of_a_group_changes(client: httpx.Client) -> None:
    group = people.group()
    photo = people.as_file(group, "PNG", compress_level=1)
    one = edited(client, photo, attribute="smiling", face=0, strength=2)
    rows, columns = np.nonzero((one != group).any(axis=2))
    assert len(rows)
    assert rows.max() - rows.min() < 480
    assert columns.max() - columns.min() < 480
    everybody = edited(client, photo, attribute="smiling", face="all", strength=2)
    for row in (0, 500):
        for column in (0, 500, 1000):
            part = np.s_[row : row + 500, column : column + 500]
            assert not np.array_equal(everybody[part], group[part]), (row, column)


def test_the_largest_face_is_the_default(client: httpx.Client) -> None:
    group = people.group()
    photo = people.as_file(group, "PNG", compress_level=1)
    default = edited(client, photo, attribute="smiling", strength=2)
    assert np.array_equal(default, edited(client, photo, attribute="smiling", strength=2, face="largest"))
    rows, columns = np.nonzero((default != group).any(axis=2))
    boxes = [face["box"] for face in told(client, photo, attribute="smiling", face="all")["faces"]]
    left, top, right, bottom = max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    assert left < columns.mean() < right
    assert top < rows.mean() < bottom


def test_output_face_is_a_square(client: httpx.Client, portrait_png: bytes) -> None:
    square = edited(client, portrait_png, attribute="smiling", output="face")
    height, width = square.shape[:2]
    assert height == width
    assert 256 <= width <= 1024


def test_output_face_of_all_faces_is_a_row_of_squares(client: httpx.Client, group_jpeg: bytes) -> None:
    answer = client.post(
        URL, params={"attribute": "young", "output": "face", "face": "all"}, content=group_jpeg, headers=PNG
    )
    width, height = people.opened(answer.content).size
    assert width == 6 * height


def test_landmarks_and_label_are_drawn(client: httpx.Client, portrait_png: bytes, original: RgbImage) -> None:
    plain = {"attribute": "smiling", "strength": 0}
    drawn = edited(client, portrait_png, **plain, landmarks="true")
    green = (drawn == (0, 255, 0)).all(axis=2)
    assert green.sum() > 68
    labelled = edited(client, portrait_png, **plain, label="true")
    rows, _ = np.nonzero((labelled != original).any(axis=2))
    assert len(rows)
    assert rows.min() > 512 * 0.9


@pytest.mark.parametrize("strengths", ["-1,0,0.5", [-1, 0, 0.5]])
def test_a_list_of_strengths(client: httpx.Client, portrait_png: bytes, original: RgbImage, strengths: Any) -> None:
    image = base64.b64encode(portrait_png).decode()
    sent = {"image": image, "attribute": "smiling", "strengths": strengths}
    answer = client.post(URL, json=sent).json()
    assert [one["strength"] for one in answer["results"]] == [-1, 0, 0.5]
    less, same, more = pictures(answer)
    assert np.array_equal(same, original)
    assert not np.array_equal(less, more)


def test_a_range_of_strengths_leaves_its_end_out(client: httpx.Client, portrait_png: bytes) -> None:
    answer = told(client, portrait_png, attribute="smiling", strengths="0:1:0.25")
    assert [one["strength"] for one in answer["results"]] == [0, 0.25, 0.5, 0.75]


def test_each_strength_of_a_list_is_as_if_asked_for_alone(client: httpx.Client, portrait_png: bytes) -> None:
    listed = pictures(told(client, portrait_png, attribute="young", strengths="0.5,2"))
    for strength, picture in zip((0.5, 2), listed, strict=True):
        alone = edited(client, portrait_png, attribute="young", strength=strength)
        assert np.abs(picture.astype(int) - alone).max() <= 1


def test_variants_differ_and_follow_the_seed(client: httpx.Client, portrait_png: bytes) -> None:
    asked = {"attribute": "young", "strength": 2, "variants": 3}
    first, again, other = (pictures(told(client, portrait_png, **asked, seed=seed)) for seed in (5, 5, 6))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert np.array_equal(first[0], other[0]), "the first variant is the mean of all, whatever the seed"
    assert not np.array_equal(first[1], other[1])
    for i in range(3):
        for j in range(i):
            assert not np.array_equal(first[i], first[j])


def test_variants_are_told_apart(client: httpx.Client, portrait_png: bytes) -> None:
    answer = told(client, portrait_png, attribute="young", strengths="-1,1", variants=2)
    told_apart = [(one["strength"], one["variant"]) for one in answer["results"]]
    assert told_apart == [(-1, 0), (-1, 1), (1, 0), (1, 1)]


def test_several_edits_at_once(client: httpx.Client, portrait_png: bytes) -> None:
    text = edited(client, portrait_png, edits="smiling:1,young:-0.5")
    image = base64.b64encode(portrait_png).decode()
    typed = client.post(
        URL, json={"image": image, "edits": {"young": -0.5, "smiling": 1}}, headers={"Accept": "image/png"}
    )
    assert np.abs(people.pixels_of(typed.content).astype(int) - text).max() <= 1
    assert not np.array_equal(text, edited(client, portrait_png, attribute="smiling"))


def test_masculine_is_male(client: httpx.Client, portrait_png: bytes) -> None:
    male = edited(client, portrait_png, attribute="male")
    assert np.array_equal(edited(client, portrait_png, attribute="masculine"), male)
    assert np.array_equal(edited(client, portrait_png, edits="masculine:1"), male)


def test_kinds_of_vectors_differ(client: httpx.Client, portrait_png: bytes) -> None:
    asked = {"attribute": "male", "strength": 2, "engine": "vae"}
    orthogonal = edited(client, portrait_png, **asked, vectors="orthogonal")
    assert not np.array_equal(orthogonal, edited(client, portrait_png, **asked, vectors="plain"))


def test_several_pictures_are_json_or_a_strip(client: httpx.Client, portrait_png: bytes, original: RgbImage) -> None:
    asked = {"attribute": "smiling", "strengths": "0,1,2"}
    refused = client.post(URL, params=asked, content=portrait_png, headers=PNG | {"Accept": "image/*"})
    assert problem(refused, "not-acceptable", 406)["offers"] == ["application/json"]
    anything = client.post(URL, params=asked, content=portrait_png, headers=PNG)
    assert anything.headers["content-type"] == "application/json"
    strip = client.post(
        URL, params=asked | {"layout": "strip"}, content=portrait_png, headers=PNG | {"Accept": "image/*"}
    )
    assert strip.headers["content-type"] == "image/png"
    row = people.pixels_of(strip.content)
    assert row.shape == (512, 3 * 512, 3)
    assert np.array_equal(row[:, :512], original)
    parts = pictures(anything.json())
    assert np.array_equal(row, np.hstack(parts))


def test_a_strip_too_long_for_its_format_is_refused(client: httpx.Client) -> None:
    photo = people.as_file(people.person("anna"), "JPEG")
    headers = {"Content-Type": "image/jpeg", "Accept": "image/webp"}
    asked = {"attribute": "smiling", "strengths": "-1:1:0.125", "layout": "strip"}
    problem(client.post(URL, params=asked, content=photo, headers=headers), "not-acceptable", 406)


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("image/jpeg", "image/jpeg"),
        ("image/webp", "image/webp"),
        ("application/json", "application/json"),
        ("image/jpeg;q=0.5, image/webp;q=0.8", "image/webp"),
        ("image/*, image/png;q=0.1", "image/jpeg"),
        ("text/html, application/json;q=0.9, */*;q=0.1", "application/json"),
        ("IMAGE/JPEG", "image/jpeg"),
    ],
)
def test_the_answers_type_is_negotiated(client: httpx.Client, portrait_png: bytes, accept: str, given: str) -> None:
    headers = PNG | {"Accept": accept}
    answer = client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == given
    if given.startswith("image/"):
        assert f"image/{str(people.opened(answer.content).format).lower()}" == given


@pytest.mark.parametrize("accept", ["text/html", "image/gif", "image/png;q=0", "nonsense", ";;;", "image/png;q=x"])
def test_a_type_that_cannot_be_given(client: httpx.Client, portrait_png: bytes, accept: str) -> None:
    headers = PNG | {"Accept": accept}
    problem(
        client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=headers), "not-acceptable", 406
    )


def test_accept_may_come_in_several_lines(client: httpx.Client, portrait_png: bytes) -> None:
    headers = [("Content-Type", "image/png"), ("Accept", "text/html"), ("Accept", "image/webp")]
    answer = client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=headers)
    assert answer.headers["content-type"] == "image/webp", answer.text


def test_the_answer_is_marked_as_edited(client: httpx.Client, portrait_png: bytes) -> None:
    answer = client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=PNG)
    assert b"compositeWithTrainedAlgorithmicMedia" in answer.content


def test_facts_in_headers(client: httpx.Client, portrait_png: bytes) -> None:
    answer = client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=PNG)
    stages = [part.strip().partition(";dur=") for part in answer.headers["server-timing"].split(",")]
    assert {"decode", "find", "queue", "network", "draw", "composite", "encode"} <= {name for name, _, _ in stages}
    assert all(float(duration) >= 0 for _, _, duration in stages)
    model = client.get("/models").json()["models"]
    assert answer.headers["x-mien-model"] in {f"{one['name']}@{one['version']}" for one in model}
    (face,) = json.loads(answer.headers["x-mien-faces"])
    left, top, right, bottom = face["box"]
    assert 0 < right - left < 512
    assert 0 < bottom - top < 512
    assert set(face["pose"]) == {"yaw", "pitch", "roll"}
    assert face["score"] > 0


def test_facts_in_json(client: httpx.Client, portrait_png: bytes) -> None:
    answer = told(client, portrait_png, attribute="smiling")
    facts = {"request_id", "model", "faces", "timings", "notice", "help_line", "invented", "media_type"}
    facts |= {"not_for_identification"}
    assert facts | {"results"} == answer.keys()
    assert answer["media_type"] == "image/png"
    (face,) = answer["faces"]
    landmarks = np.array(face["landmarks"])
    assert landmarks.shape == (68, 2)
    assert (landmarks > 0).all()
    assert (landmarks < 512).all()
    (result,) = answer["results"]
    assert result["media_type"] == "image/png"
    assert people.opened(base64.b64decode(result["image"])).size == (512, 512)


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64])
def test_a_request_id_is_echoed(client: httpx.Client, portrait_png: bytes, given: str) -> None:
    headers = PNG | {"X-Request-Id": given}
    good = client.post(URL, params={"attribute": "smiling"}, content=portrait_png, headers=headers)
    bad = client.post(URL, params={"attribute": "none"}, content=portrait_png, headers=headers)
    assert good.headers["x-request-id"] == bad.headers["x-request-id"] == bad.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a\tb", "id;drop"])
def test_a_request_id_that_is_not_sane_is_replaced(client: httpx.Client, given: str) -> None:
    answer = client.get("/nothing", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] not in ("", given)
    assert answer.headers["x-request-id"] != client.get("/nothing").headers["x-request-id"]
