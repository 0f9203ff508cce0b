"""Pairs made by a formula: redder, brighter lips and larger eyes. They prove the training, and are no product.

Any square of a face gives endless pairs at any strength, with a flow (the eyes) and a residual (the lips) to learn.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN, Crops
from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.data.warp import moved
from mien_service.faces.align import LEFT_EYE, RIGHT_EYE
from mien_service.faces.face import Points
from mien_service.faces.mesh import ibug_landmarks

MOUTH = slice(48, 60)
INNER_MOUTH = slice(60, 68)
LIPS_BLUR = 0.006
"""Sigma of the lips' rim as a share of the crop's side."""

LIPS_TINT = (0.2, -0.06, 0.0)
"""Red, green and blue added to lips at strength 1."""

EYE_REACH = 1.0
"""Radius around an eye within which it grows, in widths of the eye: short of brow and nose."""

EYE_GROWTH = 0.4
"""How much nearer to the eye's middle a pixel next to it is fetched from, at strength 1."""

STILL_SHARE = 0.1
"""Share of pairs of strength 0: a face that nothing is asked of stays as it is."""

WEAKEST = 0.3


class ProceduralPairs:
    """Faces and what the formula makes of them, computed on the device; the condition is the strength (n, 1)."""

    def __init__(self, crops: Crops, shown: Crops, device: torch.device) -> None:
        """`shown` is never trained on."""
        self._crops = FaceParts(crops, device)
        self._shown = FaceParts(shown, device)
        self._device = device

    def batch(self, images: int, side: int) -> Batch:
        """Return pairs of random strength, jittered and of varied colours."""
        chosen = torch.randint(len(self._crops), (images,), device=self._device)
        strength = WEAKEST + (1 - WEAKEST) * torch.rand(images, 1, device=self._device)
        strength = torch.where(torch.rand_like(strength) < STILL_SHARE, 0.0, strength)
        source, target = self._crops.pairs(chosen, strength, side, jitter=True)
        source, target = varied_colours(torch.cat([source, target], dim=3)).chunk(2, dim=3)
        return pairs_batch(source, target, condition=strength)

    def shown(self, side: int) -> Batch:
        """Return all faces that are shown, at strength 1."""
        chosen = torch.arange(len(self._shown), device=self._device)
        strength = torch.ones(len(self._shown), 1, device=self._device)
        source, target = self._shown.pairs(chosen, strength, side, jitter=False)
        return pairs_batch(source, target, condition=strength)


class FaceParts:
    """Cached crops with their lips and eyes, kept on the device as 8-bit pixels."""

    def __init__(self, crops: Crops, device: torch.device) -> None:
        points = [ibug_landmarks(mesh) for mesh in crops.meshes]
        lips = np.stack([lips_of(landmarks, crops.pixels.shape[1]) for landmarks in points])
        self._pixels = torch.from_numpy(np.concatenate([crops.pixels, lips[..., None]], axis=3)).to(device)
        self._eyes = torch.from_numpy(np.stack([eyes_of(landmarks) for landmarks in points])).to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    def pairs(
        self, chosen: torch.Tensor, strength: torch.Tensor, side: int, *, jitter: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return sources and targets, each (n, 3, side, side) RGB in 0..1, of the chosen faces; strength is (n, 1)."""
        wide = round(side * MARGIN)
        pixels = self._pixels[chosen].permute(0, 3, 1, 2).float() / 255
        zoom = wide / pixels.shape[-1]
        # Reduced before it is jittered, so that fine texture does not alias.
        pixels = F.interpolate(pixels, (wide, wide), mode="bilinear", antialias=True)
        source, lips = pixels[:, :3], pixels[:, 3:]
        target = changed(source, lips, self._eyes[chosen] * zoom, strength)
        both = torch.cat([source, target], dim=1).permute(0, 2, 3, 1) * 255
        squares = jittered_squares(both, side, MARGIN, jitter)
        return squares[:, :3], squares[:, 3:]


def changed(faces: torch.Tensor, lips: torch.Tensor, eyes: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Return faces (n, 3, s, s) in 0..1 with redder lips (n, 1, s, s) and larger eyes, at strength (n, 1).

    `eyes` is (n, 2, 3): x, y and reach in pixels.
    """
    tint = torch.tensor(LIPS_TINT, device=faces.device).view(1, 3, 1, 1)
    tinted = faces + tint * lips * strength[:, :, None, None]
    return moved(tinted, _growth(eyes, faces.shape[-1]) * strength[:, :, None, None]).clamp(0, 1)


def _growth(eyes: torch.Tensor, side: int) -> torch.Tensor:
    """Return the flow (n, 2, side, side) that enlarges both eyes."""
    axis = torch.arange(side, device=eyes.device, dtype=torch.float32)
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))
    away = places - eyes[:, :, :2, None, None]
    distance = away.square().sum(dim=2, keepdim=True) / eyes[:, :, 2, None, None, None].square()
    share = (1 - distance).clamp(min=0).square()
    return (-EYE_GROWTH * share * away).sum(dim=1)


def lips_of(landmarks: Points, side: int) -> NDArray[np.uint8]:
    """Return (side, side), 255 on the lips of the 68 landmarks, soft at their rim, 0 elsewhere."""
    mask = np.zeros((side, side), np.uint8)
    for part, level in ((MOUTH, 255), (INNER_MOUTH, 0)):
        cv2.fillPoly(mask, [landmarks[part].round().astype(np.int32)], level)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), LIPS_BLUR * side), np.uint8)


def eyes_of(landmarks: Points) -> NDArray[np.float32]:
    """Return (2, 3): x, y of each eye's middle, and how far around it the face changes, in pixels."""
    found: list[NDArray[np.float32]] = []
    for eye in (landmarks[LEFT_EYE], landmarks[RIGHT_EYE]):
        width = float(np.hypot(*(eye[3] - eye[0])))
        found.append(np.array([*eye.mean(axis=0), EYE_REACH * width], np.float32))
    return np.stack(found)
