"""Holes in aligned faces: what a mask covers, the lower face by its landmarks, and free forms."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mien_service.faces.face import Mesh
from mien_service.faces.mesh import ibug_landmarks

JAW = slice(2, 15)
NOSE_BRIDGE = 29
"""Landmarks, of 68, around the lower face."""

GROWN = 0.02
"""How far the lower face reaches past its landmarks, as a share of the square's side."""

STROKES = 4
THINNEST, THICKEST = 0.03, 0.14
"""Half widths of the strokes of free forms, as shares of the side."""


def lower_face(mesh: Mesh, side: int, square: float) -> NDArray[np.uint8]:
    """Return (side, side), 255 on the lower face of a mesh in a crop, 0 elsewhere.

    `square` is the side of the aligned square in pixels of the crop.
    """
    points = ibug_landmarks(mesh)
    outline = np.vstack([points[JAW], points[NOSE_BRIDGE]])
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255)
    reach = round(GROWN * square)
    return np.asarray(cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)), np.uint8)


def free_forms(count: int, side: int, device: torch.device) -> torch.Tensor:
    """Return (count, 1, side, side), 1 on a few random strokes of random width, 0 elsewhere."""
    axis = (torch.arange(side, device=device) + 0.5) / side
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).view(1, 1, -1, 2)
    start = 0.15 + 0.7 * torch.rand(count, STROKES, 1, 2, device=device)
    along = 0.25 * torch.randn(count, STROKES, 1, 2, device=device)
    share = ((places - start) * along).sum(dim=3) / along.square().sum(dim=3).clamp(min=1e-6)
    nearest = start + share.clamp(0, 1)[..., None] * along
    distance = (places - nearest).norm(dim=3)
    width = THINNEST + (THICKEST - THINNEST) * torch.rand(count, STROKES, 1, device=device)
    return (distance < width).any(dim=1).float().view(count, 1, side, side)


def grown(holes: torch.Tensor, share: float) -> torch.Tensor:
    """Return holes (n, 1, s, s) that reach further by a share of their side on every side."""
    reach = round(share * holes.shape[-1])
    upright = F.max_pool2d(holes, (2 * reach + 1, 1), 1, (reach, 0))
    return F.max_pool2d(upright, (1, 2 * reach + 1), 1, (0, reach))
