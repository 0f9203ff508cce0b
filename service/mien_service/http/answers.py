"""Answers of tasks: a picture with the facts in headers, or JSON with everything."""

import base64
import json
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from mien_service.faces.edit import Reading
from mien_service.faces.face import Face, Pose, RgbImage
from mien_service.tasks.pipeline import Answer
from mien_service.tasks.registry import Picture, TaskSpec

MAX_HEADER_FACES = 16
"""Faces told of in a header: proxies refuse long ones. JSON answers tell of all."""

PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if code != ord("%"))
"""What stands in a header as it is; all else is percent-encoded there, and a percent sign too."""


class PoseModel(BaseModel):
    """Head rotation in degrees; 0 is facing the camera."""

    yaw: float
    pitch: float
    roll: float


class ExpressionModel(BaseModel):
    """The expression that a face shows."""

    label: str = Field(description="The likeliest one.")
    probability: float = Field(description="How likely the label is, 0 to 1.")
    probabilities: dict[str, float] = Field(
        description="Of angry, disgust, fear, happy, sad, surprise and neutral, 0 to 1; together 1."
    )


class FaceModel(BaseModel):
    """One face that was worked on."""

    index: int = Field(description="Place from left to right among the faces found; 0 of the largest alone.")
    box: tuple[float, float, float, float] = Field(description="Left, top, right, bottom in photo pixels.")
    score: float = Field(description="How sure it is that this is a face, 0 to 1.")
    pose: PoseModel
    pose_after: PoseModel | None = Field(
        description="How the head is turned in the answer's picture, read again from it; of /frontalize only."
    )
    expression: ExpressionModel | None = Field(description="What the face shows; of /emotion, and of stickers.")
    landmarks: list[tuple[float, float]] = Field(description="The 68 iBUG points in photo pixels.")


class ModelName(BaseModel):
    """The network that made the answer."""

    name: str
    version: str


class ResultModel(BaseModel):
    """One picture."""

    strength: float | None
    variant: int | None
    media_type: str
    image: str = Field(description="The picture as base64.")


class TaskAnswer(BaseModel):
    """The JSON answer of a task."""

    request_id: str
    model: ModelName
    faces: list[FaceModel]
    timings: dict[str, float] = Field(description="Milliseconds by stage.")
    notice: str | None
    help_line: str | None = Field(description="Where help is found, as the deployer says; of some tasks only.")
    not_for_identification: bool = Field(description="Whether a part of the face is invented.")
    invented: str | None = Field(
        description="Where it is invented: a grey PNG as base64, of the pictures' size, 255 where; of some tasks only."
    )
    media_type: str | None = Field(description="Of the pictures; null where there are none.")
    results: list[ResultModel] = Field(description="The pictures; of /emotion only with `captions` or `landmarks`.")


class Facts:
    """What is told of an answer besides its pictures."""

    def __init__(
        self,
        spec: TaskSpec,
        model: ModelName,
        answer: Answer,
        timings: dict[str, float],
        request_id: str,
        help_line: str | None,
    ) -> None:
        # A sticker tells what its face shows, as /emotion does.
        told = (reading.notice for reading in answer.readings if reading is not None)
        self._notice = spec.notice or next(told, None)
        self._help_line = help_line if spec.offers_help else None
        self._invents = spec.invents
        self._model = model
        self._faces = list(zip(answer.indices, answer.faces, answer.readings, strict=True))
        self._timings = timings
        self._request_id = request_id

    def headers(self) -> dict[str, str]:
        """Return the facts as headers."""
        told = self._faces[:MAX_HEADER_FACES]
        faces = [_header_face(_face_model(*one)) for one in told]
        headers = {
            "X-Request-Id": self._request_id,
            "Server-Timing": ", ".join(f"{stage};dur={ms}" for stage, ms in self._timings.items()),
            "X-Mien-Model": f"{self._model.name}@{self._model.version}",
            "X-Mien-Faces": json.dumps(faces, separators=(",", ":")),
        }
        if self._notice is not None:
            headers["X-Mien-Notice"] = self._notice
        if self._help_line is not None:
            headers["X-Mien-Help-Line"] = quote(self._help_line, safe=PLAIN)
        if self._invents:
            headers["X-Mien-Not-For-Identification"] = "true"
        return headers

    def image_response(self, body: bytes, media_type: str) -> Response:
        """Return one picture with the facts in its headers."""
        return Response(body, media_type=media_type, headers=self.headers())

    def json_response(
        self,
        pictures: list[tuple[Picture, bytes]],
        media_type: str,
        invented: bytes | None = None,
        poses_after: list[Pose | None] | None = None,
    ) -> Response:
        """Return all pictures and facts as JSON; `invented` is a PNG of where the pictures are.

        `poses_after` are the faces' poses in the picture, of tasks that turn them.
        """
        poses = [None] * len(self._faces) if poses_after is None else poses_after
        answer = TaskAnswer(
            request_id=self._request_id,
            model=self._model,
            faces=[_face_model(*one, pose) for one, pose in zip(self._faces, poses, strict=True)],
            timings=self._timings,
            notice=self._notice,
            help_line=self._help_line,
            not_for_identification=self._invents,
            invented=None if invented is None else base64.b64encode(invented).decode("ascii"),
            media_type=media_type if pictures else None,
            results=[
                ResultModel(
                    strength=picture.strength,
                    variant=picture.variant,
                    media_type=media_type,
                    image=base64.b64encode(body).decode("ascii"),
                )
                for picture, body in pictures
            ],
        )
        dumped: dict[str, Any] = answer.model_dump(mode="json")
        return JSONResponse(dumped, headers=self.headers())


def strip(pictures: list[RgbImage]) -> RgbImage:
    """Return pictures of one size side by side."""
    return np.hstack(pictures)


def _header_face(face: FaceModel) -> dict[str, Any]:
    """Return what a header tells of a face: no points, and of its expression the likeliest only."""
    left_out: dict[str, Any] = {"landmarks": True, "pose_after": True, "expression": {"probabilities"}}
    return face.model_dump(exclude=left_out | ({"expression": True} if face.expression is None else {}))


def _face_model(index: int, face: Face, reading: Reading | None, pose_after: Pose | None = None) -> FaceModel:
    left, top, right, bottom = (round(float(edge), 1) for edge in face.box)
    points = [(round(float(x), 1), round(float(y), 1)) for x, y in face.landmarks]
    return FaceModel(
        index=index,
        box=(left, top, right, bottom),
        score=round(face.score, 3),
        pose=_pose_model(face.pose),
        pose_after=None if pose_after is None else _pose_model(pose_after),
        expression=None if reading is None else _expression_model(reading),
        landmarks=points,
    )


def _expression_model(reading: Reading) -> ExpressionModel:
    rounded = {name: round(score, 4) for name, score in reading.scores.items()}
    return ExpressionModel(label=reading.label, probability=rounded[reading.label], probabilities=rounded)


def _pose_model(pose: Pose) -> PoseModel:
    return PoseModel(**{axis: round(angle, 1) for axis, angle in pose._asdict().items()})
