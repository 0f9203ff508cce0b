from pathlib import Path

import heads
import hypothesis.strategies as st
import numpy as np
import people
import pytest
from hypothesis import given, settings

from mien_export.quality import landmarks
from mien_export.quality.landmarks import COPY_SHIFT, LandmarkMeters, Row, TaughtFace, shifted_copy, table
from mien_service.faces.landmarks import INPUT_SIDE
from mien_service.faces.mesh import SQUARE_MARGIN

SHIFTS = st.floats(-COPY_SHIFT, COPY_SHIFT)

EYE, X, Y = 60, 120, 100
MESH = heads.head(EYE, X, Y)


@settings(max_examples=20)
@given(SHIFTS, SHIFTS)
def test_a_copy_is_moved_by_the_shift(right: float, down: float) -> None:
    rows, columns = np.mgrid[:80, :100]
    dot = 220 * np.exp(-((columns - 50) ** 2 + (rows - 40) ** 2) / 30)
    picture = np.repeat(np.rint(dot).astype(np.uint8)[..., None], 3, axis=2)
    copy = shifted_copy(picture, np.array([right, down]))
    assert (copy.shape, copy.dtype) == (picture.shape, np.uint8)
    light = np.clip(copy[..., 0].astype(float) - 25, 0, None)
    found = [(light * axis).sum() / light.sum() for axis in (columns, rows)]
    np.testing.assert_allclose(found, [50 + right, 40 + down], atol=0.25)


def test_a_copy_is_coded_once_more_in_its_own_colours() -> None:
    picture = people.small_person("ben", 200)
    copy = shifted_copy(picture, np.zeros(2))
    assert (copy != picture).any()
    assert people.psnr(copy, picture) > 28


def test_the_table_is_in_percent() -> None:
    rows = [
        Row("yaw 0 to 15", 12, "2.5 %", {"MeshNet": 0.0213, "missed": 0.5}),
        Row("jitter", 3, "1 %", {"dlib 68": 1}),
    ]
    lines = table(rows).splitlines()
    assert lines[2:] == [
        "| yaw 0 to 15 | 12 | 2.5 % | MeshNet 2.13 %, missed 50.00 % |",
        "| jitter | 3 | 1 % | dlib 68 100.00 % |",
    ]


class _Reads:
    """Stands in for the service's network: it sees the head `off` eye distances to the right of where it is.

    Where it looks it cannot know, so the squares it is shown tell it: each picture's red disc is the head.
    """

    def __init__(self, off: float, score: float = 1.0) -> None:
        self.off = off
        self.score = score

    def __call__(self, network: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        assert network == "mesh_net"
        meshes = [self._mesh(image) for image in inputs["image"]]
        n = len(meshes)
        return {
            "points": np.stack(meshes).astype(np.float32),
            "visibility": np.ones((n, heads.POINTS), np.float32),
            "rotation": np.tile(np.eye(3, 2, dtype=np.float32), (n, 1, 1)),
            "score": np.full((n, 1), self.score, np.float32),
        }

    def _mesh(self, image: np.ndarray) -> np.ndarray:
        red = np.clip(image[0] - image[1], 0, None)
        axis = np.arange(INPUT_SIDE) + 0.5
        x, y = (red.sum(axis=0) @ axis) / red.sum(), (red.sum(axis=1) @ axis) / red.sum()
        eye = np.sqrt(red.sum() / np.pi)
        return heads.head(float(eye), float(x + self.off * eye), float(y)) / INPUT_SIDE


@pytest.fixture
def teacher_and_masks(data: Path) -> None:
    heads.write_teacher(data)
    heads.write_masks(data)


@pytest.fixture
def face() -> TaughtFace:
    return TaughtFace(heads.disc(240, 250, X, Y, EYE), MESH, 0.0)


@pytest.mark.usefixtures("teacher_and_masks")
@pytest.mark.parametrize("off", [0.0, 0.1])
def test_errors_are_in_eye_distances(off: float, face: TaughtFace) -> None:
    plane, space = LandmarkMeters(_Reads(off)).error(face, face.picture, np.random.default_rng(0))
    assert plane == pytest.approx(off, abs=0.01)
    assert space == pytest.approx(off, abs=0.01)


@pytest.mark.usefixtures("teacher_and_masks")
def test_a_face_that_is_not_seen_is_infinitely_off(face: TaughtFace) -> None:
    meters = LandmarkMeters(_Reads(0, score=0.1))
    assert meters.error(face, face.picture, np.random.default_rng(0)) == (np.inf, np.inf)


@pytest.mark.usefixtures("teacher_and_masks")
def test_jitter_is_what_is_left_when_the_copys_shift_is_taken_back(face: TaughtFace) -> None:
    meters = LandmarkMeters(_Reads(0.0))
    for seed in range(3):
        assert meters.jitter(face, np.random.default_rng(seed))["MeshNet"] < 0.005
    still = LandmarkMeters(_Still())
    assert still.jitter(face, np.random.default_rng(1))["MeshNet"] > 0.005


class _Still(_Reads):
    """Sees the head in the middle of whatever it is shown."""

    def __init__(self) -> None:
        super().__init__(0)

    def _mesh(self, image: np.ndarray) -> np.ndarray:
        low, high = heads.frontal().min(axis=0), heads.frontal().max(axis=0)
        eye = INPUT_SIDE / SQUARE_MARGIN / float((high - low)[:2].max())
        middle = INPUT_SIDE / 2 - eye * (low + high)[:2] / 2
        return heads.head(eye, *middle.tolist()) / len(image[0])


@pytest.mark.usefixtures("teacher_and_masks")
def test_under_a_mask_every_model_is_measured(face: TaughtFace) -> None:
    found = LandmarkMeters(_Reads(0.0)).masked(face, np.random.default_rng(0))
    assert found.keys() == {"MeshNet", "teacher", "dlib 68"}
    assert all(value >= 0 for value in found.values())
    assert found["MeshNet"] > 0.02, "half of the disc is under the mask"


@pytest.mark.usefixtures("teacher_and_masks")
def test_the_report_sorts_faces_by_yaw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, face: TaughtFace) -> None:
    yaws = (3.0, -10.0, 20.0, -40.0, 60.0)
    monkeypatch.setattr(landmarks, "held_out_faces", lambda: iter(TaughtFace(face.picture, MESH, yaw) for yaw in yaws))
    rows = landmarks.measured_rows(_Reads(0.05))
    assert [(row.name, row.n) for row in rows[:4]] == [
        ("yaw 0 to 15", 2),
        ("yaw 15 to 30", 1),
        ("yaw 30 to 45", 1),
        ("yaw 45 to 90", 1),
    ]
    for row in rows[:4]:
        assert row.figures["MeshNet"] == pytest.approx(0.05, abs=0.01)
        assert row.figures["missed"] == 0
    landmarks.report_landmarks(_Reads(0.05), tmp_path)
    assert (tmp_path / "landmarks.md").read_text() == table(rows)
