"""The tasks: what each takes and needs. Routes, schema, page and models list are built from here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit, Layer, Placed, Reading, Sticker
from mien_service.faces.face import RgbImage

Result = Edit | Placed | Layer | Sticker | Reading


class Runner(Protocol):
    """Runs networks for a task."""

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run `network` on inputs with a leading batch axis and return its outputs by name."""
        ...

    def table(self, name: str) -> dict[str, NDArray[Any]]:
        """Return the arrays of table `name`."""
        ...


@dataclass(frozen=True)
class Picture:
    """What tells one of several pictures of an answer from the others."""

    strength: float | None = None
    variant: int | None = None


def _face_selection(value: object) -> object:
    """Turn the text of a whole number into that number: forms and queries carry only text."""
    return int(value) if isinstance(value, str) and len(value) < 10 and value.strip().isdecimal() else value


FaceSelection = Annotated[Literal["largest", "all"] | Annotated[int, Field(ge=0)], BeforeValidator(_face_selection)]


class TaskParams(BaseModel):
    """Parameters that every task takes. A task's own model adds to them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    face: FaceSelection = Field(
        "largest", description="Which face: `largest`, `all`, or an index counted from left to right."
    )
    output: Literal["photo", "face"] = Field(
        "photo", description="`photo`: the whole photo, edited. `face`: the aligned face square."
    )
    landmarks: bool = Field(False, description="Draw box, landmarks and pose of each face on the answer.")
    label: bool = Field(False, description="Write a visible mark of AI editing into the picture.")
    layout: Literal["strip"] | None = Field(
        None, description="`strip`: several pictures side by side as one, for answers that are an image."
    )

    def pictures(self) -> list[Picture]:
        """Return what tells the pictures of the answer apart, in order: one for most requests, none of a reading."""
        return [Picture()]

    def is_sticker(self) -> bool:
        """Return whether the pictures are cut out, with transparency."""
        return False

    def network(self) -> str | None:
        """Return the network that the answer is attributed to, where the parameters choose one; None: the first."""
        return None


Params = TypeVar("Params", bound=TaskParams)

Tables = Callable[[str], dict[str, NDArray[Any]]]
"""Name of a table to its arrays."""

TaskFunction = Callable[[AlignedFace, Any, Runner], Sequence[Result]]
"""Face, parameters and runner to one result for each of the parameters' pictures; or to one Reading."""


SceneFunction = Callable[[RgbImage, Sequence[AlignedFace], Any, Runner], RgbImage]
"""Photo (h, w, 3), the faces that are worked on, parameters and runner to the photo that their results are laid on."""


class InvalidParameter(ValueError):
    """A parameter is wrong in a way that its type does not tell; raised by tasks."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotForThisFace(LookupError):
    """There is nothing that the task could do on a face; raised by tasks. Of all faces, the others are worked on."""


@dataclass(frozen=True)
class TaskSpec:
    """A registered task."""

    path: str
    params: type[TaskParams]
    networks: tuple[str, ...]
    function: TaskFunction
    summary: str
    notice: str | None = None
    at_start: Callable[[Tables], None] | None = None
    """Called once before the first request: works out what all requests share, and raises WeightsError where the tables
    lack what the task needs."""
    takes_mask: bool = False
    """Whether a second picture of the photo's size, `mask`, may mark where on the photo."""
    invents: bool = False
    """Whether its paint is invented: answers tell where, and that it is not for identification."""
    turns: bool = False
    """Whether it turns heads: answers tell their pose afterwards."""
    offers_help: bool = False
    """Whether its pictures may trouble who sees them: answers tell where help is found, as the deployer says."""
    reads: bool = False
    """Whether it reads faces and edits nothing: answers tell what was read, and pictures have no mark of editing."""
    scene: SceneFunction | None = None
    """What it makes of the photo as a whole before the faces' results are laid on it; None: nothing."""

    @property
    def name(self) -> str:
        """The path without its slash."""
        return self.path.removeprefix("/")


class TaskRegistry:
    """Tasks by path. A refused registration leaves it unchanged."""

    def __init__(self) -> None:
        self._specs: dict[str, TaskSpec] = {}

    def add(self, spec: TaskSpec) -> None:
        """Register a task. Raises ValueError if its path is taken or is no path."""
        if not spec.path.startswith("/") or spec.path in self._specs:
            raise ValueError(f"{spec.path} is no path, or is taken")
        self._specs[spec.path] = spec

    def specs(self) -> list[TaskSpec]:
        """Return all tasks by path."""
        return [self._specs[path] for path in sorted(self._specs)]


REGISTRY = TaskRegistry()
"""The tasks of this package; filled when their files are imported, and not changed afterwards."""


def task(
    path: str,
    *,
    params: type[Params],
    networks: tuple[str, ...],
    notice: str | None = None,
    at_start: Callable[[Tables], None] | None = None,
    takes_mask: bool = False,
    invents: bool = False,
    turns: bool = False,
    offers_help: bool = False,
    reads: bool = False,
    scene: SceneFunction | None = None,
) -> Callable[[Callable[[AlignedFace, Params, Runner], Sequence[Result]]], TaskFunction]:
    """Register the decorated function as the task at `path`; its docstring's first line is the summary."""

    def register(function: Callable[[AlignedFace, Params, Runner], Sequence[Result]]) -> TaskFunction:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        REGISTRY.add(
            TaskSpec(
                path,
                params,
                networks,
                function,
                summary,
                notice,
                at_start,
                takes_mask,
                invents,
                turns,
                offers_help,
                reads,
                scene,
            )
        )
        return function

    return register
