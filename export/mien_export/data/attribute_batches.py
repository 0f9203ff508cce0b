"""Batches of attribute edits from rendered pairs: forwards, backwards, between two edits, and no edit at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mien_export.data.attribute_pairs import PairPictures, PairTable
from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN
from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.data.resize import reduced
from mien_export.teachers.attribute_edits import ATTRIBUTES
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.mesh import ibug_landmarks
from mien_service.faces.regions import REGIONS
from mien_service.tasks.attributes import REGION_OF, Attribute

EDITED = (*ATTRIBUTES, Attribute.MUSTACHE)
"""All attributes that there are pairs of."""

BACKWARDS, BETWEEN, STILL = 0.3, 0.12, 0.05
"""How often a pair is learned from target to source, from one target to another, and from a face to itself."""

MUSTACHES = 0.5
"""How often a beard's pair is learned as a mustache's: it is looked at under the nose alone."""

MOST_STRENGTH = 1.6
"""Between two targets the strengths may add up to more than is served; then the pair is learned forwards."""

REGION_SIDE = 96
"""Side in pixels at which regions are kept."""

NOISE, BLUR_SHARE = 0.03, 0.25


@dataclass(frozen=True)
class Drawn:
    """Which pictures a batch's pairs are of: indices into all pictures, sources first; conditions (n, 9)."""

    before: list[int]
    after: list[int]
    condition: NDArray[np.float32]


class AttributePairs:
    """Pairs of edits on the device. A condition is the strengths of the edited attributes, then the style's numbers."""

    def __init__(
        self,
        table: PairTable,
        pictures: PairPictures,
        edited: Sequence[Attribute],
        shown: Sequence[int],
        device: torch.device,
        seed: int = 0,
    ) -> None:
        """Pairs with any other edit than `edited` are left out.

        `shown` are pairs of people who are held out; nobody held out is trained on.
        """
        self._table = table
        self._columns = [EDITED.index(attribute) for attribute in edited]
        self._mustaches = MUSTACHES if Attribute.MUSTACHE in edited else 0.0
        self._first = len(pictures.sources)
        self._pixels = torch.from_numpy(np.concatenate([pictures.sources, pictures.targets])).to(device)
        self._regions = torch.from_numpy(np.stack([region_maps(mesh) for mesh in pictures.meshes])).to(device)
        self._shown = list(shown)
        self._pairs = [pair for pair in pairs_of(table, edited) if not table.is_held_out(pair)]
        self._of_source: dict[int, list[int]] = {}
        for pair in self._pairs:
            self._of_source.setdefault(int(table.source[pair]), []).append(pair)
        self._random = np.random.default_rng(seed)

    def batch(self, images: int, side: int) -> Batch:
        """Return jittered pairs of varied colours; noise and blur are the same before and after."""
        pairs = self._random.choice(self._pairs, images)
        drawn = [self._drawn(int(pair)) for pair in pairs]
        batch = self._cut(_together(drawn), side, jitter=True)
        both = alike_degraded(varied_colours(torch.cat([batch.source, batch.target], dim=3)))
        source, target = both.chunk(2, dim=3)
        return pairs_batch(source, target, condition=batch.condition, region=batch.region)

    def shown(self, side: int) -> Batch:
        """Return the pairs that are shown, forwards."""
        return self._cut(_together([self._forwards(pair) for pair in self._shown]), side, jitter=False)

    def _drawn(self, pair: int) -> Drawn:
        kind = self._random.random()
        forwards = self._forwards(pair)
        if kind < STILL:
            return Drawn(forwards.before, forwards.before, np.zeros_like(forwards.condition))
        if kind < STILL + BACKWARDS:
            condition = -forwards.condition
            condition[:, len(EDITED) :] = 0
            return self._as_mustache(Drawn(forwards.after, forwards.before, condition))
        if kind < STILL + BACKWARDS + BETWEEN:
            other = int(self._random.choice(self._of_source[int(self._table.source[pair])]))
            start = self._forwards(other)
            condition = forwards.condition - start.condition
            condition[:, len(EDITED) :] = forwards.condition[:, len(EDITED) :]
            if other != pair and np.abs(condition[:, : len(EDITED)]).max() <= MOST_STRENGTH:
                return Drawn(start.after, forwards.after, condition)
        return self._as_mustache(forwards)

    def _forwards(self, pair: int) -> Drawn:
        strengths = self._table.strengths[pair].astype(np.float32)
        condition = np.concatenate([strengths, [0], self._table.styles[pair]]).astype(np.float32)
        return Drawn([int(self._table.source[pair])], [self._first + pair], condition[None])

    def _as_mustache(self, drawn: Drawn) -> Drawn:
        """Return a beard's pair as a mustache's, half of the time; other pairs as they are."""
        beard, mustache = EDITED.index(Attribute.BEARD), EDITED.index(Attribute.MUSTACHE)
        strengths = drawn.condition[0, : len(EDITED)]
        if np.count_nonzero(strengths) != 1 or strengths[beard] == 0 or self._random.random() > self._mustaches:
            return drawn
        condition = drawn.condition.copy()
        condition[0, [beard, mustache]] = condition[0, [mustache, beard]]
        return Drawn(drawn.before, drawn.after, condition)

    def _cut(self, drawn: Drawn, side: int, *, jitter: bool) -> Batch:
        wide = round(side * MARGIN)
        pictures = [reduced(self._pixels[index], wide) for index in (drawn.before, drawn.after)]
        people = [i if i < self._first else int(self._table.source[i - self._first]) for i in drawn.before]
        regions = self._asked_regions(people, drawn.condition, pictures[0].shape[1])
        crops = torch.cat([*(picture.float() for picture in pictures), regions], dim=3)
        squares = jittered_squares(crops, side, MARGIN, jitter)
        columns = [*self._columns, *range(len(EDITED), drawn.condition.shape[1])]
        condition = torch.from_numpy(drawn.condition[:, columns]).to(self._pixels.device)
        return pairs_batch(squares[:, :3], squares[:, 3:6], condition=condition, region=squares[:, 6:])

    def _asked_regions(self, people: list[int], condition: NDArray[np.float32], side: int) -> torch.Tensor:
        """Return (n, side, side, 1) in 0..255: where the asked attributes may change the faces of some people."""
        asked = torch.from_numpy(condition[:, : len(EDITED)] != 0).to(self._regions.device)
        maps = (self._regions[people].float() * asked[:, :, None, None]).amax(dim=1, keepdim=True)
        return F.interpolate(maps, (side, side), mode="bilinear").permute(0, 2, 3, 1)


def pairs_of(table: PairTable, edited: Sequence[Attribute]) -> list[int]:
    """Return the pairs in which nothing else was edited."""
    other = [i for i, attribute in enumerate(ATTRIBUTES) if attribute not in edited]
    return np.nonzero((table.strengths[:, other] == 0).all(axis=1))[0].tolist()


def _together(drawn: list[Drawn]) -> Drawn:
    return Drawn(
        [index for one in drawn for index in one.before],
        [index for one in drawn for index in one.after],
        np.concatenate([one.condition for one in drawn]),
    )


def region_maps(mesh: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (len(EDITED), REGION_SIDE, REGION_SIDE): the service's region of each attribute, over the whole crop."""
    rim = round(CROP_SIZE * (MARGIN - 1) / 2)
    landmarks = ibug_landmarks(mesh) - rim
    maps = [np.pad(REGIONS[REGION_OF[attribute]](landmarks), rim) for attribute in EDITED]
    small = [cv2.resize(one, (REGION_SIDE, REGION_SIDE), interpolation=cv2.INTER_AREA) for one in maps]
    return np.rint(np.stack(small) * 255).astype(np.uint8)


def alike_degraded(images: torch.Tensor) -> torch.Tensor:
    """Return images (n, 3, s, k s), k pictures side by side, with the same noise and blur on all k."""
    count, _, side, width = images.shape
    device = images.device
    soft = F.avg_pool2d(F.pad(images, [1] * 4, mode="replicate"), 3, 1)
    blurred = (torch.rand(count, 1, 1, 1, device=device) < BLUR_SHARE).float()
    images = images + (soft - images) * blurred * torch.rand(count, 1, 1, 1, device=device)
    noise = torch.randn(count, 3, side, side, device=device) * NOISE * torch.rand(count, 1, 1, 1, device=device) ** 2
    return (images + noise.repeat(1, 1, 1, width // side)).clamp(0, 1)
