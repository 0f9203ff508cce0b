"""Addiction previews by the student network that learned them, beside the layers that the service draws."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from mien_export.data.signed_faces import SIDE, condition, where
from mien_export.recipes.preview_student import network
from mien_export.recipes.shipping import averaged
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit, no_edit
from mien_service.faces.face import RgbImage
from mien_service.faces.head_model import TABLE, HeadModel
from mien_service.faces.skin.layers import canvas_of
from mien_service.faces.skin.signs import Gains
from mien_service.tasks.head import mesh_in_square, uncovered_skin
from mien_service.tasks.substances import Substance

STUDENT = "student"


class StudentIllustrator:
    """An illustrator by the averaged weights of a checkpoint of preview_student."""

    def __init__(self, checkpoint: Path, run: WeightsRunner) -> None:
        self._net = network()
        self._net.load_state_dict(averaged(checkpoint))
        self._net.eval()
        self._run = run

    def __call__(
        self, photo: RgbImage, face: AlignedFace, substance: str, severities: Sequence[float]
    ) -> list[RgbImage]:
        """Return `photo` at each severity."""
        model = HeadModel.of(self._run.table(TABLE))
        canvas = canvas_of(face.crop, mesh_in_square(face, self._run), model, uncovered_skin(face, self._run))
        region = np.asarray(cv2.resize(where(canvas), (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
        small = np.asarray(cv2.resize(face.crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        edits = [
            self._edit(small, region, Substance(substance), one) if one > 0 else no_edit(SIDE) for one in severities
        ]
        return [apply_edit(photo, face.transform, edit) for edit in edits]

    @torch.no_grad()
    def _edit(self, small: RgbImage, region: np.ndarray, substance: Substance, severity: float) -> Edit:
        image = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        fields = self._net.fields(image, torch.from_numpy(condition(substance, severity, Gains()))[None])
        flow, residual = (one[0].permute(1, 2, 0).contiguous().numpy() for one in (fields.flow, fields.residual))
        return Edit(residual=residual * np.float32(255), alpha=region, flow=flow)
