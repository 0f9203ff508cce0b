"""What a task returns."""

import builtins
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, overload

from ._responses import RawResponse
from ._types import Expression, Face, ModelVersion

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What every answer tells beside its pictures."""

    faces: tuple[Face, ...]
    """The faces found, from left to right."""
    timings: Mapping[str, float]
    """Milliseconds the service spent in each stage."""
    request_id: str | None
    model: ModelVersion | None
    notice: str | None
    """What the service wants people who see the picture to know."""
    help_line: str | None
    """Where help is found, of pictures that may trouble who sees them; None where the service does not say."""
    invented: bytes | None = field(repr=False)
    """A grey PNG as large as the pictures, 255 where they are invented, else 0; None where the answer does not tell."""
    not_for_identification: bool
    """True where parts of a face are invented."""
    response: RawResponse
    """The response as it came."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EditResult(Answer):
    """An edited picture.

    `strength` and `variant` tell the pictures of one request apart; they are None where the answer
    was a bare picture.
    """

    media_type: str
    bytes: builtins.bytes = field(repr=False)
    strength: float | None = None
    variant: int | None = None

    @property
    def expression(self) -> Expression | None:
        """What the first of the faces shows, of stickers and of what `emotion` drew on; None of other pictures."""
        return self.faces[0].expression if self.faces else None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as it came, in `media_type` whatever the path's suffix. Raises OSError."""
        target = Path(path)
        target.write_bytes(self.bytes)
        return target

    def image(self) -> "Image":
        """Decode the picture with Pillow. Raises ImportError where Pillow is not installed."""
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError("image() needs Pillow: pip install 'mien[pillow]'", name="PIL") from error
        picture = Image.open(io.BytesIO(self.bytes))
        picture.load()
        return picture


@dataclass(frozen=True, kw_only=True, eq=False)
class EmotionResult(Answer):
    """What was read from faces: each of `faces` has its `expression`."""

    expression: Expression
    """What the first of the faces shows: the only one, unless all were asked for."""
    picture: EditResult | None
    """The photo with what was asked for drawn on it; None where nothing was."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EditResults(Answer, Sequence[EditResult]):
    """The pictures of one request, at least one, in the order asked for."""

    results: tuple[EditResult, ...]

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> EditResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[EditResult]: ...
    def __getitem__(self, index: int | slice) -> EditResult | Sequence[EditResult]:
        return self.results[index]
