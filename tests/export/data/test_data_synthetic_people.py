from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mien_export.data import synthetic_people
from mien_export.data.crops import WEIGHTS, CropCutter
from mien_export.data.synthetic_people import CROP_SIZE, load_people, people_key, rendered_people
from mien_export.runner import WeightsRunner
from mien_export.teachers.renderer import Renderer
from mien_service.faces.mesh import ibug_landmarks

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


@pytest.fixture
def cutter() -> CropCutter:
    return CropCutter(CROP_SIZE, WeightsRunner(WEIGHTS))


def test_people_lie_in_their_crops_as_the_service_cuts_them(
    cutter: CropCutter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    people = rendered_people([3, 15], Renderer(), cutter)
    assert people.seeds.tolist() == [3, 15]
    assert people.pixels.shape == (2, 288, 288, 3)
    assert people.transforms.shape == (2, 2, 3)
    for mesh in people.meshes:
        landmarks = ibug_landmarks(mesh)
        eyes, mouth = landmarks[36:48].mean(axis=0), landmarks[48:60].mean(axis=0)
        assert abs(eyes[0] - 144) < 25
        assert 90 < eyes[1] < mouth[1] < 230


def test_where_no_face_is_found_there_is_no_person(cutter: CropCutter) -> None:
    def blank(styles: object) -> list[np.ndarray]:
        return [np.full((256, 256, 3), 90, np.uint8) for _ in range(len(styles))]  # type: ignore[arg-type]

    people = rendered_people([1, 2], blank, cutter)  # type: ignore[arg-type]
    assert people.pixels.shape == (0, 288, 288, 3)
    assert people.meshes.shape == (0, 468, 3)


def test_people_are_rendered_in_parts_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Callable[[ModuleType], None]
) -> None:
    in_process(synthetic_people)
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    monkeypatch.setattr(synthetic_people, "PART", 2)
    people = load_people(4)
    assert set(people.seeds.tolist()) <= {0, 1, 2, 3}
    assert len(people.seeds) >= 3
    files = sorted(tmp_path.glob(f"people-*-{people_key()}.npz"))
    assert len(files) == 2
    written = [file.stat().st_mtime_ns for file in files]
    again = load_people(2)
    assert [file.stat().st_mtime_ns for file in files] == written
    np.testing.assert_array_equal(again.pixels, people.at(np.nonzero(people.seeds < 2)[0]).pixels)
