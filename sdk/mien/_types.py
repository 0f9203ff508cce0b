"""What the service says, as typed values. Members not listed here are ignored, so it may say more."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Required, TypedDict

from pydantic import BaseModel, ConfigDict

from ._files import Picture

FaceChoice = Literal["largest", "all"] | int
"""Which face: the largest, all of them, or an index from left to right."""

Output = Literal["photo", "face"]
"""What comes back: the whole photo, edited, or the aligned crop of the face."""

Substance = Literal["smoking", "alcohol", "drugs"]
"""What signs are shown of."""

Style = Literal["cel", "sketch", "cartoon", "baby", "emoji"]
"""What a head is drawn as."""

Strengths = str | Sequence[float]
"""Several strengths: numbers, or "start:stop:step" with stop left out."""

Edits = str | Mapping[str, float]
"""Several attributes at once: attribute -> strength, or "smiling:1,young:-0.5"."""


class TaskOptions(TypedDict, total=False):
    """What every task that can give several results takes, beside the picture and what asks for them."""

    seed: int | None
    face: FaceChoice
    output: Output
    landmarks: bool
    accept: str | None


class EditOptions(TaskOptions, total=False):
    """What `edit_attribute` takes more."""

    attribute: str | None
    strength: float | None
    edits: Edits | None
    engine: str | None


class UnmaskOptions(TaskOptions, total=False):
    """What `unmask` takes more."""

    mask: Picture | None


class PreviewOptions(TaskOptions, total=False):
    """What `addiction_preview` takes more."""

    substance: Required[Substance]
    severity: float | None
    blotches: float
    wrinkles: float
    tone: float
    hollowing: float
    eyes_teeth: float


class Box(NamedTuple):
    """A face's box in pixels of the photo."""

    left: float
    top: float
    right: float
    bottom: float


class Point(NamedTuple):
    """A landmark in pixels of the photo."""

    x: float
    y: float


class Record(BaseModel):
    """A value the service gave."""

    model_config = ConfigDict(frozen=True)


class Pose(Record):
    """How a head is turned, in degrees."""

    yaw: float
    pitch: float
    roll: float


class Expression(Record):
    """What a face shows: the likeliest expression, and how likely it and each of the seven are, 0 to 1."""

    label: str
    probability: float
    probabilities: Mapping[str, float] = {}


class Face(Record):
    """A face that was found.

    `landmarks` is empty unless the answer was asked for as JSON, and `pose_after`, how a head that was turned is turned
    in the answer's picture, is None. `expression` is what `emotion` read, or what a sticker's face shows, else None.
    """

    index: int
    box: Box
    score: float
    pose: Pose | None = None
    pose_after: Pose | None = None
    expression: Expression | None = None
    landmarks: tuple[Point, ...] = ()


class ModelVersion(Record):
    """The network that did the work."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class ModelCard(Record):
    """What the service tells about one of its networks; further members are kept as attributes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    version: str | None = None
    licence: str | None = None
    commercial_use: bool | str | None = None
