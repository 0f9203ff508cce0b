"""Faces before and after the addiction preview's layers over a little ageing: what its student learns from.

Drawn once and cached: half a minute a thousand faces on each core.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, cache_folder, networks_key
from mien_export.data.edit_pairs import Batch
from mien_export.data.packs import Row, split_rows
from mien_export.data.parallel import in_parts
from mien_export.quality.held_out import found_faces
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit, Field
from mien_service.faces.face import RgbImage
from mien_service.faces.head_model import TABLE, HeadModel
from mien_service.faces.skin.layers import Canvas, canvas_of, layered
from mien_service.faces.skin.signs import Gains
from mien_service.tasks import attribute_editor
from mien_service.tasks.attributes import WHOLE, Attribute, Take, edited
from mien_service.tasks.head import mesh_in_square, uncovered_skin
from mien_service.tasks.substances import SIGNS, Substance

PACKS = {"stylegan": 1400, "utkface": 2600}
"""Packs, and how many of their training faces at most."""

SIDE = 160
"""Of the squares that the student sees, in pixels: a multiple of 16."""

OLD_FROM = 55
"""Years, of the faces whose skin the discriminator takes for real."""

AGED = 0.4
"""How much older, in units of /edit-attribute, a face of severity 1 is made beneath the layers."""

GAINS = ("blotches", "wrinkles", "tone", "hollowing", "eyes_teeth")
CONDITION_SIZE = len(Substance) + len(GAINS)
"""A condition: the severity in its substance's place, then the gains less 1."""

PLAIN_SHARE = 0.5
"""Of the faces, which have all gains at 1."""

SHOWN = 12


@dataclass(frozen=True, eq=False)
class SignedFaces:
    """Pairs of n faces.

    before, after: (n, SIDE, SIDE, 3) uint8; region: (n, SIDE, SIDE) uint8, where they may differ; condition: (n, 8)
    float32; age: (n,) where known, else 0.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    region: NDArray[np.uint8]
    condition: NDArray[np.float32]
    age: NDArray[np.int64]


Pair = tuple[RgbImage, RgbImage, NDArray[np.uint8], NDArray[np.float32], int]


def load_signed_faces() -> SignedFaces:
    """Return the pairs, made if they are not cached: those of training people, the last SHOWN of validation people."""
    key = hashlib.sha256(repr((SIGNS, AGED, PACKS)).encode()).hexdigest()[:8]
    file = cache_folder() / f"signed-faces-{key}-{networks_key(WEIGHTS)}.npz"
    if not file.exists():
        columns = zip(*in_parts(signed_pairs, _chosen()), strict=True)
        names = ("before", "after", "region", "condition", "age")
        write_arrays(file, **{name: np.stack(one) for name, one in zip(names, columns, strict=True)})
    with np.load(file) as saved:
        return SignedFaces(**{name: saved[name] for name in saved.files})


def _chosen() -> list[tuple[str, Row]]:
    """Return packs and label rows, in random but fixed order; those to be shown come last."""
    rng = np.random.default_rng(0)
    chosen: list[tuple[str, Row]] = []
    for pack, most in PACKS.items():
        rows = split_rows(pack, "train")
        chosen += [(pack, rows[i]) for i in rng.permutation(len(rows))[:most]]
    shown = split_rows("stylegan", "validation")[: SHOWN + 6]
    return [*(chosen[i] for i in rng.permutation(len(chosen))), *(("stylegan", row) for row in shown)]


def signed_pairs(chosen: Sequence[tuple[str, Row]]) -> list[Pair]:
    """Return the pairs of some packs' rows; a row in which no face is found has none."""
    run = WeightsRunner(WEIGHTS)
    pairs: list[Pair] = []
    for pack, row in chosen:
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(row["file"].encode()).digest()[:4], "little"))
        pairs += [_pair(one.aligned, row, rng, run) for one in found_faces(pack, [row], run)]
    return pairs


def _pair(face: AlignedFace, row: Row, rng: np.random.Generator, run: WeightsRunner) -> Pair:
    substance = list(Substance)[int(rng.integers(len(Substance)))]
    severity = float(rng.choice([1.0, rng.random()]))
    plain = rng.random() < PLAIN_SHARE
    gains = Gains() if plain else Gains(**dict(zip(GAINS, rng.uniform(0, 2, len(GAINS)), strict=True)))
    aged, _ = aged_first(face, severity, run)
    model = HeadModel.of(run.table(TABLE))
    canvas = canvas_of(aged.crop, mesh_in_square(face, run), model, uncovered_skin(face, run))
    [edit] = layered(canvas, SIGNS[substance], gains, [severity], seed=0)
    after = apply_edit(aged.crop, WHOLE, edit)
    region = cv2.resize(where(canvas), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small = [
        np.asarray(cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8) for one in (face.crop, after)
    ]
    asked = condition(substance, severity, gains)
    return small[0], small[1], np.rint(region * 255).astype(np.uint8), asked, int(row.get("age", 0))


def aged_first(face: AlignedFace, severity: float, run: WeightsRunner) -> tuple[AlignedFace, Edit]:
    """Return a face made a little older, by the network that /edit-attribute has for it, and that edit."""
    [edit] = attribute_editor.edits(face, [Take({Attribute.YOUNG: -AGED * severity})], run)
    return edited(face, edit), edit


def where(canvas: Canvas) -> Field:
    """Return (n, n) in 0..1: where signs show, or flesh moves."""
    return np.maximum(canvas.touched, canvas.areas.movable)


def condition(substance: Substance, severity: float, gains: Gains) -> NDArray[np.float32]:
    """Return the student's condition (CONDITION_SIZE,)."""
    severities = [severity if one is substance else 0.0 for one in Substance]
    return np.array([*severities, *(getattr(gains, name) - 1 for name in GAINS)], np.float32)


class SignedPairs:
    """The pairs on the device; what the discriminator takes for real are older people's own faces."""

    def __init__(self, faces: SignedFaces, device: torch.device) -> None:
        self._before, self._after = (torch.from_numpy(one).to(device) for one in (faces.before, faces.after))
        self._region = torch.from_numpy(faces.region).to(device)
        self._condition = torch.from_numpy(faces.condition).to(device)
        self._trained_on = len(faces.before) - SHOWN
        self._old = torch.from_numpy(np.flatnonzero(faces.age[: self._trained_on] >= OLD_FROM)).to(device)

    def batch(self, images: int, side: int) -> Batch:
        """Return `images` randomly chosen pairs of side `side`."""
        return self._of(torch.randint(self._trained_on, (images,), device=self._before.device), side)

    def shown(self, side: int) -> Batch:
        """Return the held-out pairs of the contact sheet."""
        return self._of(torch.arange(self._trained_on, len(self._before), device=self._before.device), side)

    def _of(self, chosen: torch.Tensor, side: int) -> Batch:
        real = self._old[torch.randint(len(self._old), (len(chosen),), device=chosen.device)]
        return Batch(
            source=_sized(self._before[chosen], side),
            target=_sized(self._after[chosen], side),
            condition=self._condition[chosen],
            extra=torch.zeros(len(chosen), 0, side, side, device=chosen.device),
            region=_sized(self._region[chosen][..., None], side),
            real=_sized(self._before[real], side),
        )


def _sized(pixels: torch.Tensor, side: int) -> torch.Tensor:
    """Return (n, c, side, side) in 0..1 of uint8 pixels (n, s, s, c)."""
    levels = pixels.permute(0, 3, 1, 2).float() / 255
    if levels.shape[-1] == side:
        return levels.contiguous(memory_format=torch.channels_last)
    return torch.nn.functional.interpolate(levels, (side, side), mode="bilinear", antialias=True)
