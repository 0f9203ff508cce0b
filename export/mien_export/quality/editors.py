"""Attribute edits as the service makes them, without a server: its own task on its own weights."""

from typing import Any

from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.face import RgbImage
from mien_service.tasks.edit_attribute import EditAttributeParams, edit_attribute


class ServiceEditor:
    """An attribute editor that does what POST /edit-attribute does; `options` are more of its parameters."""

    def __init__(self, runner: WeightsRunner, variant: int = 0, **options: Any) -> None:
        self._runner = runner
        self._variant = variant
        self._options = options

    def __call__(self, photo: RgbImage, face: AlignedFace, attribute: str, strength: float) -> RgbImage:
        """Return `photo` with `attribute` changed by `strength`."""
        fields = {"attribute": attribute, "strength": strength, "variants": self._variant + 1, **self._options}
        params = EditAttributeParams.model_validate(fields)
        edits = edit_attribute(face, params, self._runner)
        return apply_edit(photo, face.transform, edits[self._variant])  # pyright: ignore[reportArgumentType]
