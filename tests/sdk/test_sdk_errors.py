"""The tree of errors: every problem type, any status, any body."""

import pickle
from typing import Any

import pytest
from sdk_service import JPEG, Made, Reply, Service, problem_reply, reply, settled

import mien
from mien._errors import ERROR_OF_TYPE

pytestmark = pytest.mark.anyio

TYPES = [
    ("invalid-parameter", 422, mien.InvalidParameter, mien.Unprocessable),
    ("unreadable-image", 400, mien.UnreadableImage, mien.BadRequest),
    ("unsupported-media-type", 415, mien.UnsupportedMediaType, mien.StatusError),
    ("image-too-large", 413, mien.ImageTooLarge, mien.TooLarge),
    ("no-face-found", 422, mien.NoFaceFound, mien.Unprocessable),
    ("face-index-out-of-range", 422, mien.FaceIndexOutOfRange, mien.Unprocessable),
    ("no-mask-found", 422, mien.NoMaskFound, mien.Unprocessable),
    ("pose-out-of-range", 422, mien.PoseOutOfRange, mien.Unprocessable),
    ("not-acceptable", 406, mien.NotAcceptable, mien.StatusError),
    ("unauthorized", 401, mien.Unauthorized, mien.StatusError),
    ("rate-limited", 429, mien.RateLimited, mien.TooManyRequests),
    ("overloaded", 429, mien.Overloaded, mien.TooManyRequests),
    ("not-ready", 503, mien.NotReady, mien.ServerError),
    ("deadline-exceeded", 504, mien.DeadlineExceeded, mien.ServerError),
    ("unreadable-video", 400, mien.UnreadableVideo, mien.BadRequest),
    ("video-too-long", 413, mien.VideoTooLong, mien.TooLarge),
    ("job-not-found", 404, mien.JobNotFound, mien.NotFound),
    ("job-expired", 410, mien.JobExpired, mien.Gone),
    ("conflict", 409, mien.Conflict, mien.StatusError),
    ("internal", 500, mien.InternalError, mien.ServerError),
]

STATUSES = [
    (302, mien.StatusError),
    (400, mien.BadRequest),
    (401, mien.Unauthorized),
    (403, mien.Forbidden),
    (404, mien.NotFound),
    (405, mien.StatusError),
    (406, mien.NotAcceptable),
    (409, mien.Conflict),
    (410, mien.Gone),
    (413, mien.TooLarge),
    (415, mien.UnsupportedMediaType),
    (422, mien.Unprocessable),
    (429, mien.TooManyRequests),
    (500, mien.ServerError),
    (502, mien.ServerError),
]


async def refused(make: Made, answer: Reply) -> mien.StatusError:
    with pytest.raises(mien.StatusError) as caught:
        await settled(make(Service(answer)).edit_attribute(JPEG))
    return caught.value


def test_every_type_is_tried() -> None:
    assert {name for name, *_ in TYPES} == set(ERROR_OF_TYPE)


@pytest.mark.parametrize(("name", "status", "kind", "parent"), TYPES)
async def test_every_type_has_its_error(
    make: Made, name: str, status: int, kind: type[mien.StatusError], parent: type[mien.StatusError]
) -> None:
    error = await refused(make, problem_reply(status, name, detail="Because.", limit=7))
    assert type(error) is kind
    assert issubclass(kind, parent)
    assert (error.status, error.problem_type, error.title, error.detail) == (
        status,
        name,
        "Refused",
        "Because.",
    )
    assert (error.request_id, error.body["limit"]) == ("r-3", 7)
    assert str(error) == f"{status} {name}: Because. (request r-3)"


@pytest.mark.parametrize("named", ["of-a-later-version", None])
@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_unknown_types_go_by_status(
    make: Made, status: int, kind: type[mien.StatusError], named: str | None
) -> None:
    error = await refused(make, problem_reply(status, named))
    assert type(error) is kind
    assert error.problem_type == named


@pytest.mark.parametrize(
    ("uri", "short"),
    [
        ("/problems#no-face-found", "no-face-found"),
        ("#no-face-found", "no-face-found"),
        ("https://mien.test/problems/no-face-found", "no-face-found"),
        ("https://mien.test/problems/no-face-found/", "no-face-found"),
        ("no-face-found", "no-face-found"),
        ("about:blank", None),
        ("", None),
        ("/", None),
        (7, None),
    ],
)
async def test_the_type_is_the_fragment_or_the_last_segment(make: Made, uri: Any, short: str | None) -> None:
    error = await refused(make, problem_reply(422, type=uri))
    assert error.problem_type == short
    assert type(error) is (mien.NoFaceFound if short else mien.Unprocessable)


async def test_the_field_at_fault_is_named(make: Made) -> None:
    error = await refused(make, problem_reply(422, "invalid-parameter", field="strength"))
    assert error.field == "strength"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (reply(502, html="<h1>Bad gateway</h1>"), "<h1>Bad gateway</h1>"),
        (reply(502, content=b"{", headers={"content-type": "application/problem+json"}), "{"),
        (reply(502, json=["a list"]), '["a list"]'),
        (reply(502, content=b"\xff"), "\ufffd"),
        (reply(502), ""),
    ],
)
async def test_a_proxys_error_keeps_its_text(make: Made, answer: Reply, body: str) -> None:
    error = await refused(make, answer)
    assert type(error) is mien.ServerError
    assert (error.status, error.body, error.detail, error.problem_type) == (502, body, None, None)
    assert str(error) == "502 ServerError: no detail given"


async def test_the_request_id_is_in_the_headers_if_not_in_the_body(make: Made) -> None:
    error = await refused(make, reply(404, headers={"x-request-id": "r-8"}))
    assert error.request_id == "r-8"
    assert error.response.headers["x-request-id"] == "r-8"


async def test_errors_survive_pickling(make: Made) -> None:
    error = await refused(make, problem_reply(422, "no-face-found", detail="None."))
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(twin) is mien.NoFaceFound
    assert (str(twin), twin.body, twin.status) == (str(error), error.body, 422)


def test_all_errors_are_one_family() -> None:
    errors = [e for e in map(vars(mien).get, mien.__all__) if isinstance(e, type) and issubclass(e, Exception)]
    assert len(errors) == 33
    assert all(issubclass(error, mien.MienError) for error in errors)
