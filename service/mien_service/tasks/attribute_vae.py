"""Attribute edits by the VAE (seed: Face Flex): the engine `vae`, with the most attributes.

The face is encoded to 500 numbers, attribute vectors are added, and what moved and changed between the two decoded
faces is done to the photo's own pixels, so that its detail stays.
"""

from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.engine.manifest import WeightsError
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit
from mien_service.faces.motion import edit_between
from mien_service.tasks.attributes import Attribute, Strengths, Take, asked_region
from mien_service.tasks.registry import Runner, Tables

SIDE = 128

VECTORS = "face_vae_vectors"

NETWORKS = ("face_vae_encoder", "face_vae_decoder", VECTORS)

VectorKind = Literal["orthogonal", "plain"]

Latent = NDArray[np.float32]
Rendering = NDArray[np.float32]


def check_vectors(tables: Tables) -> None:
    """Raise WeightsError if an attribute that is offered has no vectors."""
    known = {str(name) for name in tables(VECTORS)["attributes"]}
    missing = [attribute.value for attribute in Attribute if attribute.value not in known]
    if missing:
        raise WeightsError(f"{VECTORS}: there are no vectors for {', '.join(missing)}")


def edits(face: AlignedFace, takes: Sequence[Take], kind: VectorKind, run: Runner) -> list[Edit]:
    """Return one edit of a face for each take on a change."""
    vectors = AttributeVectors(run.table(VECTORS), kind)
    mean = run("face_vae_encoder", image=network_image(face))["mean"]
    shifts = [vectors.shift(take.change, take.variant, take.seed) for take in takes]
    decoded = run("face_vae_decoder", latent=np.concatenate([mean, mean + np.stack(shifts)]))["image"]
    before, *afters = np.ascontiguousarray(decoded.transpose(0, 2, 3, 1))
    return [_edit(face, take.change, before, after) for take, after in zip(takes, afters, strict=True)]


def network_image(face: AlignedFace) -> NDArray[np.float32]:
    """Return the VAE's input: (1, 3, 128, 128) RGB in 0..1."""
    small = cv2.resize(face.crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).transpose(2, 0, 1)[None] / np.float32(255)


def _edit(face: AlignedFace, change: Strengths, before: Rendering, after: Rendering) -> Edit:
    """Return the edit from one decoded face (128, 128, 3) to another, confined to where the change shows."""
    edit = edit_between(before, after, asked_region(change, face, SIDE))
    return edit.scaled(max([1.0, *map(abs, change.values())]))


class AttributeVectors:
    """Shifts of the latent numbers, from the table `face_vae_vectors`."""

    def __init__(self, table: dict[str, NDArray[Any]], kind: VectorKind) -> None:
        self._index = {str(name): i for i, name in enumerate(table["attributes"])}
        self._versions = table[kind]
        self._units = table[f"{kind}_units"]

    def shift(self, change: Strengths, variant: int, seed: int) -> Latent:
        """Return the (500,) shift for `change`, held within strength 1: the rest is done by scaling fields.

        Variant 0 is the mean of an attribute's 25 versions; others are one version drawn by `seed`.
        """
        most = max([1.0, *map(abs, change.values())])
        total = np.zeros(self._versions.shape[-1], np.float32)
        for attribute, strength in change.items():
            i = self._index[attribute.value]
            unit = float(self._units[i, 1 if strength > 0 else 0])
            total += np.float32(strength / most * unit) * self._version(i, variant, seed)
        return total

    def _version(self, index: int, variant: int, seed: int) -> Latent:
        versions = self._versions[index].astype(np.float32)
        if variant == 0:
            return versions.mean(axis=0)
        order = np.random.default_rng(seed).permutation(len(versions))
        return versions[order[variant - 1]]
