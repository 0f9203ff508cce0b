"""Responses that are no errors, read into results."""

from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import unquote

from pydantic import Base64Bytes, BaseModel, Field, TypeAdapter, ValidationError

from ._errors import UnexpectedAnswer
from ._responses import RawResponse
from ._results import EditResult, EditResults, EmotionResult
from ._timings import parse_server_timing
from ._types import Face, ModelCard, ModelVersion


def read_edit_results(response: RawResponse) -> EditResults:
    """Read the pictures in an answer, JSON or a bare picture. Raises UnexpectedAnswer."""
    if response.media_type == "application/json":
        return _from_json(response)
    if response.media_type.startswith("image/") and response.body:
        return _from_picture(response)
    raise _unexpected(response)


def read_edit_result(response: RawResponse) -> EditResult:
    """Read the one picture in an answer. Raises UnexpectedAnswer."""
    return read_edit_results(response)[0]


def read_emotion_result(response: RawResponse) -> EmotionResult:
    """Read what faces show, and the picture where there is one. Raises UnexpectedAnswer."""
    try:
        answer = _EmotionAnswer.model_validate_json(response.body)
    except ValidationError as error:
        raise _unexpected(response) from error
    expressions = [face.expression for face in answer.faces if face.expression is not None]
    if not expressions or len(expressions) < len(answer.faces):
        raise _unexpected(response)
    facts = _facts(answer, response)
    pictures = [_result(picture, answer.media_type or "", facts) for picture in answer.results]
    return EmotionResult(expression=expressions[0], picture=pictures[0] if pictures else None, **facts)


def read_model_cards(response: RawResponse) -> list[ModelCard]:
    """Read the cards of all networks, a bare list or under `models`. Raises UnexpectedAnswer."""
    try:
        cards = _CARDS.validate_json(response.body)
    except ValidationError as error:
        raise _unexpected(response) from error
    return cards if isinstance(cards, list) else cards.models


def read_probe(response: RawResponse) -> bool:
    """Read a probe's answer: any success is a yes."""
    return response.status < 300


class _Picture(BaseModel):
    image: Base64Bytes
    media_type: str | None = None
    strength: float | None = None
    variant: int | None = None


class _Answer(BaseModel):
    request_id: str | None = None
    model: ModelVersion | None = None
    faces: tuple[Face, ...] = ()
    timings: dict[str, float] = {}
    notice: str | None = None
    help_line: str | None = None
    invented: Base64Bytes | None = None
    not_for_identification: bool = False
    media_type: str | None = None


class _EditAnswer(_Answer):
    results: list[_Picture] = Field(min_length=1)


class _EmotionAnswer(_Answer):
    results: list[_Picture] = []


class _Cards(BaseModel):
    models: list[ModelCard]


class _Facts(TypedDict):
    faces: tuple[Face, ...]
    timings: Mapping[str, float]
    request_id: str | None
    model: ModelVersion | None
    notice: str | None
    help_line: str | None
    invented: bytes | None
    not_for_identification: bool
    response: RawResponse


_CARDS: TypeAdapter[list[ModelCard] | _Cards] = TypeAdapter(list[ModelCard] | _Cards)
_HEADER_FACES: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])


def _from_json(response: RawResponse) -> EditResults:
    try:
        answer = _EditAnswer.model_validate_json(response.body)
    except ValidationError as error:
        raise _unexpected(response) from error
    facts = _facts(answer, response)
    return EditResults(results=tuple(_result(p, answer.media_type or "", facts) for p in answer.results), **facts)


def _facts(answer: _Answer, response: RawResponse) -> _Facts:
    return _Facts(
        faces=answer.faces,
        timings=answer.timings,
        request_id=answer.request_id or response.request_id,
        model=answer.model,
        notice=answer.notice,
        help_line=answer.help_line,
        invented=answer.invented,
        not_for_identification=answer.not_for_identification,
        response=response,
    )


def _result(picture: _Picture, media_type: str, facts: _Facts) -> EditResult:
    return EditResult(
        bytes=picture.image,
        media_type=picture.media_type or media_type,
        strength=picture.strength,
        variant=picture.variant,
        **facts,
    )


def _from_picture(response: RawResponse) -> EditResults:
    headers = response.headers
    facts = _Facts(
        faces=_header_faces(headers.get("x-mien-faces", "[]")),
        timings=parse_server_timing(headers.get("server-timing", "")),
        request_id=response.request_id,
        model=_header_model(headers.get("x-mien-model", "")),
        notice=headers.get("x-mien-notice"),
        help_line=_header_text(headers.get("x-mien-help-line")),
        invented=None,
        not_for_identification=headers.get("x-mien-not-for-identification") == "true",
        response=response,
    )
    result = EditResult(bytes=response.body, media_type=response.media_type, **facts)
    return EditResults(results=(result,), **facts)


def _header_faces(value: str) -> tuple[Face, ...]:
    """Read X-Mien-Faces; one that a proxy cut short costs the faces, not the picture."""
    try:
        faces = _HEADER_FACES.validate_json(value)
        return tuple(Face.model_validate({"index": index, **face}) for index, face in enumerate(faces))
    except ValidationError:
        return ()


def _header_text(value: str | None) -> str | None:
    """Read a header's text, whose letters beyond ASCII are percent-encoded."""
    return None if value is None else unquote(value)


def _header_model(value: str) -> ModelVersion | None:
    name, at, version = value.rpartition("@")
    return ModelVersion(name=name, version=version) if at else None


def _unexpected(response: RawResponse) -> UnexpectedAnswer:
    kind = response.media_type or "no media type"
    return UnexpectedAnswer(f"a {response.status} with {kind} that is no answer of the service", response)
