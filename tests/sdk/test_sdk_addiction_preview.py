"""addiction_preview: substance, severities and gains over the wire, and what is to be told with the pictures."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sdk_service import EDITED, JPEG, Made, Service, json_reply, picture_reply, problem_reply, settled

import mien

pytestmark = pytest.mark.anyio

GAINS = ("blotches", "wrinkles", "tone", "hollowing", "eyes_teeth")
COMMON = {"face": "largest", "output": "photo", "landmarks": "false"}
DEFAULTS = {"substance": "smoking"} | COMMON | dict.fromkeys(GAINS, "1")
IMAGE = ("image", JPEG, "image/jpeg")
TOLD = {"notice": "an illustration", "help_line": "Ask a doctor."}


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"substance": "alcohol", "severity": 1}, {"substance": "alcohol", "severity": "1"}),
        ({"substance": "drugs", "severity": 0.0}, {"substance": "drugs", "severity": "0"}),
        ({"severities": [0, 0.5, 1]}, {"severities": "0,0.5,1"}),
        ({"severities": "0:1.1:0.25"}, {"severities": "0:1.1:0.25"}),
        ({"blotches": 0, "wrinkles": 2, "tone": 0.5}, {"blotches": "0", "wrinkles": "2", "tone": "0.5"}),
        ({"hollowing": 1.25, "eyes_teeth": 0.0}, {"hollowing": "1.25", "eyes_teeth": "0"}),
        ({"seed": 0}, {"seed": "0"}),
        ({"face": 1, "output": "face", "landmarks": True}, {"face": "1", "output": "face", "landmarks": "true"}),
        ({"face": "all"}, {"face": "all"}),
    ],
)
async def test_parameters_become_fields(make: Made, parameters: dict[str, Any], fields: dict[str, str]) -> None:
    service = Service(json_reply({}))
    await settled(make(service).addiction_preview(JPEG, **{"substance": "smoking"} | parameters))
    assert (service.last.fields, service.last.files) == (DEFAULTS | fields, {"image": IMAGE})
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/addiction-preview")


async def test_nothing_is_shown_without_a_substance(make: Made) -> None:
    service = Service(picture_reply())
    with pytest.raises(TypeError, match="substance"):
        await settled(make(service).addiction_preview(JPEG))
    assert service.sent == []


@pytest.mark.parametrize("form", [bytes, io.BytesIO])
async def test_a_retry_sends_photo_and_fields_again(make: Made, form: Callable[[bytes], Any]) -> None:
    service = Service(problem_reply(503, "not-ready"), problem_reply(429, "overloaded"), picture_reply())
    await settled(make(service).addiction_preview(form(JPEG), substance="smoking", seed=7))
    assert [sent.files for sent in service.sent] == [{"image": IMAGE}] * 3
    assert [sent.fields for sent in service.sent] == [DEFAULTS | {"seed": "7"}] * 3


@pytest.mark.parametrize(
    ("parameters", "accept"),
    [
        ({}, "image/*"),
        ({"severity": 0.5}, "image/*"),
        ({"accept": "image/png"}, "image/png"),
        ({"accept": "application/json"}, "application/json"),
        ({"severities": [1]}, "application/json"),
    ],
)
async def test_one_picture_is_asked_for_as_a_picture_several_as_json(
    make: Made, parameters: dict[str, Any], accept: str
) -> None:
    service = Service(json_reply({}))
    await settled(make(service).addiction_preview(JPEG, substance="drugs", **parameters))
    assert service.last.request.headers["accept"] == accept


async def test_severities_come_as_a_sequence_with_what_is_to_be_told(make: Made) -> None:
    answer = json_reply({"strength": 0.0}, {"strength": 1.0}, **TOLD)
    results = await settled(make(Service(answer)).addiction_preview(JPEG, substance="alcohol", severities=[0, 1]))
    assert isinstance(results, mien.EditResults)
    assert [(r.strength, r.bytes) for r in results] == [(0.0, EDITED), (1.0, EDITED)]
    assert [(r.notice, r.help_line) for r in (results, *results)] == [("an illustration", "Ask a doctor.")] * 3


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Ask a doctor, in confidence.", "Ask a doctor, in confidence."),
        ("Fragen Sie eine %C3%84rztin.", "Fragen Sie eine Ärztin."),
        ("100%25 free, caf%C3%A9s+bars", "100% free, cafés+bars"),
    ],
)
async def test_a_picture_says_so_in_its_headers(make: Made, header: str, text: str) -> None:
    reply = picture_reply(x_mien_notice="an illustration", x_mien_help_line=header)
    result = await settled(make(Service(reply)).addiction_preview(JPEG, substance="smoking"))
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.notice, result.help_line) == (EDITED, "an illustration", text)


@pytest.mark.parametrize("answer", [json_reply({}), json_reply({}, help_line=None), picture_reply()])
async def test_where_nothing_is_told_there_is_none(make: Made, answer: Any) -> None:
    result = await settled(make(Service(answer)).addiction_preview(JPEG, substance="smoking"))
    assert result.help_line is None


@pytest.mark.parametrize("field", ["severity", *GAINS])
async def test_what_is_out_of_range_is_for_the_service_to_refuse(make: Made, field: str) -> None:
    service = Service(problem_reply(422, "invalid-parameter", field=field))
    with pytest.raises(mien.InvalidParameter) as caught:
        await settled(make(service).addiction_preview(JPEG, substance="smoking", **{field: 2.5}))
    assert (caught.value.field, service.last.fields[field]) == (field, "2.5")
    assert len(service.sent) == 1
