"""Request bodies: the three forms of a task request, read into one picture and its parameters.

`multipart/form-data` with one file `image` and text fields; the picture itself (`image/*`) with parameters in
the query string; or JSON with the picture as base64. Bytes are counted while they arrive.
"""

import base64
import binascii
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from mien_service.http.problems import (
    BAD_REQUEST,
    IMAGE_TOO_LARGE,
    INVALID_PARAMETER,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)

MAX_FIELDS = 64


@dataclass(frozen=True)
class BodyLimits:
    """Largest picture and longest text parameter, in bytes."""

    image: int
    parameter: int

    @property
    def body(self) -> int:
        """Largest body: the picture as base64 (a third more), its parameters, and the parts' headers."""
        return self.image * 4 // 3 + MAX_FIELDS * self.parameter


@dataclass(frozen=True, eq=False)
class TaskRequest:
    """A picture's bytes, and the parameters as they were written: text, or JSON values."""

    image: bytes
    parameters: dict[str, Any]


async def read_task_request(request: Request, limits: BodyLimits) -> TaskRequest:
    """Return the picture and parameters of `request`. Raises ProblemError."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        read = await _read_multipart(request, limits)
    elif content_type == "application/json":
        read = _read_json(await _read_whole(request, limits.body, limits))
    elif content_type.startswith("image/") or content_type == "application/octet-stream":
        image = await _read_whole(request, limits.image, limits)
        read = TaskRequest(image, _unique(request.query_params.multi_items()))
    else:
        detail = "Send multipart/form-data, application/json, or the picture itself as image/*."
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, detail)
    if content_type in ("multipart/form-data", "application/json") and request.query_params:
        name = next(iter(request.query_params))
        detail = "Parameters stand in the query string only when the body is the picture itself."
        raise ProblemError(INVALID_PARAMETER, detail, field=name)
    return _checked(read, limits)


def _checked(read: TaskRequest, limits: BodyLimits) -> TaskRequest:
    if not read.image:
        raise ProblemError(INVALID_PARAMETER, "The picture is missing or empty.", field="image")
    if len(read.image) > limits.image:
        raise _too_large(limits)
    return read


def _too_large(limits: BodyLimits) -> ProblemError:
    return ProblemError(IMAGE_TOO_LARGE, f"The picture is over {limits.image} bytes.", limit=limits.image)


async def _counted(request: Request, most: int, limits: BodyLimits) -> AsyncGenerator[bytes, None]:
    """Yield the body as it arrives. Raises ProblemError as soon as it passes `most` bytes."""
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > most:
            raise _too_large(limits)
        yield chunk


async def _read_whole(request: Request, most: int, limits: BodyLimits) -> bytes:
    return b"".join([chunk async for chunk in _counted(request, most, limits)])


async def _read_multipart(request: Request, limits: BodyLimits) -> TaskRequest:
    parser = MultiPartParser(
        request.headers,
        _counted(request, limits.body, limits),
        max_files=MAX_FIELDS,
        max_fields=MAX_FIELDS,
        max_part_size=limits.parameter,
    )
    # Pictures stay in memory: beyond this size the parser would write them to disk.
    parser.spool_max_size = limits.body
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError):
        raise ProblemError(BAD_REQUEST, "The multipart body cannot be read.") from None
    try:
        items = [(name, await v.read() if isinstance(v, UploadFile) else v) for name, v in form.multi_items()]
    finally:
        await form.close()
    files = [(name, value) for name, value in items if isinstance(value, bytes)]
    texts = [(name, value) for name, value in items if isinstance(value, str)]
    return TaskRequest(_only_image(files, texts), _unique(texts))


def _only_image(files: list[tuple[str, bytes]], texts: list[tuple[str, str]]) -> bytes:
    for name, _ in files:
        if name != "image":
            raise ProblemError(INVALID_PARAMETER, "This parameter is not a file.", field=name)
    if len(files) != 1 or any(name == "image" for name, _ in texts):
        raise ProblemError(INVALID_PARAMETER, "Send exactly one picture, as the file `image`.", field="image")
    return files[0][1]


def _unique(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the pairs as a mapping. Raises ProblemError where a name comes twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ProblemError(INVALID_PARAMETER, "This parameter is given twice.", field=name)
        found[name] = value
    return found


def _read_json(body: bytes) -> TaskRequest:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError(BAD_REQUEST, "The body is not JSON.") from None
    if not isinstance(document, Mapping):
        raise ProblemError(BAD_REQUEST, "The body is not a JSON object.")
    parameters: dict[str, Any] = {str(name): value for name, value in document.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    image = parameters.pop("image", None)
    if not isinstance(image, str):
        raise ProblemError(INVALID_PARAMETER, "`image` is the picture as base64 text.", field="image")
    try:
        return TaskRequest(base64.b64decode(image, validate=True), parameters)
    except (binascii.Error, ValueError):
        raise ProblemError(INVALID_PARAMETER, "`image` is not base64.", field="image") from None
