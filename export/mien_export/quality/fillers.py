"""Ways to fill a hole in an aligned face: the service's own, and what it is held against."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.networks import face_prior
from mien_export.networks.repainter import IMAGE_SIZE, Repainter
from mien_export.quality.regions import Mask
from mien_export.recipes.shipping import averaged
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage
from mien_service.faces.filling import filled
from mien_service.faces.prior import FacePrior

Filler = Callable[[RgbImage, Mask], RgbImage]
"""Takes an aligned face (s, s, 3) and a hole (s, s), whatever is in it, and returns the face with the hole filled."""

RING = 0.04
"""Width, as a share of the side, of the ring around a hole whose colour is looked at."""

RADIUS = 5
"""Of OpenCV's inpainting, in pixels."""

PCA_SIDE = 128


def flat_skin(face: RgbImage, hole: Mask) -> RgbImage:
    """Fill with the mean colour of the ring around the hole."""
    return _laid(face, hole, np.broadcast_to(ring_colour(face, hole), face.shape))


def telea(face: RgbImage, hole: Mask) -> RgbImage:
    """Inpaint after Telea 2004."""
    return np.asarray(cv2.inpaint(face, hole.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA), np.uint8)


def navier_stokes(face: RgbImage, hole: Mask) -> RgbImage:
    """Inpaint after Bertalmio et al. 2001."""
    return np.asarray(cv2.inpaint(face, hole.astype(np.uint8), RADIUS, cv2.INPAINT_NS), np.uint8)


def mean_face(faces: NDArray[np.uint8]) -> Filler:
    """Return the filler by the mean of aligned faces (n, s, s, 3), its colour matched in the ring."""
    mean = np.asarray(faces.mean(axis=0), np.float32)

    def fill(face: RgbImage, hole: Mask) -> RgbImage:
        fitting = np.asarray(cv2.resize(mean, face.shape[1::-1], interpolation=cv2.INTER_CUBIC))
        return _laid(face, hole, fitting + ring_colour(face, hole) - ring_colour(fitting, hole))

    return fill


def principal_components(faces: NDArray[np.uint8], count: int = face_prior.COMPONENTS) -> Filler:
    """Return the filler by `count` principal components of aligned faces (n, PCA_SIDE, PCA_SIDE, 3)."""
    model = face_prior.FacePrior(PCA_SIDE, count)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.fit(torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255)
    return _by(FacePrior(model.table()))


def prior_filler(run: WeightsRunner) -> Filler:
    """Return the filler by the service's prior alone."""
    return _by(FacePrior(run.table("face_prior")))


def _by(prior: FacePrior) -> Filler:
    def fill(face: RgbImage, hole: Mask) -> RgbImage:
        found = prior.fill(face.astype(np.float32) / np.float32(255), hole.astype(np.float32))
        return _laid(face, hole, found * 255)

    return fill


def seed_filler(checkpoint: Path) -> Filler:
    """Return the filler of the seed project's design, by the averaged weights of a checkpoint."""
    net = Repainter()
    net.load_state_dict(averaged(checkpoint))
    net.eval()

    @torch.no_grad()
    def fill(face: RgbImage, hole: Mask) -> RgbImage:
        size = (IMAGE_SIZE, IMAGE_SIZE)
        small = cv2.resize(face, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
        covered = (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.float32)
        image = torch.from_numpy(np.dstack([small, covered]).transpose(2, 0, 1)[None].copy())
        with torch.random.fork_rng():
            torch.manual_seed(0)
            painted = net.repainted(image)[0].permute(1, 2, 0).numpy()
        return _laid(face, hole, cv2.resize(painted, hole.shape[::-1], interpolation=cv2.INTER_CUBIC) * 255)

    return fill


def service_filler(run: WeightsRunner) -> Filler:
    """Return the filler that the service is, asked for the likeliest face."""
    prior = FacePrior(run.table("face_prior"))

    def fill(face: RgbImage, hole: Mask) -> RgbImage:
        [found] = filled(face.astype(np.float32) / np.float32(255), hole.astype(np.float32), [None], prior, run)
        return _laid(face, hole, found * 255)

    return fill


def ring_colour(face: NDArray[np.generic], hole: Mask) -> NDArray[np.float64]:
    """Return the mean colour (3,) of the ring around the hole."""
    reach = max(round(RING * hole.shape[0]), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    ring = (cv2.dilate(hole.astype(np.uint8), kernel) > 0) & ~hole
    return np.asarray(face, np.float64)[ring].mean(axis=0) if ring.any() else np.zeros(3)


def _laid(face: RgbImage, hole: Mask, filling: NDArray[np.generic]) -> RgbImage:
    out = face.copy()
    out[hole] = np.clip(np.rint(np.asarray(filling, np.float64)[hole]), 0, 255).astype(np.uint8)
    return out
