"""RFC 9457 problems: every error an answer can carry, and which exception becomes which."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mien_service.engine.batching import BatcherStopped, QueueFull
from mien_service.engine.work import DeadlineExceeded, WorkAbandoned
from mien_service.faces.find import FaceIndexOutOfRange, NoFaceFound
from mien_service.http.request_ids import request_id_of
from mien_service.http.workers import Overloaded, UploadTooSlow
from mien_service.media.errors import ImageTooLarge, ImageTooSmall, MediaError, UnencodableImage, UnsupportedMediaType
from mien_service.tasks.frontalize import PoseOutOfRange
from mien_service.tasks.registry import InvalidParameter
from mien_service.tasks.unmask import NoMaskFound

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemType:
    """A kind of error: the fragment of its type URI, its HTTP status and its title."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The stable type URI; its fragment is the heading in docs/http.md."""
        return f"/problems#{self.name}"


INVALID_PARAMETER = ProblemType("invalid-parameter", 422, "A parameter is missing or wrong")
UNREADABLE_IMAGE = ProblemType("unreadable-image", 400, "The picture is truncated or damaged")
BAD_REQUEST = ProblemType("bad-request", 400, "The request cannot be read")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "The picture's format is not accepted")
IMAGE_TOO_LARGE = ProblemType("image-too-large", 413, "The picture is too large")
NO_FACE_FOUND = ProblemType("no-face-found", 422, "No face was found in the photo")
FACE_INDEX = ProblemType("face-index-out-of-range", 422, "The photo has fewer faces")
NO_MASK_FOUND = ProblemType("no-mask-found", 422, "No mask was found on the face")
POSE_OUT_OF_RANGE = ProblemType("pose-out-of-range", 422, "The head is turned too far")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "The answer cannot be given in an accepted type")
NOT_FOUND = ProblemType("not-found", 404, "There is nothing at this path")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The path does not take this method")
OVERLOADED = ProblemType("overloaded", 429, "The service has all the work it can take")
REQUEST_TIMEOUT = ProblemType("request-timeout", 408, "The request's body came too slowly")
NOT_READY = ProblemType("not-ready", 503, "The service is starting or stopping")
DEADLINE = ProblemType("deadline-exceeded", 504, "The work took longer than it may")
CLIENT_LEFT = ProblemType("client-closed-request", 499, "The client left")
INTERNAL = ProblemType("internal", 500, "Something went wrong in the service")

PROBLEM_TYPES = (
    INVALID_PARAMETER,
    UNREADABLE_IMAGE,
    BAD_REQUEST,
    UNSUPPORTED_MEDIA_TYPE,
    IMAGE_TOO_LARGE,
    NO_FACE_FOUND,
    FACE_INDEX,
    NO_MASK_FOUND,
    POSE_OUT_OF_RANGE,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    REQUEST_TIMEOUT,
    OVERLOADED,
    NOT_READY,
    DEADLINE,
    CLIENT_LEFT,
    INTERNAL,
)


class ProblemError(Exception):
    """Raised in http to answer with a problem."""

    def __init__(self, kind: ProblemType, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.problem = Problem(kind, detail, extra)


@dataclass(frozen=True)
class Problem:
    """One error answer; `extra` are further members such as `field` and `limit`."""

    kind: ProblemType
    detail: str
    extra: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    headers: dict[str, str] = field(default_factory=lambda: dict[str, str]())

    def response(self, request: Request) -> Response:
        """Return the problem+json answer to `request`."""
        request_id = request_id_of(request)
        body = {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "request_id": request_id,
            **self.extra,
        }
        headers = {"X-Request-Id": request_id, **self.headers}
        return JSONResponse(body, self.kind.status, headers, media_type=MEDIA_TYPE)


PLAIN: dict[type[Exception], tuple[ProblemType, str]] = {
    NoFaceFound: (NO_FACE_FOUND, "No face was found in the photo."),
    BatcherStopped: (NOT_READY, "The service is stopping."),
    DeadlineExceeded: (DEADLINE, "The work took longer than it may."),
    WorkAbandoned: (CLIENT_LEFT, "The client left before the answer was ready."),
    UploadTooSlow: (REQUEST_TIMEOUT, "The request's body was not complete in time."),
    ClientDisconnect: (CLIENT_LEFT, "The client left before its request was complete."),
}
"""Exceptions that need no more than a kind of problem and its words."""


def problem_of(error: Exception, retry_after: int) -> Problem:
    """Return the problem that tells a client of `error`; details never carry a library's own words."""
    match error:
        case ProblemError():
            return error.problem
        case MediaError():
            return problem_of_media(error)
        case InvalidParameter():
            return Problem(INVALID_PARAMETER, str(error), {"field": error.field})
        case FaceIndexOutOfRange():
            detail = f"Face {error.index} was asked for; the photo has {error.count}, counted from 0."
            return Problem(FACE_INDEX, detail, {"field": "face", "faces": error.count})
        case NoMaskFound(marked=True):
            return Problem(NO_MASK_FOUND, "Nothing on the face is marked by `mask`.", {"field": "mask"})
        case NoMaskFound():
            return Problem(NO_MASK_FOUND, "The face wears no mask that is seen; send `mask` to mark where it is.")
        case PoseOutOfRange():
            detail = f"The head is turned by {abs(error.yaw):.0f} degrees; with `force` half of it is invented."
            return Problem(POSE_OUT_OF_RANGE, detail, {"field": "force"})
        case QueueFull() | Overloaded():
            headers = {"Retry-After": str(retry_after)}
            return Problem(OVERLOADED, f"Try again in {retry_after} s.", headers=headers)
        case _ if type(error) in PLAIN:
            kind, detail = PLAIN[type(error)]
            return Problem(kind, detail)
        case _:
            return Problem(INTERNAL, "Something went wrong; the request id helps to find it in the log.")


def problem_of_media(error: MediaError) -> Problem:
    """Return the problem of a picture that cannot be used; media's messages are fit for clients."""
    detail = f"{str(error)[:1].upper()}{str(error)[1:]}."
    match error:
        case ImageTooLarge():
            return Problem(IMAGE_TOO_LARGE, detail, {"limit": error.limit})
        case ImageTooSmall():
            return Problem(INVALID_PARAMETER, detail, {"field": "image", "limit": error.limit})
        case UnencodableImage():
            return Problem(NOT_ACCEPTABLE, detail, {"limit": error.limit})
        case UnsupportedMediaType():
            return Problem(UNSUPPORTED_MEDIA_TYPE, detail)
        case _:
            return Problem(UNREADABLE_IMAGE, detail)


def problem_of_http(error: HTTPException) -> Problem:
    """Return the problem for an error of the framework's own."""
    by_status = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: IMAGE_TOO_LARGE, 422: INVALID_PARAMETER}
    kind = by_status.get(error.status_code, BAD_REQUEST if error.status_code < 500 else INTERNAL)
    return Problem(kind, f"{kind.title}.", headers=dict(error.headers or {}))


def install(app: FastAPI, retry_after: int, log: Callable[[Request, Exception], None]) -> None:
    """Answer every error of `app` with a problem; unexpected ones are given to `log` first."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return problem_of_http(error).response(request)
        problem = problem_of(error, retry_after)
        if problem.kind is INTERNAL:
            log(request, error)
        return problem.response(request)

    for kind in (HTTPException, *EXPECTED_ERRORS, Exception):
        app.add_exception_handler(kind, answer)


EXPECTED_ERRORS: tuple[type[Exception], ...] = (
    ProblemError,
    MediaError,
    InvalidParameter,
    FaceIndexOutOfRange,
    NoMaskFound,
    QueueFull,
    Overloaded,
    *PLAIN,
)
"""Errors with a problem of their own: answered without passing for a crash."""
