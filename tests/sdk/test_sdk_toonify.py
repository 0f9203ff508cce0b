"""toonify: what is asked for over the wire, and what a sticker tells."""

from typing import Any

import pytest
from sdk_service import BOX, EDITED, JPEG, PNG, POSE, Made, Service, json_reply, picture_reply, problem_reply, settled

import mien

pytestmark = pytest.mark.anyio

DEFAULTS = {
    "style": "cartoon",
    "strength": "1",
    "background": "false",
    "sticker": "false",
    "face": "largest",
    "output": "photo",
    "landmarks": "false",
}
EXPRESSION = {"label": "happy", "probability": 0.75, "probabilities": {"happy": 0.75, "neutral": 0.25}}
FACE = {"index": 0, "box": BOX, "score": 0.99, "pose": POSE, "landmarks": [[1, 2]], "expression": EXPRESSION}


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"style": "sketch", "strength": 0.25}, {"style": "sketch", "strength": "0.25"}),
        ({"background": True, "face": "all"}, {"background": "true", "face": "all"}),
        ({"sticker": True, "outline": 0}, {"sticker": "true", "outline": "0"}),
        ({"output": "face", "landmarks": True}, {"output": "face", "landmarks": "true"}),
    ],
)
async def test_parameters_become_fields(make: Made, parameters: dict[str, Any], fields: dict[str, str]) -> None:
    service = Service(picture_reply())
    await settled(make(service).toonify(JPEG, **parameters))
    assert (service.last.fields, service.last.files) == (DEFAULTS | fields, {"image": ("image", JPEG, "image/jpeg")})
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/toonify")


@pytest.mark.parametrize("accept", ["image/webp", "application/json"])
async def test_a_picture_is_asked_for_unless_told_otherwise(make: Made, accept: str) -> None:
    service = Service(json_reply({}))
    client = make(service)
    await settled(client.toonify(JPEG))
    await settled(client.toonify(JPEG, accept=accept))
    assert [sent.request.headers["accept"] for sent in service.sent] == ["image/*", accept]


async def test_a_sticker_tells_in_json_what_its_face_shows(make: Made) -> None:
    answer = json_reply({"media_type": "image/png"}, faces=[FACE], media_type="image/png", notice="what a face shows")
    result = await settled(make(Service(answer)).toonify(JPEG, sticker=True, accept="application/json"))
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.media_type, result.notice) == (EDITED, "image/png", "what a face shows")
    assert result.expression == mien.Expression(**EXPRESSION)


async def test_the_header_of_a_sticker_tells_the_likeliest_expression(make: Made) -> None:
    faces = '[{"box": [0, 0, 9, 9], "score": 0.9, "pose": null, "expression": {"label": "fear", "probability": 0.4}}]'
    reply = picture_reply(PNG, "image/png", x_mien_faces=faces)
    result = await settled(make(Service(reply)).toonify(JPEG, sticker=True))
    assert (result.bytes, result.media_type) == (PNG, "image/png")
    assert result.expression == mien.Expression(label="fear", probability=0.4)


@pytest.mark.parametrize("reply", [picture_reply(), picture_reply(x_mien_faces="[")])
async def test_other_pictures_tell_no_expression(make: Made, reply: Any) -> None:
    result = await settled(make(Service(reply)).toonify(JPEG))
    assert result.expression is None


async def test_what_does_not_go_with_a_sticker_is_for_the_service_to_refuse(make: Made) -> None:
    service = Service(problem_reply(422, "invalid-parameter", field="background"))
    with pytest.raises(mien.InvalidParameter) as caught:
        await settled(make(service).toonify(JPEG, sticker=True, background=True))
    assert (caught.value.field, service.last.fields["background"]) == ("background", "true")
