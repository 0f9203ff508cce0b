import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tflite_files import MULTIPLY, Use, tflite_file

from mien_export.onnx import file_sha256
from mien_export.teachers import face_stylizer
from mien_export.teachers.face_stylizer import PACKAGE, SIDE, STYLES, WrongStylizer, load_face_stylizer

FACTORS = np.array([1, 0.5, 2], np.float32)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source distribution whose sketches are the picture with red kept, green halved and blue doubled."""
    shape = [1, SIDE, SIDE, 3]
    task, file = io.BytesIO(), tmp_path / "package.tar.gz"
    with zipfile.ZipFile(task, "w") as archive:
        archive.writestr("face_detector.tflite", b"not looked at")
        archive.writestr(
            "face_stylizer.tflite", tflite_file([shape, FACTORS, shape], [Use(MULTIPLY, [0, 1], [2])], [0], [2])
        )
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(f"{PACKAGE}/models/{STYLES['sketch']}.task")
        member.size = len(task.getvalue())
        archive.addfile(member, io.BytesIO(task.getvalue()))
    monkeypatch.setenv("MIEN_STYLIZER", str(file))
    monkeypatch.setattr(face_stylizer, "SHA256", file_sha256(file))
    return file


@pytest.mark.usefixtures("package")
def test_a_square_is_drawn_by_the_packages_network() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    drawing = load_face_stylizer("sketch")(crop)
    assert drawing.dtype == np.uint8
    wanted = np.clip(np.round(crop * FACTORS), 0, 255)
    assert np.abs(drawing - wanted).max() <= 1, "a half may be rounded either way"


@pytest.mark.usefixtures("package")
def test_a_style_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        load_face_stylizer("engraving")


def test_another_file_is_refused(package: Path) -> None:
    package.write_bytes(package.read_bytes() + b"\0")
    with pytest.raises(WrongStylizer, match="SHA-256"):
        load_face_stylizer("sketch")


def test_without_the_file_there_is_no_stylizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_STYLIZER", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_face_stylizer("sketch")
