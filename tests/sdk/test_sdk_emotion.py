"""emotion: what is asked for over the wire, and what comes of the answer."""

from typing import Any

import pytest
from sdk_service import BOX, EDITED, JPEG, POSE, Made, Service, json_reply, picture_reply, problem_reply, settled

import mien

pytestmark = pytest.mark.anyio

DEFAULTS = {"captions": "false", "face": "largest", "output": "photo", "landmarks": "false"}
EXPRESSION = {"label": "happy", "probability": 0.75, "probabilities": {"happy": 0.75, "neutral": 0.25}}
FACE = {"index": 0, "box": BOX, "score": 0.99, "pose": POSE, "landmarks": [[1, 2]], "expression": EXPRESSION}
READ = {"faces": [FACE], "media_type": None, "notice": "what a face shows"}


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"captions": True}, {"captions": "true"}),
        ({"face": "all", "landmarks": True, "output": "face"}, {"face": "all", "landmarks": "true", "output": "face"}),
        ({"face": 2}, {"face": "2"}),
    ],
)
async def test_parameters_become_fields(make: Made, parameters: dict[str, Any], fields: dict[str, str]) -> None:
    service = Service(json_reply(**READ))
    await settled(make(service).emotion(JPEG, **parameters))
    assert (service.last.fields, service.last.files) == (DEFAULTS | fields, {"image": ("image", JPEG, "image/jpeg")})
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/emotion")
    assert service.last.request.headers["accept"] == "application/json"


async def test_what_a_face_shows_is_typed(make: Made) -> None:
    result = await settled(make(Service(json_reply(**READ))).emotion(JPEG))
    assert isinstance(result, mien.EmotionResult)
    assert result.expression == mien.Expression(**EXPRESSION)
    assert result.faces[0].expression == result.expression
    assert (result.picture, result.notice) == (None, "what a face shows")
    assert result.model == mien.ModelVersion(name="edit", version="2026.1")


async def test_every_face_has_an_expression_of_its_own(make: Made) -> None:
    sad = FACE | {"index": 1, "expression": {"label": "sad", "probability": 0.5, "probabilities": {"sad": 0.5}}}
    result = await settled(make(Service(json_reply(**READ | {"faces": [FACE, sad]}))).emotion(JPEG, face="all"))
    assert [face.expression.label for face in result.faces] == ["happy", "sad"]
    assert result.expression.label == "happy"


async def test_captions_bring_the_photo(make: Made) -> None:
    service = Service(json_reply({}, **READ | {"media_type": "image/jpeg"}))
    result = await settled(make(service).emotion(JPEG, captions=True))
    assert (result.picture.bytes, result.picture.media_type) == (EDITED, "image/jpeg")
    assert result.picture.faces == result.faces


async def test_the_header_of_a_picture_tells_the_likeliest_expression(make: Made) -> None:
    faces = '[{"box": [0, 0, 9, 9], "score": 0.9, "pose": null, "expression": {"label": "fear", "probability": 0.4}}]'
    result = await settled(make(Service(picture_reply(x_mien_faces=faces))).frontalize(JPEG))
    assert result.faces[0].expression == mien.Expression(label="fear", probability=0.4)


@pytest.mark.parametrize("faces", [[], [{name: value for name, value in FACE.items() if name != "expression"}]])
async def test_an_answer_that_read_nothing_is_not_the_services(make: Made, faces: list[Any]) -> None:
    with pytest.raises(mien.UnexpectedAnswer):
        await settled(make(Service(json_reply(**READ | {"faces": faces}))).emotion(JPEG))


async def test_a_bare_picture_is_not_what_was_asked_for(make: Made) -> None:
    with pytest.raises(mien.UnexpectedAnswer):
        await settled(make(Service(picture_reply())).emotion(JPEG, captions=True))


async def test_a_photo_of_nobody_is_refused(make: Made) -> None:
    with pytest.raises(mien.NoFaceFound):
        await settled(make(Service(problem_reply(422, "no-face-found"))).emotion(JPEG))
