"""How well MeshNet's landmarks hold: against the teacher on the bare face, turned, masked, and from copy to copy.

python -m mien_export evaluate landmarks
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.mesh_faces import frontal_mesh, guesses
from mien_export.data.packs import is_validation, read_pictures, read_rows
from mien_export.teachers import occluders
from mien_export.teachers.mesh import MeshTeacher, eye_distance, head_rotation, mirror_twins
from mien_service.engine.dlib_models import DlibLandmarks
from mien_service.faces.face import Detection, Mesh, RgbImage
from mien_service.faces.landmarks import LandmarkModel, MeshLandmarks
from mien_service.faces.mesh import mesh_box, mesh_square
from mien_service.faces.networks import RunNetwork
from mien_service.faces.pose import pose_of_rotation

MOST = {"celeba": 400, "stylegan": 80, "utkface": 200, "cfp": 300}
"""Most held-out pictures of each pack."""

MOST_TURNED = 400
"""Most turned pictures of pose_pairs, which nothing is trained on."""

YAW_BINS = ((0, 15), (15, 30), (30, 45), (45, 90))

BOX_JITTER = 0.08
"""Deviation of the boxes shown to the landmark models, in shares of their side: about a detector's."""

COPY_SHIFT = 2.5
"""Largest shift, in pixels, of the copy that jitter is measured on; its JPEG quality is COPY_QUALITY."""

COPY_QUALITY = 70


@dataclass(frozen=True, eq=False)
class TaughtFace:
    """A held-out picture (h, w, 3) uint8 RGB, the teacher's mesh of its bare face, and its yaw in degrees."""

    picture: RgbImage
    mesh: Mesh
    yaw: float


@dataclass(frozen=True)
class Row:
    """One line of the report: what was measured, of how many faces, the bar, and each model's figure."""

    name: str
    n: int
    bar: str
    figures: dict[str, float]


def held_out_faces() -> Iterator[TaughtFace]:
    """Yield held-out faces of all packs, and the turned faces of pose_pairs, that the teacher is sure of."""
    frontal = frontal_mesh()
    teacher = MeshTeacher(mirror_twins(frontal))
    for pack, names in _names().items():
        for picture in read_pictures(pack, names):
            fit = teacher.fit(picture, guesses(pack, picture))
            if fit is not None:
                yield TaughtFace(picture, fit.mesh, pose_of_rotation(head_rotation(fit.mesh, frontal)).yaw)


def _names() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for pack, most in MOST.items():
        held_out = [row["file"] for row in read_rows(pack) if is_validation(row)]
        names[pack] = [held_out[i] for i in np.unique(np.linspace(0, len(held_out) - 1, most).astype(int))]
    names["pose_pairs"] = [row["turned"] for row in read_rows("pose_pairs")][:MOST_TURNED]
    return names


class LandmarkMeters:
    """Measures the models on faces, one after the other, with the same jittered boxes for all."""

    def __init__(self, run: RunNetwork) -> None:
        self._run = run
        self._mesh_net = MeshLandmarks()
        self._dlib = DlibLandmarks()
        self._teacher = MeshTeacher()
        self._masks = occluders.Masks()

    def error(self, face: TaughtFace, picture: RgbImage, rng: np.random.Generator) -> tuple[float, float]:
        """Return MeshNet's mean error on `picture` over the 3-D eye distance, in the plane and in space.

        Both are infinite where it sees no face.
        """
        readings = self._mesh_net.read(picture, [_candidate(face, rng)], self._run)
        if not readings or readings[0].mesh is None:
            return np.inf, np.inf
        apart = (readings[0].mesh - face.mesh) / eye_distance(face.mesh)
        apart[:, 2] -= apart[:, 2].mean()
        return float(np.linalg.norm(apart[:, :2], axis=1).mean()), float(np.linalg.norm(apart, axis=1).mean())

    def masked(self, face: TaughtFace, rng: np.random.Generator) -> dict[str, float]:
        """Return each model's error over the 3-D eye distance under an overlaid mask.

        MeshNet's and the teacher's are against the teacher on the bare face; dlib's against itself on the bare face.
        """
        covered, _ = self._masks.lay(face.picture, face.mesh, rng)
        seen = self._teacher.settle(covered, mesh_square(face.mesh))
        scale = eye_distance(face.mesh)
        seed = int(rng.integers(1 << 30))
        return {
            "MeshNet": self.error(face, covered, np.random.default_rng(seed))[0],
            "teacher": float(np.linalg.norm((seen.mesh - face.mesh)[:, :2], axis=1).mean()) / scale,
            "dlib 68": _apart(self._dlib, face, covered, np.zeros(2), seed, self._run),
        }

    def jitter(self, face: TaughtFace, rng: np.random.Generator) -> dict[str, float]:
        """Return each model's mean movement between a picture and its shifted, recompressed copy."""
        shift = rng.uniform(-COPY_SHIFT, COPY_SHIFT, 2)
        copy = shifted_copy(face.picture, shift)
        seed = int(rng.integers(1 << 30))
        return {
            "MeshNet": _apart(self._mesh_net, face, copy, shift, seed, self._run),
            "dlib 68": _apart(self._dlib, face, copy, shift, seed, self._run),
        }


def shifted_copy(picture: RgbImage, shift: NDArray[np.float64]) -> RgbImage:
    """Return the picture moved by `shift` (x, y in pixels) and coded as JPEG once more."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    height, width = picture.shape[:2]
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    coded = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, COPY_QUALITY])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def report_landmarks(run: RunNetwork, folder: Path) -> None:
    """Measure everything, write landmarks.md into `folder`, and print it."""
    rows = measured_rows(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "landmarks.md").write_text(table(rows))
    print(table(rows))


def measured_rows(run: RunNetwork) -> list[Row]:
    """Return the rows of the report."""
    meters, rng = LandmarkMeters(run), np.random.default_rng(0)
    faces = list(held_out_faces())
    rows: list[Row] = []
    for low, high in YAW_BINS:
        mine = [face for face in faces if low <= abs(face.yaw) < high]
        errors = np.array([meters.error(face, face.picture, rng) for face in mine])
        bar = "2.5 %" if low == 0 else "4 %" if low == 45 else "-"
        figures = {"MeshNet": _mean(errors[:, 0]), "MeshNet in space": _mean(errors[:, 1]), "missed": _missed(errors)}
        rows.append(Row(f"yaw {low} to {high}", len(mine), bar, figures))
    some = faces[:: max(len(faces) // 400, 1)]
    rows.append(Row("under an overlaid mask", len(some), "4 %", _means([meters.masked(face, rng) for face in some])))
    rows.append(Row("jitter", len(some), "1 %", _means([meters.jitter(face, rng) for face in some])))
    return rows


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown, in percent of the 3-D eye distance."""
    lines = ["| | n | bar | figures |", "| --- | --- | --- | --- |"]
    for row in rows:
        figures = ", ".join(f"{name} {100 * figure:.2f} %" for name, figure in row.figures.items())
        lines.append(f"| {row.name} | {row.n} | {row.bar} | {figures} |")
    return "\n".join(lines) + "\n"


def _candidate(face: TaughtFace, rng: np.random.Generator) -> Detection:
    """Return the face's box as a detector might give it."""
    box = mesh_box(face.mesh)
    side = max(box.width, box.height)
    left, top, right, bottom = np.array(box) + rng.normal(0, BOX_JITTER * side / 2, 4)
    return Detection(type(box)(left, top, right, bottom), 1.0)


def _apart(
    model: LandmarkModel, face: TaughtFace, other: RgbImage, shift: NDArray[np.float64], seed: int, run: RunNetwork
) -> float:
    """Return the mean distance of the model's 68 landmarks on the picture and on `other`, moved back by `shift`."""
    one, two = (
        model.read(picture, [_candidate(face, np.random.default_rng(seed + i))], run)
        for i, picture in enumerate((face.picture, other))
    )
    if not one or not two:
        return np.inf
    apart = one[0].landmarks + shift - two[0].landmarks
    return float(np.linalg.norm(apart, axis=1).mean()) / eye_distance(face.mesh)


def _means(figures: list[dict[str, float]]) -> dict[str, float]:
    return {name: _mean(np.array([one[name] for one in figures])) for name in figures[0]}


def _mean(errors: NDArray[np.float64]) -> float:
    """Return the mean of the finite errors."""
    return float(errors[np.isfinite(errors)].mean())


def _missed(errors: NDArray[np.float64]) -> float:
    return float((~np.isfinite(errors[:, 0])).mean())
