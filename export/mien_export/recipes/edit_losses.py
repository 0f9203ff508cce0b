"""What an edit is trained towards: the target inside the changed region, the source everywhere else."""

from dataclasses import dataclass

import torch

from mien_export.data.edit_pairs import Batch
from mien_export.data.windows import Windows, windows_on
from mien_export.networks.descriptor import FaceDescriptor
from mien_export.networks.edit_net import Fields
from mien_export.networks.lite0 import Lite0, perceptual_distance

CONTEXT = 0.05
"""What a place outside the region counts for in the perceptual term, over one inside."""

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts; a term of weight 0 is not computed."""

    changed: float = 1.0
    """Mean absolute difference to the target inside the region."""

    bend: float = 0.0
    """Where differences to the target are smaller than this they count by their square. Where a change is not sure,
    absolute differences are smallest for none at all; squares are for some of it, and from there it is learned."""

    unchanged: float = 2.0
    """Mean absolute difference to the source outside it: what nobody asked to change."""

    perceptual: float = 0.5
    """Lite0 distance to the target, mostly inside the region: pixel terms alone blur."""

    adversarial: float = 0.02
    """The patch discriminator's opinion of the region. It rises with everything else falling: keep it small."""

    identity: float = 0.0
    """1 - cosine of the face descriptors of output and source, or of the person who is to be shown."""

    alpha: float = 0.1
    """Mean of alpha (and of the paint's matte) outside the region: it stays shut where nothing changes. Inside it is
    free: pressing it down there would only swell the residual that it multiplies."""

    alpha_smooth: float = 0.02
    """Total variation of alpha and matte: no islands, soft seams."""

    flow_smooth: float = 0.02
    """Mean square of the flow's differences from pixel to pixel: neighbours move together."""

    residual: float = 0.0
    """Mean absolute residual. What it tints stays as sharp as the photo is, and a network that sees less of the photo
    cannot undo that: what has to go is better painted over."""

    paint: float = 0.02
    """Mean of the matte inside the region: what can be moved or tinted is not repainted."""


class EditLosses:
    """The terms that need no discriminator. The frozen networks that they ask are given once."""

    def __init__(
        self,
        weights: LossWeights,
        lite0: Lite0 | None = None,
        descriptor: FaceDescriptor | None = None,
        looked_at: int = 8,
        window: float = 1.0,
        recognised: int = 4,
    ) -> None:
        """Take the frozen networks; `looked_at` pictures of a batch are seen by Lite0, `recognised` by the descriptor.

        Each costs as much as the EditNet.
        `window` is the share of the side that Lite0 and the discriminator see, around the region, at full size.

        Raises ValueError if a term with a weight lacks its network.
        """
        if (weights.perceptual and lite0 is None) or (weights.identity and descriptor is None):
            raise ValueError("the perceptual term needs Lite0, the identity term a descriptor")
        self.weights = weights
        self._lite0 = lite0
        self._descriptor = descriptor
        self._looked_at = looked_at
        self._window = window
        self._recognised = recognised

    def windows(self, region: torch.Tensor) -> Windows:
        """Return where Lite0 and the discriminator look."""
        return windows_on(region, self._window)

    def terms(self, output: torch.Tensor, fields: Fields, batch: Batch) -> Losses:
        """Return the weighted terms, each a number, for composed faces (n, 3, s, s)."""
        weights = self.weights
        inside, outside = batch.region, 1 - batch.region
        terms = {
            "changed": weights.changed * _masked_mean(_bent((output - batch.target).abs(), weights.bend), inside),
            "unchanged": weights.unchanged * _masked_mean((output - batch.source).abs(), outside),
            "alpha": weights.alpha * _masked_mean(fields.alpha, outside),
            "alpha_smooth": weights.alpha_smooth * _variation(fields.alpha),
            "flow_smooth": weights.flow_smooth * _roughness(fields.flow),
        }
        if weights.residual:
            terms["residual"] = weights.residual * fields.residual.abs().mean()
        if fields.paint is not None:
            matte = fields.paint[:, 3:]
            terms["alpha"] = terms["alpha"] + weights.alpha * _masked_mean(matte, outside)
            terms["alpha_smooth"] = terms["alpha_smooth"] + weights.alpha_smooth * _variation(matte)
            terms["paint"] = weights.paint * _masked_mean(matte, inside)
        seen = slice(self._looked_at)
        if self._lite0 is not None and weights.perceptual:
            cut = self.windows(inside[seen]).cut
            distance = _perceptual(self._lite0, cut(output[seen]), cut(batch.wanted()[seen]), cut(inside[seen]))
            terms["perceptual"] = weights.perceptual * distance
        if self._descriptor is not None and weights.identity:
            terms["identity"] = weights.identity * self._strangeness(self._descriptor, output, batch)
        return terms

    def _strangeness(self, descriptor: FaceDescriptor, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return how little the outputs look like whom they have to show: the last ones, of which no truth is known."""
        seen = slice(-self._recognised, None)
        with torch.no_grad():
            person = descriptor((batch.source if batch.person is None else batch.person)[seen])
        return (1 - (descriptor(output[seen]) * person).sum(dim=1)).mean()


def _masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of values (n, c, s, s) over the mask (n, 1, s, s); 0 under an empty one."""
    return (values.mean(dim=1, keepdim=True) * mask).sum() / mask.sum().clamp(min=1)


def _bent(differences: torch.Tensor, bend: float) -> torch.Tensor:
    """Return twice Huber's loss of differences from 0 up; without a bend the differences."""
    if not bend:
        return differences
    return torch.where(differences < bend, differences.square() / bend, 2 * differences - bend)


def _perceptual(lite0: Lite0, output: torch.Tensor, wanted: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    weights = CONTEXT + (1 - CONTEXT) * region
    weights = weights / weights.mean(dim=(1, 2, 3), keepdim=True)
    with torch.no_grad():
        features = lite0.features(wanted)
    return perceptual_distance(lite0.features(output), features, weights).mean()


def _variation(maps: torch.Tensor) -> torch.Tensor:
    """Return the total variation of maps (n, 1, s, s) over their side: the length of an edge, in sides."""
    side = maps.shape[-1]
    return side * (_across(maps).abs().mean() + _down(maps).abs().mean())


def _roughness(flow: torch.Tensor) -> torch.Tensor:
    """Return the mean square of the flow's change (n, 2, s, s) from pixel to pixel: pixels over pixels, for any s."""
    return _across(flow).square().mean() + _down(flow).square().mean()


def _across(maps: torch.Tensor) -> torch.Tensor:
    return maps[..., 1:] - maps[..., :-1]


def _down(maps: torch.Tensor) -> torch.Tensor:
    return maps[..., 1:, :] - maps[..., :-1, :]
