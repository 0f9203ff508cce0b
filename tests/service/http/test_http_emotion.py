"""/emotion over HTTP: what is read from faces, captions, and what is refused."""

import base64
import json
from typing import Any

import httpx
import numpy as np
import people
import pytest
from served import problem

from mien_service.faces.face import RgbImage

URL = "/emotion"
PNG = {"Content-Type": "image/png"}
SEVEN = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
MARK = b"compositeWithTrainedAlgorithmicMedia"


def as_png(photo: RgbImage) -> bytes:
    return people.as_file(photo, "PNG", compress_level=1)


def told(client: httpx.Client, body: bytes, accept: str = "*/*", **parameters: Any) -> dict[str, Any]:
    answer = client.post(URL, params=parameters, content=body, headers={"Content-Type": "image/*", "Accept": accept})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_a_smiling_astronaut_is_happy(client: httpx.Client) -> None:
    answer = told(client, as_png(people.astronaut()))
    [face] = answer["faces"]
    expression = face["expression"]
    assert expression["label"] == "happy"
    assert set(expression["probabilities"]) == SEVEN
    assert sum(expression["probabilities"].values()) == pytest.approx(1, abs=0.001)
    assert (
        expression["probability"] == expression["probabilities"]["happy"] == max(expression["probabilities"].values())
    )
    assert len(face["landmarks"]) == 68
    assert answer["model"]["name"] == "emotion_net"


def test_without_captions_there_is_no_picture_and_no_other_answer_than_json(
    client: httpx.Client, portrait_png: bytes
) -> None:
    answer = told(client, portrait_png)
    assert (answer["results"], answer["media_type"]) == ([], None)
    refused = client.post(URL, content=portrait_png, headers=PNG | {"Accept": "image/png"})
    problem(refused, "not-acceptable", 406)


def test_a_mirrored_photo_shows_the_same(client: httpx.Client) -> None:
    photo = people.small_person("ben")
    both = [
        told(client, as_png(one))["faces"][0]["expression"] for one in (photo, np.ascontiguousarray(photo[:, ::-1]))
    ]
    for name in SEVEN:
        assert both[0]["probabilities"][name] == pytest.approx(both[1]["probabilities"][name], abs=0.1)


def test_all_faces_are_read_each_by_itself(client: httpx.Client, group_jpeg: bytes) -> None:
    answer = told(client, group_jpeg, face="all")
    assert len(answer["faces"]) == 6
    one = told(client, group_jpeg, face=2)["faces"]
    assert [face["index"] for face in one] == [2]
    assert one[0]["expression"] == answer["faces"][2]["expression"]
    assert len({face["expression"]["probability"] for face in answer["faces"]}) == 6


def test_captions_are_drawn_at_the_face_and_nowhere_else(client: httpx.Client) -> None:
    photo = people.small_person("anna")
    answer = client.post(URL, params={"captions": True}, content=as_png(photo), headers=PNG)
    assert answer.headers["content-type"] == "image/png"
    [face] = json.loads(answer.headers["X-Mien-Faces"])
    assert set(face["expression"]) == {"label", "probability"}
    left, top, right, bottom = (round(edge) for edge in face["box"])
    changed = (people.pixels_of(answer.content) != photo).any(axis=2)
    height = round((right - left) * 0.2)
    assert changed[top - height : top - 2, left:right].mean() > 0.1
    changed[top - height - 2 : bottom + 4, left - 4 :] = False
    assert not changed.any()


def test_captions_in_json_come_with_all_that_was_read(client: httpx.Client, portrait_jpeg: bytes) -> None:
    answer = told(client, portrait_jpeg, "application/json", captions=True)
    [picture] = answer["results"]
    assert (picture["media_type"], answer["media_type"]) == ("image/jpeg", "image/jpeg")
    assert people.pixels_of(base64.b64decode(picture["image"])).shape == (512, 512, 3)
    assert set(answer["faces"][0]["expression"]["probabilities"]) == SEVEN


@pytest.mark.parametrize("parameters", [{"captions": True}, {"landmarks": True}])
def test_a_photo_that_was_drawn_on_is_not_marked_as_edited_by_ai(
    client: httpx.Client, portrait_jpeg: bytes, parameters: dict[str, bool]
) -> None:
    headers = {"Content-Type": "image/jpeg"}
    drawn = client.post(URL, params=parameters, content=portrait_jpeg, headers=headers)
    edited = client.post("/edit-attribute", params={"attribute": "young"}, content=portrait_jpeg, headers=headers)
    assert MARK not in drawn.content
    assert MARK in edited.content


def test_the_face_square_of_a_large_photo_has_its_caption(client: httpx.Client) -> None:
    body = people.as_file(people.twelve_megapixels(), "JPEG", quality=90)
    headers = {"Content-Type": "image/jpeg", "Accept": "image/png"}
    squares = [
        people.pixels_of(
            client.post(URL, params={"output": "face", **drawn}, content=body, headers=headers).content
        ).astype(int)
        for drawn in ({"captions": True}, {"captions": True, "landmarks": True})
    ]
    assert squares[0].shape == squares[1].shape == (1024, 1024, 3)
    # The box is drawn on both, in green; landmarks on one of them only.
    green = [(square[..., 1] > 200) & (square[..., 0] < 60) for square in squares]
    assert 0.002 < green[0].mean() < green[1].mean()


def test_it_says_what_it_reads_and_where_that_is_prohibited(client: httpx.Client, portrait_png: bytes) -> None:
    answer = client.post(URL, content=portrait_png, headers=PNG)
    notice = answer.headers["X-Mien-Notice"]
    assert answer.json()["notice"] == notice
    for words in ("not what a person feels", "at work or in education", "have to be told"):
        assert words in notice
    [task] = [one for one in client.get("/models").json()["tasks"] if one["path"] == URL]
    assert (task["notice"], task["reads"]) == (notice, True)


def test_other_tasks_read_no_expression(client: httpx.Client, portrait_jpeg: bytes) -> None:
    headers = {"Content-Type": "image/jpeg"}
    url, parameters = "/edit-attribute", {"attribute": "young"}
    as_json = client.post(
        url, params=parameters, content=portrait_jpeg, headers=headers | {"Accept": "application/json"}
    )
    assert as_json.json()["faces"][0]["expression"] is None
    assert (
        "expression"
        not in client.post(url, params=parameters, content=portrait_jpeg, headers=headers).headers["X-Mien-Faces"]
    )


@pytest.mark.parametrize("parameters", [{"label": "true"}, {"captions": "perhaps"}, {"strength": "1"}])
def test_parameters_that_it_does_not_take(
    client: httpx.Client, portrait_png: bytes, parameters: dict[str, str]
) -> None:
    [field] = parameters
    answer = client.post(URL, params=parameters, content=portrait_png, headers=PNG)
    problem(answer, "invalid-parameter", 422, field=field)


def test_a_photo_of_nobody_has_no_expression(client: httpx.Client, nobody_png: bytes) -> None:
    problem(client.post(URL, content=nobody_png, headers=PNG), "no-face-found", 422)
