"""The service's compositor in PyTorch, so that a loss sees what will be served.

The maths are faces/composite.py's, at the network's own resolution: the rim and alpha's floor, then the face's pixels
moved by alpha * flow (cubic), the twin's laid over by alpha * its matte, then alpha * residual added, then paint laid
over by its matte. What the service does
besides for the native photo's sake is left out: softer edges, Lanczos' kernel in small photos, and paint's colour and
grain matched to the photo's.
"""

import numpy as np
import torch

from mien_export.data.warp import moved
from mien_export.networks.edit_net import Fields, floored
from mien_service.faces.composite import ALPHA_FLOOR, RIM
from mien_service.faces.edit import Edit


def composed(image: torch.Tensor, fields: Fields) -> torch.Tensor:
    """Return faces (n, 3, s, s) RGB in 0..1 with the edit applied; not clamped, for the gradient's sake."""
    rim = _rim(image.shape[-1], image.device)
    alpha = floored(fields.alpha * rim, ALPHA_FLOOR)
    flow = fields.flow * alpha
    changed = moved(image, flow)
    if fields.twin is not None:
        changed = changed + (moved(fields.twin[:, :3], flow) - changed) * (fields.twin[:, 3:] * alpha)
    changed = changed + fields.residual * alpha
    if fields.paint is None:
        return changed
    return changed + (fields.paint[:, :3] - changed) * (fields.paint[:, 3:] * rim)


def edit_of(fields: Fields, i: int = 0) -> Edit:
    """Return the edit of face `i` as the service's tasks return it."""
    paint = None if fields.paint is None else _last(fields.paint[i]) * np.array([255, 255, 255, 1], np.float32)
    return Edit(
        residual=_last(fields.residual[i]) * np.float32(255),
        alpha=_last(fields.alpha[i])[..., 0],
        flow=_last(fields.flow[i]),
        paint=paint,
    )


def _last(field: torch.Tensor) -> np.ndarray:
    """Return a field (c, s, s) as an array (s, s, c)."""
    return np.ascontiguousarray(field.detach().float().permute(1, 2, 0).cpu().numpy())


def _rim(side: int, device: torch.device) -> torch.Tensor:
    """Return (side, side) in 0..1, falling to 0 at the edge."""
    place = torch.arange(side, device=device, dtype=torch.float32)
    ramp = (torch.minimum(place, side - 1 - place) / (RIM * side)).clamp(0, 1)
    return torch.minimum(ramp[:, None], ramp[None, :])
