"""What heads are turned to the front by: the service and the baselines it is held against."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.networks.seed_frontalizer import IMAGE_SIZE, SeedFrontalizer
from mien_export.recipes.shipping import averaged
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace, at_resolution, cut
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit
from mien_service.faces.face import RgbImage
from mien_service.faces.turning import Turn, by_mesh
from mien_service.tasks.frontalize import FrontalizeParams, frontalize, turn_of

SIDE = 256

Turner = Callable[[RgbImage, AlignedFace], RgbImage]
"""A photo and its face to the aligned square (SIDE, SIDE, 3) of the head turned to the front."""

FRONT = FrontalizeParams.model_validate({"force": True})

SERVICE = "service"
UNTURNED = "photo as it is"


def turners(run: WeightsRunner, seed: Path) -> dict[str, Turner]:
    """Return what heads are turned by, baselines first, the service last.

    `seed` is a checkpoint of the seed's design, or none.
    """
    found: dict[str, Turner] = {
        UNTURNED: square,
        "mesh warp": _by_fields(run, lambda turn, amount: replace(by_mesh(turn, amount), twin=None)),
        "mesh warp and mirror": _by_fields(run, by_mesh),
    }
    if seed.exists():
        found["seed's design"] = seed_turner(seed)
    return found | {SERVICE: service_turner(run)}


def square(photo: RgbImage, face: AlignedFace) -> RgbImage:
    """Return the aligned square of a photo's face as it is."""
    return cut(photo, at_resolution(face.transform, SIDE), SIDE)


def service_turner(run: WeightsRunner) -> Turner:
    """Return the turner that the service is."""
    return lambda photo, face: square(apply_edit(photo, face.transform, served_edit(face, run)), face)


def served_edit(face: AlignedFace, run: WeightsRunner) -> Edit:
    """Return the edit by which the service turns a face to the front."""
    [edit] = frontalize(face, FRONT, run)
    assert isinstance(edit, Edit)
    return edit


def _by_fields(run: WeightsRunner, made: Callable[[Turn, float], Edit]) -> Turner:
    def turn(photo: RgbImage, face: AlignedFace) -> RgbImage:
        return square(apply_edit(photo, face.transform, made(*turn_of(face, FRONT, run))), face)

    return turn


def seed_turner(checkpoint: Path) -> Turner:
    """Return the turner of the seed project's design, by the averaged weights of a checkpoint."""
    net = SeedFrontalizer()
    net.load_state_dict(averaged(checkpoint))
    net.eval()

    def turn(photo: RgbImage, face: AlignedFace) -> RgbImage:
        redrawn = redrawn_square(net.redrawn, photo, face, IMAGE_SIZE).round().astype(np.uint8)
        return np.asarray(cv2.resize(redrawn, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)

    return turn


@torch.no_grad()
def redrawn_square(
    draw: Callable[[torch.Tensor], torch.Tensor], photo: RgbImage, face: AlignedFace, side: int
) -> NDArray[np.float32]:
    """Return the aligned square (side, side, 3), RGB in 0..255, as a network draws it: (1, 3, side, side) in 0..1."""
    small = cut(photo, at_resolution(face.transform, side), side)
    image = torch.from_numpy(small.transpose(2, 0, 1)[None].copy()).float() / 255
    return np.asarray(draw(image)[0].permute(1, 2, 0).numpy() * 255, np.float32)
