"""Faces with a hole, and the faces themselves: what a filler learns from."""

from dataclasses import dataclass

import numpy as np
import torch

from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN, Crops
from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.data.holes import free_forms, grown, lower_face
from mien_export.data.masked_faces import MaskedFaces
from mien_export.data.resize import reduced
from mien_export.networks.face_prior import FacePrior

LOWER_SHARE, FREE_SHARE = 0.3, 0.2
"""How often the hole is the lower face, and a free form; otherwise it is what a mask covers."""

MOST_GROWN = 0.03
"""A hole is grown by up to this share of the side, as a found mask has to be: its rim is never quite right."""

DRAWN_SHARE = 0.3
"""Share of faces whose coarse filling is the truth's own, as coarse: it stands for the fillings that the service draws
when it is asked for another face than the likeliest."""


@dataclass(frozen=True, eq=False)
class HoleFaces:
    """Crops on the device, (n, side, side, 5) uint8: RGB, where a mask would lie, where the lower face is."""

    pixels: torch.Tensor


def hole_faces(crops: Crops, overlays: MaskedFaces, device: torch.device) -> HoleFaces:
    """Return crops with their holes; `overlays` are those of the same crops."""
    side = crops.pixels.shape[1]
    lower = np.stack([lower_face(mesh, side, side / MARGIN) for mesh in crops.meshes])
    both = np.concatenate([crops.pixels, overlays.cover[..., None], lower[..., None]], axis=3)
    return HoleFaces(torch.from_numpy(both).to(device))


class HolePairs:
    """Pairs whose source has its hole filled by the prior; extra channels are the hole and whether that was drawn."""

    def __init__(self, sources: list[tuple[HoleFaces, float]], shown: HoleFaces, prior: FacePrior) -> None:
        """`sources` come with how often each is drawn from; `shown` is never trained on."""
        self._sources = [source for source, _ in sources]
        self._shares = [share for _, share in sources]
        self._shown = shown
        self._prior = prior

    def batch(self, images: int, side: int) -> Batch:
        """Return pairs with holes of all kinds."""
        source = self._sources[int(torch.multinomial(torch.tensor(self._shares), 1).item())]
        chosen = torch.randint(len(source.pixels), (images,), device=source.pixels.device)
        squares = jittered_squares(reduced(source.pixels[chosen], round(side * MARGIN)), side, MARGIN)
        faces, holes = varied_colours(squares[:, :3]), self._holes(squares[:, 3:])
        return self._pairs(faces, holes, torch.rand(images, device=faces.device) < DRAWN_SHARE)

    def shown(self, side: int) -> Batch:
        """Return the faces that are shown, without their lower face, of which the likeliest is asked for."""
        crops = reduced(self._shown.pixels, round(side * MARGIN))
        squares = jittered_squares(crops, side, MARGIN, jitter=False)
        never = torch.zeros(len(squares), dtype=torch.bool, device=squares.device)
        return self._pairs(squares[:, :3], (squares[:, 4:] > 0.5).float(), never)

    def _pairs(self, faces: torch.Tensor, holes: torch.Tensor, drawn: torch.Tensor) -> Batch:
        likeliest = self._prior.coefficients(faces, holes)
        own = self._prior.own_coefficients(faces)
        coarse = self._prior.filled(faces, holes, torch.where(drawn[:, None], own, likeliest))
        told = drawn.view(-1, 1, 1, 1).expand_as(holes).float()
        return pairs_batch(coarse, faces, extra=torch.cat([holes, told], dim=1), region=holes)

    def _holes(self, drawn: torch.Tensor) -> torch.Tensor:
        """Return holes (n, 1, s, s) of 0 and 1, of three kinds; `drawn` (n, 2, s, s) are masks and lower faces."""
        count, _, side, _ = drawn.shape
        kind = torch.rand(count, 1, 1, 1, device=drawn.device)
        covered = drawn[:, :1] > 0.02
        # On faces that wear no mask the lower face stands in.
        masked = torch.where(covered.any(dim=(2, 3), keepdim=True), covered, drawn[:, 1:] > 0.5)
        holes = torch.where(kind < LOWER_SHARE, drawn[:, 1:] > 0.5, masked).float()
        holes = grown(holes, MOST_GROWN * torch.rand(()).item())
        free = kind.flatten() > 1 - FREE_SHARE
        holes[free] = free_forms(int(free.sum()), side, drawn.device)
        return holes
