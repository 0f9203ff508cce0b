"""unmask: the photo and its mask over the wire, and what is said to be invented."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_service import EDITED, JPEG, PNG, Made, Service, json_reply, picture_reply, problem_reply, settled

import mien

pytestmark = pytest.mark.anyio

DEFAULTS = {"face": "largest", "output": "photo", "landmarks": "false"}
IMAGE = ("image", JPEG, "image/jpeg")
MASK = ("mask", PNG, "image/png")
INVENTED = b"\x89PNG\r\n\x1a\n what is invented"
TOLD = {"invented": base64.b64encode(INVENTED).decode(), "not_for_identification": True}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "hole.png").write_bytes(PNG)
    return tmp_path / "hole.png"


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {}),
        ({"variants": 8, "seed": 0}, {"variants": "8", "seed": "0"}),
        ({"face": 1, "output": "face", "landmarks": True}, {"face": "1", "output": "face", "landmarks": "true"}),
        ({"face": "all"}, {"face": "all"}),
    ],
)
@pytest.mark.parametrize(("mask", "files"), [({}, {"image": IMAGE}), ({"mask": PNG}, {"image": IMAGE, "mask": MASK})])
async def test_parameters_become_fields_and_the_mask_a_file(
    make: Made, mask: dict[str, Any], files: dict[str, Any], parameters: dict[str, Any], fields: dict[str, str]
) -> None:
    service = Service(json_reply({}))
    await settled(make(service).unmask(JPEG, **mask, **parameters))
    assert (service.last.fields, service.last.files) == (DEFAULTS | fields, files)
    assert (service.last.request.method, service.last.request.url.path) == ("POST", "/unmask")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda path: path, "hole.png"),
        (lambda path: path.read_bytes(), "mask"),
        (lambda path: io.BytesIO(path.read_bytes()), "mask"),
        (lambda path: ("drawn", path.read_bytes(), "image/png"), "drawn"),
    ],
)
async def test_the_mask_may_have_every_form_of_a_picture(
    make: Made, path: Path, form: Callable[[Path], Any], name: str
) -> None:
    service = Service(picture_reply())
    await settled(make(service).unmask(JPEG, mask=form(path)))
    assert service.last.files["mask"] == (name, PNG, "image/png")


@pytest.mark.parametrize(
    ("mask", "error"), [(b"", ValueError), (io.StringIO("text"), TypeError), ("none.png", FileNotFoundError)]
)
async def test_a_mask_that_cannot_be_read_sends_nothing(make: Made, mask: Any, error: type[Exception]) -> None:
    service = Service(picture_reply())
    with pytest.raises(error):
        await settled(make(service).unmask(JPEG, mask=mask))
    assert service.sent == []


@pytest.mark.parametrize("form", [bytes, io.BytesIO])
async def test_a_retry_sends_photo_and_mask_again(make: Made, form: Callable[[bytes], Any]) -> None:
    service = Service(problem_reply(503, "not-ready"), problem_reply(429, "overloaded"), picture_reply())
    await settled(make(service).unmask(form(JPEG), mask=form(PNG), seed=7))
    assert [sent.files for sent in service.sent] == [{"image": IMAGE, "mask": MASK}] * 3
    assert [sent.fields["seed"] for sent in service.sent] == ["7"] * 3


@pytest.mark.parametrize(
    ("parameters", "accept"),
    [
        ({}, "image/*"),
        ({"accept": "image/png"}, "image/png"),
        ({"accept": "application/json"}, "application/json"),
        ({"variants": 1}, "application/json"),
    ],
)
async def test_one_picture_is_asked_for_as_a_picture_several_as_json(
    make: Made, parameters: dict[str, Any], accept: str
) -> None:
    service = Service(json_reply({}))
    await settled(make(service).unmask(JPEG, **parameters))
    assert service.last.request.headers["accept"] == accept


async def test_json_says_what_is_invented(make: Made) -> None:
    result = await settled(make(Service(json_reply({}, **TOLD))).unmask(JPEG, accept="application/json"))
    assert isinstance(result, mien.EditResult)
    assert (result.bytes, result.invented, result.not_for_identification) == (EDITED, INVENTED, True)


async def test_all_variants_have_the_same_part_invented(make: Made) -> None:
    answer = json_reply({"variant": 0}, {"variant": 1}, **TOLD)
    results = await settled(make(Service(answer)).unmask(JPEG, variants=2))
    assert isinstance(results, mien.EditResults)
    assert [(r.variant, r.strength, r.bytes) for r in results] == [(0, None, EDITED), (1, None, EDITED)]
    assert [(r.invented, r.not_for_identification) for r in (results, *results)] == [(INVENTED, True)] * 3


async def test_a_picture_says_so_in_its_headers(make: Made) -> None:
    reply = picture_reply(x_mien_notice="partly invented", x_mien_not_for_identification="true")
    result = await settled(make(Service(reply)).unmask(JPEG))
    assert isinstance(result, mien.EditResult)
    assert (result.notice, result.invented, result.not_for_identification) == ("partly invented", None, True)


@pytest.mark.parametrize("told", [{}, {"invented": None, "not_for_identification": False}])
async def test_a_task_that_invents_nothing_says_so_or_nothing(make: Made, told: dict[str, Any]) -> None:
    result = await settled(make(Service(json_reply({}, **told))).edit_attribute(JPEG, accept="application/json"))
    assert (result.invented, result.not_for_identification) == (None, False)


async def test_what_is_invented_must_be_readable(make: Made) -> None:
    with pytest.raises(mien.UnexpectedAnswer):
        await settled(make(Service(json_reply({}, invented="not base64"))).unmask(JPEG, variants=1))


async def test_a_result_does_not_show_what_is_invented(make: Made) -> None:
    results = await settled(make(Service(json_reply({}, **TOLD))).unmask(JPEG, variants=1))
    assert "what is invented" not in repr(results)


async def test_a_face_without_a_mask_is_refused(make: Made) -> None:
    service = Service(problem_reply(422, "no-mask-found", detail="No mask was found on the face."))
    with pytest.raises(mien.NoMaskFound, match="No mask was found"):
        await settled(make(service).unmask(JPEG))
    assert len(service.sent) == 1
