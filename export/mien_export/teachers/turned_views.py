"""Turned heads and the same heads as they should become: what the head refiner learns from.

Three kinds of them: photos whose head the mesh turns away, found again in the turned picture (the truth is the photo,
pixel by pixel); people of the generator rendered at several yaws (the truth is as good as the generator's idea of a
head in three dimensions); and real turned heads, of which only another photo of the person is known.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.runner import WeightsRunner
from mien_export.teachers.directions import Move, direction, moved
from mien_export.teachers.people import mean_style, styles_of
from mien_export.teachers.renderer import Renderer
from mien_service.faces.align import AlignedFace, align, at_resolution, cut
from mien_service.faces.composite import apply_edit
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Mesh, Pose, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.head_model import TABLE, HeadModel, placement
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.pose import rotation_of
from mien_service.faces.refining import SIDE, refiner_input
from mien_service.faces.turning import by_mesh, turned
from mien_service.tasks.head import mesh_in_square

FIELD_SIDE = 256
"""Of the fields that turn heads away, in pixels."""

DEPTHS = (0.88, 1.14)
"""Heads are turned away as if they were so much flatter or deeper: the mesh that turns them back is wrong of real heads
by as much."""

STEP_DEGREES = 5.6
"""Degrees of yaw that a step of 1 in the generator's w makes, about."""

FRONTAL, TURNED = 8.0, 15.0
"""Degrees of yaw up to which a head counts as frontal, and from which on as turned."""

PERSON_AWAY = (15.0, 38.0)
"""Degrees of yaw that people of the generator are turned to: beyond, their heads fall apart."""

Rotation = NDArray[np.float64]

FRONT: Rotation = rotation_of(Pose(0.0, 0.0, 0.0))


@dataclass(frozen=True, eq=False)
class Seen:
    """A photo with its largest face as the service finds it: the mesh in pixels of its aligned square."""

    photo: RgbImage
    face: AlignedFace
    mesh: Mesh

    @property
    def yaw(self) -> float:
        """Degrees that the head is turned to the picture's right."""
        return self.face.face.pose.yaw


class Views:
    """Finds heads, turns them and shows them as the refiner sees them."""

    def __init__(self, run: WeightsRunner, model: HeadModel | None = None) -> None:
        """`model` is the head model, by default the weights' own."""
        self._run = run
        self._finder = FaceFinder(NetworkDetector(), MeshLandmarks())
        self._model = model or HeadModel.of(run.table(TABLE))

    def seen(self, photo: RgbImage) -> Seen | None:
        """Return the photo with its face, or None where the service finds none."""
        try:
            [found] = self._finder.find(photo, "largest", self._run)
        except NoFaceFound:
            return None
        face = align(photo, found)
        return Seen(photo, face, mesh_in_square(face, self._run))

    def rotation(self, seen: Seen) -> Rotation:
        """Return how the head is turned in its aligned square."""
        return placement(seen.mesh, self._model).rotation

    def away(self, seen: Seen, pose: Pose, depth: float = 1.0) -> Seen | None:
        """Return the photo with its head turned to a pose and found again; `depth` stretches it from front to back."""
        mesh = seen.mesh * np.array([1, 1, depth], np.float32)
        turn = turned(mesh, self._model, rotation_of(pose), FIELD_SIDE)
        return self.seen(apply_edit(seen.photo, seen.face.transform, by_mesh(turn)))

    def shown(self, seen: Seen, target: Rotation) -> NDArray[np.uint8]:
        """Return the head turned to a rotation, as the refiner sees it: (SIDE, SIDE, CHANNELS)."""
        image = refiner_input(seen.face.crop, turned(seen.mesh, self._model, target, SIDE))
        return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def square(seen: Seen) -> RgbImage:
    """Return the aligned square (SIDE, SIDE, 3) of a photo's face."""
    return cut(seen.photo, at_resolution(seen.face.transform, SIDE), SIDE)


def view(views: Views, seen: Seen, truth: Seen, target: Rotation) -> NDArray[np.uint8]:
    """Return (SIDE, SIDE, CHANNELS + 6): the head turned to a rotation, the truth, and the head as it was.

    For the truth another photo of the person may stand.
    """
    return np.concatenate([views.shown(seen, target), square(truth), square(seen)], axis=2)


def photo_turned_away(views: Views, photo: RgbImage, yaw: float, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """Return the view of a photo whose head was turned to a yaw, a random nod with it; None where it is lost."""
    truth = views.seen(photo)
    if truth is None:
        return None
    pose = Pose(yaw, truth.face.face.pose.pitch + float(rng.normal(0, 6)), 0.0)
    away = views.away(truth, pose, float(rng.uniform(*DEPTHS)))
    return None if away is None else view(views, away, truth, views.rotation(truth))


def styles_at_yaws(seed: int, yaws: list[float]) -> torch.Tensor:
    """Return the styles (n, 23, 512) of a person of the generator turned to about each of n yaws, in degrees."""
    styles = styles_of([seed])
    own = float((styles[0, 0].numpy() - mean_style()) @ direction("yaw"))
    return torch.cat([moved(styles, [Move("yaw", yaw / STEP_DEGREES - own)]) for yaw in yaws])


def front_and_sides(views: Views, render: Renderer, seed: int) -> list[tuple[Seen, Seen]]:
    """Return a person of the generator seen from a side and from the front, once for each side that is found."""
    left, right = np.random.default_rng(seed).uniform(*PERSON_AWAY, size=2)
    frontal, *sides = [views.seen(photo) for photo in person_at_yaws(render, seed, [0.0, -left, right])]
    if frontal is None or abs(frontal.yaw) > FRONTAL:
        return []
    return [(side, frontal) for side in sides if side is not None and abs(side.yaw) > TURNED]


def person_at_yaws(render: Renderer, seed: int, yaws: list[float]) -> list[RgbImage]:
    """Return pictures of a person of the generator turned to about each of some yaws, in degrees."""
    return render(styles_at_yaws(seed, yaws))
