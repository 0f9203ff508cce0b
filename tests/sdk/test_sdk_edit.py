"""edit_attribute: what goes over the wire, and what comes back."""

import base64
import importlib
import io
import sys
from pathlib import Path
from typing import Any

import pytest
from sdk_service import (
    BOX,
    EDITED,
    JPEG,
    Made,
    Reply,
    Service,
    json_answer,
    json_reply,
    picture_reply,
    reply,
    settled,
)

import mien

pytestmark = pytest.mark.anyio

DEFAULTS = {"face": "largest", "output": "photo", "landmarks": "false"}


async def edit(make: Made, reply: Reply, **parameters: Any) -> Any:
    return await settled(make(Service(reply)).edit_attribute(JPEG, **parameters))


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"attribute": "smiling"}, {"attribute": "smiling"}),
        ({"attribute": "smiling", "strength": 1}, {"attribute": "smiling", "strength": "1"}),
        ({"strength": -0.5}, {"strength": "-0.5"}),
        ({"strength": 0.0}, {"strength": "0"}),
        ({"strengths": [-1, 0.0, 1.25]}, {"strengths": "-1,0,1.25"}),
        ({"strengths": "-1:1.5:0.5"}, {"strengths": "-1:1.5:0.5"}),
        ({"edits": {"smiling": 1, "young": -0.5}}, {"edits": "smiling:1,young:-0.5"}),
        ({"edits": "smiling:1"}, {"edits": "smiling:1"}),
        ({"variants": 3, "seed": 0}, {"variants": "3", "seed": "0"}),
        ({"engine": "latent"}, {"engine": "latent"}),
        (
            {"face": 0, "output": "face", "landmarks": True},
            {"face": "0", "output": "face", "landmarks": "true"},
        ),
        ({"face": "all"}, {"face": "all"}),
    ],
)
async def test_parameters_become_fields(make: Made, parameters: dict[str, Any], fields: dict[str, str]) -> None:
    service = Service(json_reply({}))
    await settled(make(service).edit_attribute(JPEG, **parameters))
    assert service.last.fields == DEFAULTS | fields
    assert service.last.picture == ("image", JPEG, "image/jpeg")
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/edit-attribute")


@pytest.mark.parametrize(
    ("parameters", "accept"),
    [
        ({}, "image/*"),
        ({"accept": "image/png"}, "image/png"),
        ({"accept": "application/json"}, "application/json"),
        ({"strengths": [1]}, "application/json"),
        ({"variants": 1}, "application/json"),
    ],
)
async def test_one_picture_is_asked_for_as_a_picture_several_as_json(
    make: Made, parameters: dict[str, Any], accept: str
) -> None:
    service = Service(json_reply({}))
    await settled(make(service).edit_attribute(JPEG, **parameters))
    assert service.last.request.headers["accept"] == accept


async def test_a_picture_tells_all_its_headers_tell(make: Made) -> None:
    result = await edit(make, picture_reply())
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.media_type) == (EDITED, "image/jpeg")
    assert result.timings == {"decode": 1.2, "find": 30.0}
    assert (result.request_id, result.notice, str(result.model)) == ("r-1", "edited by AI", "edit@2026.1")
    (face,) = result.faces
    assert (face.index, face.box, face.score, face.landmarks) == (0, tuple(BOX), 0.99, ())
    assert (face.box.bottom, face.pose.yaw) == (140.5, 1.0)
    assert (result.strength, result.variant) == (None, None)


@pytest.mark.parametrize("faces", ['[{"box": [1, 2', "{}", "[1]", '[{"score": 1}]', ""])
async def test_a_damaged_header_costs_its_fact_only(make: Made, faces: str) -> None:
    result = await edit(make, picture_reply(x_mien_faces=faces, server_timing=";;,", x_mien_model="edit"))
    assert (result.bytes, result.faces, result.timings, result.model) == (EDITED, (), {}, None)


async def test_a_bare_picture_is_enough(make: Made) -> None:
    result = await edit(make, reply(content=EDITED, headers={"content-type": "Image/WebP; q=1"}))
    assert (result.media_type, result.request_id, result.notice) == ("image/webp", None, None)


async def test_json_brings_landmarks(make: Made) -> None:
    result = await edit(make, json_reply({"strength": 1.0}, notice="mind"), accept="application/json")
    assert isinstance(result, mien.EditResult)
    assert result.faces[0].landmarks == ((1, 2), (3.5, 4))
    assert (result.bytes, result.strength, result.request_id, result.notice) == (EDITED, 1.0, "r-2", "mind")
    assert (result.timings["network"], str(result.model)) == (20, "edit@2026.1")


async def test_several_pictures_come_as_a_sequence(make: Made) -> None:
    other = base64.b64encode(b"other").decode()
    answer = json_reply({"strength": -1.0}, {"strength": 1.0, "variant": 2, "media_type": "image/png", "image": other})
    results = await edit(make, answer, strengths=[-1, 1])
    assert isinstance(results, mien.EditResults)
    assert [(r.strength, r.variant, r.bytes, r.media_type) for r in results] == [
        (-1.0, None, EDITED, "image/jpeg"),
        (1.0, 2, b"other", "image/png"),
    ]
    assert (len(results), results[-1].variant, len(results[:1])) == (2, 2, 1)
    assert results.request_id == results[0].request_id == "r-2"
    assert results.faces == results[0].faces


@pytest.mark.parametrize("several", [{"strengths": [1]}, {"variants": 1}])
async def test_asked_for_several_one_is_a_sequence_too(make: Made, several: dict[str, Any]) -> None:
    results = await edit(make, json_reply({}), **several)
    assert isinstance(results, mien.EditResults)
    assert len(results) == 1


async def test_a_picture_without_a_type_has_that_of_the_answer(make: Made) -> None:
    result = await edit(make, json_reply({"media_type": None}, media_type="image/webp"))
    assert result.media_type == "image/webp"


async def test_the_request_id_is_in_the_headers_if_not_in_the_answer(make: Made) -> None:
    answer = json_answer({}, request_id=None)
    result = await edit(make, reply(json=answer, headers={"x-request-id": "r-9"}))
    assert result.request_id == "r-9"


@pytest.mark.parametrize(
    "answer",
    [
        reply(html="<p>welcome</p>"),
        reply(content=b"", headers={"content-type": "image/jpeg"}),
        reply(content=b"{", headers={"content-type": "application/json"}),
        reply(json=[]),
        json_reply(),
        json_reply({"image": "not base64"}),
        json_reply({"image": None}),
        reply(204),
    ],
)
async def test_what_is_no_answer_is_said_to_be_none(make: Made, answer: Reply) -> None:
    with pytest.raises(mien.UnexpectedAnswer, match="no answer of the service") as caught:
        await edit(make, answer)
    assert caught.value.response.status in (200, 204)


async def test_the_raw_response_is_there(make: Made) -> None:
    result = await edit(make, picture_reply(x_new="news"))
    assert (result.response.status, result.response.body) == (200, EDITED)
    assert result.response.headers["X-New"] == "news"


async def test_saving_writes_the_picture_as_it_came(make: Made, tmp_path: Path) -> None:
    result = await edit(make, picture_reply())
    assert result.save(str(tmp_path / "out.jpg")) == tmp_path / "out.jpg"
    assert (tmp_path / "out.jpg").read_bytes() == EDITED


async def test_saving_where_one_cannot_write_fails(make: Made, tmp_path: Path) -> None:
    result = await edit(make, picture_reply())
    with pytest.raises(FileNotFoundError):
        result.save(tmp_path / "nowhere" / "out.jpg")


async def test_pillow_decodes_it(make: Made) -> None:
    pillow = importlib.import_module("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (3, 2)).save(file, "PNG")
    result = await edit(make, picture_reply(file.getvalue(), "image/png"))
    assert result.image().size == (3, 2)


async def test_without_pillow_it_says_what_to_install(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    result = await edit(make, picture_reply())
    with pytest.raises(ImportError, match=r"pip install 'mien\[pillow\]'"):
        result.image()


async def test_a_result_shows_no_picture(make: Made) -> None:
    for answer, several in ((picture_reply(), {}), (json_reply({}), {"variants": 1})):
        shown = repr(await edit(make, answer, **several))
        assert "an edited picture" not in shown
        assert base64.b64encode(EDITED).decode() not in shown
