"""Request bodies: the three forms of a task request, read into one picture and its parameters.

`multipart/form-data` with one file `image` and text fields; the picture itself (`image/*`) with parameters in
the query string; or JSON with the picture as base64. Some tasks take a second picture, `mask`, as a file or as base64.
Bytes are counted while they arrive.
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

IMAGE, MASK = "image", "mask"


@dataclass(frozen=True)
class BodyLimits:
    """Largest picture and longest text parameter, in bytes."""

    image: int
    parameter: int

    def body(self, pictures: int = 1) -> int:
        """Return the largest body: its pictures as base64 (a third more), parameters, and the parts' headers."""
        return pictures * self.image * 4 // 3 + MAX_FIELDS * self.parameter


@dataclass(frozen=True, eq=False)
class TaskRequest:
    """A picture's bytes, the parameters as they were written (text, or JSON values), and the mask's bytes, if any."""

    image: bytes
    parameters: dict[str, Any]
    mask: bytes | None = None


async def read_task_request(request: Request, limits: BodyLimits, *, takes_mask: bool = False) -> TaskRequest:
    """Return the picture, or two, and the parameters of `request`. Raises ProblemError."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    names = (IMAGE, MASK) if takes_mask else (IMAGE,)
    if content_type == "multipart/form-data":
        read = await _read_multipart(request, limits, names)
    elif content_type == "application/json":
        read = _read_json(await _read_whole(request, limits.body(len(names)), limits), names)
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
    if read.mask == b"":
        raise ProblemError(INVALID_PARAMETER, "The mask is empty.", field=MASK)
    for name, content in ((IMAGE, read.image), (MASK, read.mask or b"")):
        if len(content) > limits.image:
            raise _too_large(limits, field=name)
    return read


def _too_large(limits: BodyLimits, **field: str) -> ProblemError:
    return ProblemError(IMAGE_TOO_LARGE, f"The picture is over {limits.image} bytes.", limit=limits.image, **field)


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


async def _read_multipart(request: Request, limits: BodyLimits, names: tuple[str, ...]) -> TaskRequest:
    most = limits.body(len(names))
    parser = MultiPartParser(
        request.headers,
        _counted(request, most, limits),
        max_files=MAX_FIELDS,
        max_fields=MAX_FIELDS,
        max_part_size=limits.parameter,
    )
    # Pictures stay in memory: beyond this size the parser would write them to disk.
    parser.spool_max_size = most
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
    pictures = _pictures(files, names)
    if IMAGE not in pictures or any(name == IMAGE for name, _ in texts):
        raise _one_image()
    return TaskRequest(pictures[IMAGE], _unique(texts), pictures.get(MASK))


def _pictures(files: list[tuple[str, bytes]], names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files by name. Raises ProblemError where one has a name not in `names`, or a name comes twice."""
    found: dict[str, bytes] = {}
    for name, content in files:
        if name not in names:
            raise ProblemError(INVALID_PARAMETER, "This parameter is not a file.", field=name)
        if name in found:
            raise _one_image() if name == IMAGE else _twice(name)
        found[name] = content
    return found


def _one_image() -> ProblemError:
    return ProblemError(INVALID_PARAMETER, "Send exactly one picture, as the file `image`.", field=IMAGE)


def _twice(name: str) -> ProblemError:
    return ProblemError(INVALID_PARAMETER, "This parameter is given twice.", field=name)


def _unique(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the pairs as a mapping. Raises ProblemError where a name comes twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _twice(name)
        found[name] = value
    return found


def _read_json(body: bytes, names: tuple[str, ...]) -> TaskRequest:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError(BAD_REQUEST, "The body is not JSON.") from None
    if not isinstance(document, Mapping):
        raise ProblemError(BAD_REQUEST, "The body is not a JSON object.")
    parameters: dict[str, Any] = {str(name): value for name, value in document.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    pictures = {name: parameters.pop(name, None) for name in names}
    image, mask = _decoded(pictures[IMAGE], IMAGE), pictures.get(MASK)
    return TaskRequest(image, parameters, None if mask is None else _decoded(mask, MASK))


def _decoded(text: Any, name: str) -> bytes:
    if not isinstance(text, str):
        raise ProblemError(INVALID_PARAMETER, f"`{name}` is the picture as base64 text.", field=name)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProblemError(INVALID_PARAMETER, f"`{name}` is not base64.", field=name) from None
