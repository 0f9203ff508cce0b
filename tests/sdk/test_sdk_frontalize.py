"""frontalize: where the head is to look over the wire, and what is said to be invented."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_service import (
    EDITED,
    JPEG,
    POSE,
    Made,
    Service,
    json_answer,
    json_reply,
    picture_reply,
    problem_reply,
    settled,
)

import mien

pytestmark = pytest.mark.anyio

DEFAULTS = {"yaw": "0", "pitch": "0", "force": "false", "face": "largest", "output": "face", "landmarks": "false"}
JSON = "application/json"
IMAGE = ("image", JPEG, "image/jpeg")
INVENTED = b"\x89PNG\r\n\x1a\n what is invented"
NOTICE = "partly invented"
TOLD = {"invented": base64.b64encode(INVENTED).decode(), "not_for_identification": True, "notice": NOTICE}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "side.jpg").write_bytes(JPEG)
    return tmp_path / "side.jpg"


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"yaw": 45, "pitch": -45}, {"yaw": "45", "pitch": "-45"}),
        ({"yaw": -12.5, "pitch": 0.1}, {"yaw": "-12.5", "pitch": "0.1"}),
        ({"force": True}, {"force": "true"}),
        ({"face": 1, "output": "photo", "landmarks": True}, {"face": "1", "output": "photo", "landmarks": "true"}),
        ({"face": "all"}, {"face": "all"}),
    ],
)
async def test_parameters_become_fields(make: Made, parameters: dict[str, Any], fields: dict[str, str]) -> None:
    service = Service(picture_reply())
    await settled(make(service).frontalize(JPEG, **parameters))
    assert (service.last.fields, service.last.files) == (DEFAULTS | fields, {"image": IMAGE})
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/frontalize")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda path: path, "side.jpg"),
        (lambda path: path.read_bytes(), "image"),
        (lambda path: io.BytesIO(path.read_bytes()), "image"),
        (lambda path: ("taken", path.read_bytes(), "image/jpeg"), "taken"),
    ],
)
async def test_the_photo_may_have_every_form_of_a_picture(
    make: Made, path: Path, form: Callable[[Path], Any], name: str
) -> None:
    service = Service(picture_reply())
    await settled(make(service).frontalize(form(path)))
    assert service.last.files == {"image": (name, JPEG, "image/jpeg")}


@pytest.mark.parametrize(
    ("image", "error"), [(b"", ValueError), (io.StringIO("text"), TypeError), ("none.png", FileNotFoundError)]
)
async def test_a_photo_that_cannot_be_read_sends_nothing(make: Made, image: Any, error: type[Exception]) -> None:
    service = Service(picture_reply())
    with pytest.raises(error):
        await settled(make(service).frontalize(image))
    assert service.sent == []


@pytest.mark.parametrize("form", [bytes, io.BytesIO])
async def test_a_retry_sends_photo_and_fields_again(make: Made, form: Callable[[bytes], Any]) -> None:
    service = Service(problem_reply(503, "not-ready"), problem_reply(429, "overloaded"), picture_reply())
    await settled(make(service).frontalize(form(JPEG), yaw=7))
    assert [sent.files for sent in service.sent] == [{"image": IMAGE}] * 3
    assert [sent.fields for sent in service.sent] == [DEFAULTS | {"yaw": "7"}] * 3


@pytest.mark.parametrize("accept", ["image/png", "application/json"])
async def test_a_picture_is_asked_for_unless_told_otherwise(make: Made, accept: str) -> None:
    service = Service(json_reply({}))
    client = make(service)
    await settled(client.frontalize(JPEG))
    await settled(client.frontalize(JPEG, accept=accept))
    assert [sent.request.headers["accept"] for sent in service.sent] == ["image/*", accept]


async def test_json_says_what_is_invented_and_how_heads_were_turned(make: Made) -> None:
    [face] = json_answer()["faces"]
    after = {"yaw": 1.5, "pitch": -0.5, "roll": 0.0}
    faces = [face | {"pose_after": pose} for pose in (after, None)]
    result = await settled(make(Service(json_reply({}, **TOLD, faces=faces))).frontalize(JPEG, accept=JSON))
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.invented) == (EDITED, INVENTED)
    assert (result.not_for_identification, result.notice) == (True, NOTICE)
    assert [face.pose for face in result.faces] == [mien.Pose(**POSE)] * 2
    assert [face.pose_after for face in result.faces] == [mien.Pose(**after), None]


async def test_a_picture_says_so_in_its_headers(make: Made) -> None:
    reply = picture_reply(x_mien_notice=NOTICE, x_mien_not_for_identification="true")
    result = await settled(make(Service(reply)).frontalize(JPEG))
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.invented) == (EDITED, None)
    assert (result.not_for_identification, result.notice) == (True, NOTICE)


async def test_a_head_turned_too_far_is_refused(make: Made) -> None:
    refusal = problem_reply(422, "pose-out-of-range", detail="The head is turned by 80 degrees.", field="force")
    service = Service(refusal)
    with pytest.raises(mien.PoseOutOfRange, match="turned by 80 degrees") as caught:
        await settled(make(service).frontalize(JPEG))
    assert caught.value.field == "force"
    assert len(service.sent) == 1


async def test_an_angle_out_of_range_is_for_the_service_to_refuse(make: Made) -> None:
    service = Service(problem_reply(422, "invalid-parameter", field="yaw"))
    with pytest.raises(mien.InvalidParameter) as caught:
        await settled(make(service).frontalize(JPEG, yaw=46))
    assert (caught.value.field, service.last.fields["yaw"]) == ("yaw", "46")
