"""One POST route for each registered task, built from its spec."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.requests import Request

from mien_service.engine.manifest import WeightEntry
from mien_service.engine.work import Work
from mien_service.faces.align import Marked
from mien_service.http.answers import Facts, ModelName, strip
from mien_service.http.bodies import MASK, BodyLimits, TaskRequest, read_task_request
from mien_service.http.negotiation import JSON, image_offers, preferred
from mien_service.http.problems import INVALID_PARAMETER, NOT_READY, ProblemError, problem_of_media
from mien_service.http.request_ids import request_id_of
from mien_service.http.schema import task_operation
from mien_service.http.workers import Uploads, Workers
from mien_service.media.decode import DecodeLimits, decode
from mien_service.media.encode import encode, encode_plane
from mien_service.media.errors import MediaError
from mien_service.media.photo import ImageFormat, Photo
from mien_service.tasks.pipeline import Answer, AnsweredPicture, Pipeline
from mien_service.tasks.registry import Picture, TaskParams, TaskSpec

DISCONNECT_CHECK_SECONDS = 0.25
"""How often a request at work is asked whether its client is still there."""

MANY = ("strengths", "severities", "variants")
"""The parameters that ask for several pictures."""


@dataclass(frozen=True)
class TaskLimits:
    """Limits of a task request; see Settings for what each is."""

    body: BodyLimits
    decode: DecodeLimits
    deadline: float
    max_results: int
    jpeg_quality: int


@dataclass(frozen=True, eq=False)
class TaskRunner:
    """All that a task's route needs: made when the service starts."""

    pipeline: Pipeline
    workers: Workers
    uploads: Uploads
    limits: TaskLimits
    entry_of: Callable[[str], WeightEntry]
    help_line: str | None
    """Where help is found, told by tasks that offer it; None: nothing is told."""

    async def answer(self, spec: TaskSpec, request: Request) -> Response:
        """Return the answer of task `spec` to `request`; errors are raised for `problems` to tell."""
        self.workers.require_room()
        async with self.uploads.place():
            read = await read_task_request(request, self.limits.body, takes_mask=spec.takes_mask)
        params = parsed(spec.params, read.parameters)
        self._check_count(params, read)
        work = Work(self.limits.deadline)
        future = self.workers.submit(self._work, spec, params, read, request, work)
        return await _unless_client_leaves(future, request, work)

    def _check_count(self, params: TaskParams, read: TaskRequest) -> None:
        count = len(params.pictures())
        if count > self.limits.max_results:
            detail = f"{count} pictures were asked for; one answer holds {self.limits.max_results}."
            field = next((name for name in MANY if name in read.parameters), None)
            raise ProblemError(INVALID_PARAMETER, detail, field=field, limit=self.limits.max_results)

    def _check_strip(self, params: TaskParams, photo: Photo) -> None:
        """Refuse a strip that would be a larger picture than may come in."""
        pixels = len(params.pictures()) * photo.pixels.shape[0] * photo.pixels.shape[1]
        if params.output == "photo" and pixels > self.limits.decode.max_pixels:
            detail = f"The strip would have {pixels} pixels; ask for JSON, or for output=face."
            raise ProblemError(INVALID_PARAMETER, detail, field="layout", limit=self.limits.decode.max_pixels)

    def _work(self, spec: TaskSpec, params: TaskParams, read: TaskRequest, request: Request, work: Work) -> Response:
        """Decode, run the task, encode: everything that takes a processor, on a worker thread."""
        accept = ", ".join(request.headers.getlist("Accept"))
        with work.stage("decode"):
            photo = decode(read.image, self.limits.decode)
            marked = None if read.mask is None else marked_on(photo, read.mask, self.limits.decode)
        media_type = preferred(accept, _offers(photo, params))
        as_strip = media_type != JSON and len(params.pictures()) > 1
        if as_strip:
            self._check_strip(params, photo)
        answer = self.pipeline.run(spec, params, photo.pixels, work, grey=photo.is_grey, marked=marked)
        chosen = _in_json(photo, params) if media_type == JSON else ImageFormat(media_type.removeprefix("image/"))
        # A photo's transparency does not fit its faces' squares.
        source = photo if params.output == "photo" else replace(photo, alpha=None)
        encoded = self._encoded(spec, answer, source, chosen, work, as_strip=as_strip)
        with work.stage("encode"):
            invented = encode_plane(answer.invented()) if spec.invents and media_type == JSON else None
            poses = answer.poses_after() if spec.turns and media_type == JSON else None
        entry = self.entry_of(params.network() or spec.networks[0])
        model = ModelName(name=entry.name, version=entry.version)
        facts = Facts(spec, model, answer, work.timings(), request_id_of(request), self.help_line)
        if media_type != JSON:
            return facts.image_response(encoded[0][1], media_type)
        return facts.json_response(encoded, chosen.media_type, invented, poses)

    def _encoded(
        self, spec: TaskSpec, answer: Answer, source: Photo, chosen: ImageFormat, work: Work, *, as_strip: bool
    ) -> list[tuple[Picture, bytes]]:
        """Return each picture as a file; as a strip all of them as one."""
        pictures = answer.pictures
        if as_strip:
            pictures = [AnsweredPicture(strip([one.pixels for one in pictures]), Picture())]
        encoded: list[tuple[Picture, bytes]] = []
        for one in pictures:
            with work.stage("encode"):
                body = encode(
                    one.pixels,
                    chosen,
                    source,
                    quality=self.limits.jpeg_quality,
                    ai_edited=not spec.reads,
                    alpha=one.alpha,
                )
            encoded.append((one.picture, body))
        return encoded


def marked_on(photo: Photo, mask: bytes, limits: DecodeLimits) -> Marked:
    """Return what the picture `mask` marks on `photo`: what is nearer to white than to black, and not transparent.

    Raises ProblemError, of field `mask`, where it cannot be read or is of another size.
    """
    try:
        picture = decode(mask, limits)
    except MediaError as error:
        problem = problem_of_media(error)
        raise ProblemError(problem.kind, problem.detail, **problem.extra | {"field": MASK}) from None
    height, width = photo.pixels.shape[:2]
    if picture.pixels.shape != photo.pixels.shape:
        raise ProblemError(INVALID_PARAMETER, f"The mask must be {width}x{height} pixels, as the photo.", field=MASK)
    _, marked = cv2.threshold(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY), 127, 255, cv2.THRESH_BINARY)
    if picture.alpha is not None:
        marked = np.where(picture.alpha > 127, marked, 0)
    return np.asarray(marked, np.uint8)


def _offers(photo: Photo, params: TaskParams) -> list[str]:
    """Return the types this answer can have: several pictures are one image only as a strip, and none are JSON."""
    count = len(params.pictures())
    is_image = count == 1 or (count > 1 and params.layout == "strip")
    offers = image_offers(photo.format) if is_image else [JSON]
    return [offer for offer in offers if offer != ImageFormat.JPEG.media_type or not params.is_sticker()]


def _in_json(photo: Photo, params: TaskParams) -> ImageFormat:
    """Return the format of pictures within JSON: the photo's, but for stickers, which a JPEG cannot hold."""
    return ImageFormat.PNG if params.is_sticker() and photo.format is ImageFormat.JPEG else photo.format


def parsed(model: type[TaskParams], parameters: dict[str, Any]) -> TaskParams:
    """Return the parameters as `model`. Raises ProblemError naming the first field that is wrong."""
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        field = where[0] if where else _named_in(first["msg"], model)
        detail = first["msg"].removeprefix("Value error, ")
        raise ProblemError(INVALID_PARAMETER, f"{detail}.", field=field) from None


def _named_in(message: str, model: type[TaskParams]) -> str | None:
    """Return the first parameter that a message about several of them names."""
    words = message.replace(":", " ").split()
    return next((word for word in words if word in model.model_fields), None)


async def _unless_client_leaves(future: Future[Response], request: Request, work: Work) -> Response:
    """Return the future's response; if the client leaves first, the work is abandoned."""
    waiting = asyncio.wrap_future(future)
    try:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=DISCONNECT_CHECK_SECONDS)
            if done:
                return waiting.result()
            if await request.is_disconnected():
                work.abandon()
                return await waiting
    except asyncio.CancelledError:
        work.abandon()
        raise


def add_task_routes(app: FastAPI, specs: list[TaskSpec], max_results: int) -> None:
    """Add a POST route for each task; the runner is taken from `app.state` once the service is ready."""
    for spec in specs:
        app.add_api_route(
            spec.path,
            _endpoint(spec),
            methods=["POST"],
            name=spec.name,
            summary=spec.summary,
            response_class=Response,
            responses=task_operation(spec, max_results).responses,
            openapi_extra=task_operation(spec, max_results).request,
        )


def _endpoint(spec: TaskSpec) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        runner: TaskRunner | None = request.app.state.task_runner
        if runner is None:
            raise ProblemError(NOT_READY, "The service is starting.")
        return await runner.answer(spec, request)

    return endpoint
