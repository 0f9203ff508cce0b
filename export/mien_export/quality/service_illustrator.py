"""Addiction previews as the service makes them, without a server: its own task on its own weights."""

from collections.abc import Sequence
from typing import Any

from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.face import RgbImage
from mien_service.tasks.addiction_preview import AddictionPreviewParams, addiction_preview

SERVICE = "service"


class ServiceIllustrator:
    """An illustrator that does what POST /addiction-preview does; `options` are more of its parameters."""

    def __init__(self, run: WeightsRunner, **options: Any) -> None:
        self._run = run
        self._options = options

    def __call__(
        self, photo: RgbImage, face: AlignedFace, substance: str, severities: Sequence[float]
    ) -> list[RgbImage]:
        """Return `photo` at each severity."""
        fields = {"substance": substance, "severities": list(severities), **self._options}
        params = AddictionPreviewParams.model_validate(fields)
        edits = addiction_preview(face, params, self._run)
        return [apply_edit(photo, face.transform, edit) for edit in edits]  # pyright: ignore[reportArgumentType]
