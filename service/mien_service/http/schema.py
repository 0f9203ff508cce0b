"""OpenAPI for task routes: their three request forms and negotiated answers, from the task's parameter model."""

from dataclasses import dataclass
from typing import Any

from mien_service.http.answers import TaskAnswer
from mien_service.http.problems import (
    BAD_REQUEST,
    DEADLINE,
    FACE_INDEX,
    IMAGE_TOO_LARGE,
    INTERNAL,
    INVALID_PARAMETER,
    MEDIA_TYPE,
    NO_FACE_FOUND,
    NO_MASK_FOUND,
    NOT_ACCEPTABLE,
    NOT_READY,
    OVERLOADED,
    REQUEST_TIMEOUT,
    UNREADABLE_IMAGE,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemType,
)
from mien_service.tasks.registry import TaskSpec

Schema = dict[str, Any]

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
BINARY: Schema = {"type": "string", "format": "binary"}

BASE64: Schema = {"type": "string", "contentEncoding": "base64"}

TASK_PROBLEMS = (
    BAD_REQUEST, UNREADABLE_IMAGE, NOT_ACCEPTABLE, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_PARAMETER,
    NO_FACE_FOUND, FACE_INDEX, REQUEST_TIMEOUT,
    OVERLOADED, INTERNAL, NOT_READY, DEADLINE,
)  # fmt: skip

NOTICE_HEADER = ("X-Mien-Notice", "What has to be told of the answer.")
HELP_HEADER = ("X-Mien-Help-Line", "Where help is found, percent-encoded where it is not ASCII; if it is configured.")
IDENTIFICATION_HEADER = ("X-Mien-Not-For-Identification", "`true`: a part of the face is invented.")

PROBLEM_SCHEMA: Schema = {
    "title": "Problem",
    "description": "RFC 9457 problem details.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Stable URI; its fragment names the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "field": {"type": "string", "description": "The parameter that is wrong."},
        "limit": {"type": "integer", "description": "The limit that was passed."},
    },
}


@dataclass(frozen=True)
class TaskOperation:
    """The parts of an OpenAPI operation that the framework cannot derive."""

    request: Schema
    responses: dict[int | str, Schema]


def task_operation(spec: TaskSpec, max_results: int) -> TaskOperation:
    """Return request and responses of the route of `spec`."""
    parameters = inlined(spec.params.model_json_schema())
    properties: Schema = parameters["properties"]
    query = [
        {"name": name, "in": "query", "required": False, "schema": text_schema(schema), "explode": False}
        | {"description": "Only when the body is the picture itself. " + schema.get("description", "")}
        for name, schema in properties.items()
    ]
    form = {name: text_schema(schema) for name, schema in properties.items()}
    request: Schema = {
        "parameters": query,
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _with_pictures(spec, form, BINARY)},
                "application/json": {"schema": _with_pictures(spec, properties, BASE64)},
                **{media_type: {"schema": BINARY} for media_type in IMAGE_TYPES},
            },
        },
    }
    return TaskOperation(request, _responses(spec, max_results))


def _with_pictures(spec: TaskSpec, properties: Schema, picture: Schema) -> Schema:
    pictures: Schema = {"image": {**picture, "description": "The picture."}}
    if spec.takes_mask:
        text = (
            "A picture of the photo's upright size, white where it may be changed. Without it the service looks itself."
        )
        pictures["mask"] = {**picture, "description": text}
    return {"type": "object", "required": ["image"], "properties": {**pictures, **properties}}


def text_schema(schema: Schema) -> Schema:
    """Return the schema of a parameter as a form or a query writes it: lists and objects become text."""
    kinds = {option.get("type") for option in schema.get("anyOf", [schema])}
    if kinds & {"array", "object"}:
        return {"type": "string", **{key: schema[key] for key in ("title", "description") if key in schema}}
    return schema


def inlined(schema: Schema) -> Schema:
    """Return a JSON schema with its local references put in place."""
    definitions = schema.get("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(item) for item in part]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        own = {key: resolve(value) for key, value in part.items() if key not in ("$defs", "$ref")}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(reference, str):
            # What stands beside a reference, as a parameter's default does, is said of this one.
            return resolve(definitions[reference.rpartition("/")[2]]) | own
        return own  # pyright: ignore[reportUnknownVariableType]

    return resolve(schema)


def _responses(spec: TaskSpec, max_results: int) -> dict[int | str, Schema]:
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in (
            ("X-Request-Id", "The request's id."),
            ("Server-Timing", "Milliseconds by stage."),
            ("X-Mien-Model", "name@version of the network."),
            ("X-Mien-Faces", "JSON: box, score and pose of each face."),
            *((NOTICE_HEADER,) if spec.notice else ()),
            *((HELP_HEADER,) if spec.offers_help else ()),
            *((IDENTIFICATION_HEADER,) if spec.invents else ()),
        )
    }
    answer = inlined(TaskAnswer.model_json_schema())
    content: Schema = {media_type: {"schema": BINARY} for media_type in IMAGE_TYPES}
    content["application/json"] = {"schema": answer}
    description = (
        "What was read, as JSON; or the photo with that drawn on it."
        if spec.reads
        else f"The edited picture, or JSON with up to {max_results} pictures."
    )
    responses: dict[int | str, Schema] = {200: {"description": description, "headers": headers, "content": content}}
    return responses | problem_responses((*TASK_PROBLEMS, NO_MASK_FOUND) if spec.takes_mask else TASK_PROBLEMS)


def problem_responses(kinds: tuple[ProblemType, ...]) -> dict[int | str, Schema]:
    """Return the responses for problems, those of one status together."""
    responses: dict[int | str, Schema] = {}
    for status in sorted({kind.status for kind in kinds}):
        names = ", ".join(kind.name for kind in kinds if kind.status == status)
        responses[status] = {"description": names, "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
    return responses
