"""The generator at 256 pixels without PyTorch: renders people in half its time."""

import hashlib
import os

import numpy as np
import onnxruntime
import torch

from mien_export.data.crops import cache_folder
from mien_export.onnx import Tensor, export
from mien_export.teachers.generator import LAYERS, STYLE_SIZE, TAP, Synthesis, load_synthesis
from mien_export.teachers.people import pictures_of
from mien_service.faces.face import RgbImage


class Renderer:
    """Renders people at 256 pixels on one thread."""

    def __init__(self) -> None:
        """The network is exported once and cached."""
        file = cache_folder() / f"generator-{hashlib.sha256(TAP.read_bytes()).hexdigest()[:8]}.onnx"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_name(f"{file.stem}.{os.getpid()}.part.onnx")
            styles = Tensor("styles", (LAYERS, STYLE_SIZE), "one style a layer")
            export(_AtTap(load_synthesis()), [styles], [Tensor("image", (3, 256, 256), "RGB")], unfinished)
            unfinished.replace(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, styles: torch.Tensor) -> list[RgbImage]:
        """Return pictures (256, 256, 3) uint8 RGB of styles (n, 23, 512)."""
        found = [self._session.run(None, {"styles": style[None].numpy()})[0] for style in styles.contiguous()]
        return pictures_of(torch.from_numpy(np.concatenate(found)))


class _AtTap(torch.nn.Module):
    def __init__(self, generator: Synthesis) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, styles: torch.Tensor) -> torch.Tensor:
        return self.generator(styles, 256)
