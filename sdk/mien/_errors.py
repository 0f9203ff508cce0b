"""The tree of errors, and which one a response is."""

from collections.abc import Mapping
from typing import Any

import httpx

from ._problems import Problem, read_problem
from ._responses import RawResponse


class MienError(Exception):
    """Anything that went wrong between this client and the service."""


class ConnectionFailed(MienError):
    """No response came: refused, cut off, or not understood on the way."""


class TimedOut(ConnectionFailed):
    """No response came in time."""


class UnexpectedAnswer(MienError):
    """A response that should be an answer is not one; often something else listens at that address."""

    def __init__(self, message: str, response: RawResponse) -> None:
        super().__init__(message, response)
        self.message = message
        self.response = response

    def __str__(self) -> str:
        return self.message


class StatusError(MienError):
    """The service refused the request, or failed.

    `problem_type` is the short problem type ("no-face-found"), None where the response named none;
    `field` the parameter at fault; `retry_after` the seconds the service asked to wait; `body` the
    problem's members, extras included, or the text of a response that was no problem+json.
    """

    def __init__(self, problem: Problem) -> None:
        # The one argument is all of it, so that errors survive pickling.
        super().__init__(problem)
        self.status: int = problem.response.status
        self.problem_type: str | None = problem.type
        self.title: str | None = problem.title
        self.detail: str | None = problem.detail
        self.field: str | None = problem.field
        self.request_id: str | None = problem.request_id
        self.retry_after: float | None = problem.retry_after
        self.body: Mapping[str, Any] | str = problem.body
        self.response: RawResponse = problem.response

    def __str__(self) -> str:
        said = self.detail or self.title or "no detail given"
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.problem_type or type(self).__name__}: {said}{request}"


class BadRequest(StatusError):
    """400."""


class UnreadableImage(BadRequest):
    """The picture is truncated or damaged."""


class UnreadableVideo(BadRequest):
    """The video is truncated or damaged."""


class Unauthorized(StatusError):
    """401: no API key, or one the service does not know."""


class Forbidden(StatusError):
    """403: the API key does not reach this far."""


class NotFound(StatusError):
    """404: also a task that is turned off."""


class JobNotFound(NotFound):
    """No job of that name, or not this key's."""


class NotAcceptable(StatusError):
    """406: the answer cannot be given in the media type asked for."""


class Conflict(StatusError):
    """409: the same idempotency key with another body."""


class Gone(StatusError):
    """410."""


class JobExpired(Gone):
    """The job's result was kept for a while, and that is over."""


class TooLarge(StatusError):
    """413."""


class ImageTooLarge(TooLarge):
    """The picture has too many bytes or pixels; the limit is in `body`."""


class VideoTooLong(TooLarge):
    """The video is too long; the limit is in `body`."""


class UnsupportedMediaType(StatusError):
    """415: not a picture format the service opens, whatever its name."""


class Unprocessable(StatusError):
    """422."""


class InvalidParameter(Unprocessable):
    """A parameter is unknown, out of range or malformed; `field` names it."""


class NoFaceFound(Unprocessable):
    """There is no face in the picture."""


class FaceIndexOutOfRange(Unprocessable):
    """There are fewer faces in the picture than the index asks for."""


class NoMaskFound(Unprocessable):
    """There is no mask on the face."""


class PoseOutOfRange(Unprocessable):
    """The face is turned further than the task can handle."""


class TooManyRequests(StatusError):
    """429."""


class RateLimited(TooManyRequests):
    """The API key asked too often."""


class Overloaded(TooManyRequests):
    """The service has more work than it can take."""


class ServerError(StatusError):
    """5xx."""


class InternalError(ServerError):
    """The service failed; quote `request_id` when reporting it."""


class NotReady(ServerError):
    """The service is still warming up, or going down."""


class DeadlineExceeded(ServerError):
    """The service gave up on the request for taking too long."""


ERROR_OF_TYPE: Mapping[str, type[StatusError]] = {
    "invalid-parameter": InvalidParameter,
    "unreadable-image": UnreadableImage,
    "unsupported-media-type": UnsupportedMediaType,
    "image-too-large": ImageTooLarge,
    "no-face-found": NoFaceFound,
    "face-index-out-of-range": FaceIndexOutOfRange,
    "no-mask-found": NoMaskFound,
    "pose-out-of-range": PoseOutOfRange,
    "not-acceptable": NotAcceptable,
    "unauthorized": Unauthorized,
    "rate-limited": RateLimited,
    "overloaded": Overloaded,
    "not-ready": NotReady,
    "deadline-exceeded": DeadlineExceeded,
    "unreadable-video": UnreadableVideo,
    "video-too-long": VideoTooLong,
    "job-not-found": JobNotFound,
    "job-expired": JobExpired,
    "conflict": Conflict,
    "internal": InternalError,
}

ERROR_OF_STATUS: Mapping[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    415: UnsupportedMediaType,
    422: Unprocessable,
    429: TooManyRequests,
}


def status_error(response: RawResponse) -> StatusError:
    """Make the error a response stands for: by problem type, else by status."""
    problem = read_problem(response)
    by_status = ServerError if response.status >= 500 else ERROR_OF_STATUS.get(response.status, StatusError)
    return ERROR_OF_TYPE.get(problem.type or "", by_status)(problem)


def connection_error(cause: httpx.RequestError) -> ConnectionFailed:
    """Make the error that stands for a request without a response."""
    kind = TimedOut if isinstance(cause, httpx.TimeoutException) else ConnectionFailed
    return kind(f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__)
