"""What each method of a client asks for, described without sending anything."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ._answers import read_edit_result, read_edit_results, read_emotion_result, read_model_cards, read_probe
from ._files import PictureFile
from ._responses import RawResponse
from ._results import EditResult, EditResults, EmotionResult
from ._types import Edits, FaceChoice, ModelCard, Output, Strengths, Style, Substance

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T_co]):
    """One request to be sent, and how its answer is read."""

    method: str
    path: str
    read: Callable[[RawResponse], T_co]
    accept: str = "application/json"
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, PictureFile] = field(default_factory=dict[str, PictureFile])
    answers: frozenset[int] = frozenset()
    """Statuses that are answers here though they are errors elsewhere."""


def edit_attribute(
    picture: PictureFile,
    *,
    attribute: str | None,
    strength: float | None,
    strengths: Strengths | None,
    edits: Edits | None,
    variants: int | None,
    seed: int | None,
    engine: str | None,
    face: FaceChoice,
    output: Output,
    landmarks: bool,
    accept: str | None,
) -> Call[EditResult | EditResults]:
    """Describe POST /edit-attribute; several pictures are asked for as JSON, one as a picture."""
    several = strengths is not None or variants is not None
    values = {
        "attribute": attribute,
        "strength": None if strength is None else _number(strength),
        "strengths": None if strengths is None else _numbers(strengths),
        "edits": None if edits is None else _pairs(edits),
        "variants": variants,
        "seed": seed,
        "engine": engine,
        "face": face,
        "output": output,
        "landmarks": _flag(landmarks),
    }
    return _task("/edit-attribute", {"image": picture}, values, several=several, accept=accept)


def addiction_preview(
    picture: PictureFile,
    *,
    substance: Substance,
    severity: float | None,
    severities: Strengths | None,
    blotches: float,
    wrinkles: float,
    tone: float,
    hollowing: float,
    eyes_teeth: float,
    seed: int | None,
    face: FaceChoice,
    output: Output,
    landmarks: bool,
    accept: str | None,
) -> Call[EditResult | EditResults]:
    """Describe POST /addiction-preview; several pictures are asked for as JSON, one as a picture."""
    values = {
        "substance": substance,
        "severity": None if severity is None else _number(severity),
        "severities": None if severities is None else _numbers(severities),
        "blotches": _number(blotches),
        "wrinkles": _number(wrinkles),
        "tone": _number(tone),
        "hollowing": _number(hollowing),
        "eyes_teeth": _number(eyes_teeth),
        "seed": seed,
        "face": face,
        "output": output,
        "landmarks": _flag(landmarks),
    }
    return _task("/addiction-preview", {"image": picture}, values, several=severities is not None, accept=accept)


def unmask(
    files: Mapping[str, PictureFile],
    *,
    variants: int | None,
    seed: int | None,
    face: FaceChoice,
    output: Output,
    landmarks: bool,
    accept: str | None,
) -> Call[EditResult | EditResults]:
    """Describe POST /unmask; several pictures are asked for as JSON, one as a picture."""
    values = {"variants": variants, "seed": seed, "face": face, "output": output, "landmarks": _flag(landmarks)}
    return _task("/unmask", files, values, several=variants is not None, accept=accept)


def frontalize(
    picture: PictureFile,
    *,
    yaw: float,
    pitch: float,
    force: bool,
    face: FaceChoice,
    output: Output,
    landmarks: bool,
    accept: str | None,
) -> Call[EditResult]:
    """Describe POST /frontalize, which gives one picture."""
    values = {
        "yaw": _number(yaw),
        "pitch": _number(pitch),
        "force": _flag(force),
        "face": face,
        "output": output,
        "landmarks": _flag(landmarks),
    }
    return _one("/frontalize", {"image": picture}, values, accept=accept)


def toonify(
    picture: PictureFile,
    *,
    style: Style,
    strength: float,
    background: bool,
    sticker: bool,
    outline: float | None,
    face: FaceChoice,
    output: Output,
    landmarks: bool,
    accept: str | None,
) -> Call[EditResult]:
    """Describe POST /toonify, which gives one picture."""
    values = {
        "style": style,
        "strength": _number(strength),
        "background": _flag(background),
        "sticker": _flag(sticker),
        "outline": None if outline is None else _number(outline),
        "face": face,
        "output": output,
        "landmarks": _flag(landmarks),
    }
    return _one("/toonify", {"image": picture}, values, accept=accept)


def emotion(
    picture: PictureFile, *, captions: bool, face: FaceChoice, output: Output, landmarks: bool
) -> Call[EmotionResult]:
    """Describe POST /emotion, which is asked for as JSON: a picture alone would not tell all that was read."""
    values = {"captions": _flag(captions), "face": face, "output": output, "landmarks": _flag(landmarks)}
    return _form("/emotion", {"image": picture}, values, read=read_emotion_result, accept="application/json")


def models() -> Call[list[ModelCard]]:
    """Describe GET /models."""
    return Call(method="GET", path="/models", read=read_model_cards)


def probe(path: str) -> Call[bool]:
    """Describe a probe, for which 503 is an answer and no failure to be retried."""
    return Call(method="GET", path=path, read=read_probe, accept="*/*", answers=frozenset({503}))


def _task(
    path: str, files: Mapping[str, PictureFile], values: Mapping[str, object], *, several: bool, accept: str | None
) -> Call[EditResult | EditResults]:
    ask = _several if several else _one
    return ask(path, files, values, accept=accept)


def _one(
    path: str, files: Mapping[str, PictureFile], values: Mapping[str, object], *, accept: str | None
) -> Call[EditResult]:
    return _form(path, files, values, read=read_edit_result, accept=accept or "image/*")


def _several(
    path: str, files: Mapping[str, PictureFile], values: Mapping[str, object], *, accept: str | None
) -> Call[EditResults]:
    return _form(path, files, values, read=read_edit_results, accept=accept or "application/json")


def _form(
    path: str,
    files: Mapping[str, PictureFile],
    values: Mapping[str, object],
    *,
    read: Callable[[RawResponse], T],
    accept: str,
) -> Call[T]:
    return Call(method="POST", path=path, read=read, accept=accept, fields=_given(values.items()), files=files)


def _given(values: Iterable[tuple[str, object]]) -> dict[str, str]:
    return {name: str(value) for name, value in values if value is not None}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _number(value: float) -> str:
    # Short, exact enough, and the same for 1, 1.0 and a numpy scalar.
    return format(value, ".12g")


def _numbers(values: Strengths) -> str:
    return values if isinstance(values, str) else ",".join(map(_number, values))


def _pairs(edits: Edits) -> str:
    if isinstance(edits, str):
        return edits
    return ",".join(f"{attribute}:{_number(strength)}" for attribute, strength in edits.items())
