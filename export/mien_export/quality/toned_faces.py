"""Held-out faces of CelebA and UTKFace together, as many of each skin tone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mien_export.data.packs import split_rows
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.skin_colour import mean_colour, tone_of, typology_angle
from mien_export.quality.skin_regions import skin
from mien_export.quality.statistics import Floats
from mien_service.faces.networks import RunNetwork

PACKS = ("celeba", "utkface")

LEAST_CHROMA = 4.0
"""Of a photo's skin, in a* and b*: below it the photo is grey and says nothing of the tone."""


@dataclass(frozen=True, eq=False)
class TonedFace:
    """A held-out face and the typology angle of its skin, in degrees."""

    face: HeldOutFace
    angle: float


def toned_faces(run: RunNetwork, each: int) -> list[TonedFace]:
    """Return up to `each` validation faces of every skin tone, the tones in turn, in random but fixed order.

    Drawn as they come, dark skin would be one face in twenty, and what an edit does to it lost in the mean. Grey photos
    are left out.
    """
    found = [face for pack in PACKS for face in found_faces(pack, split_rows(pack, "validation"), run)]
    order = np.random.default_rng(0).permutation(len(found))
    return in_turn(coloured(found[i] for i in order), each)


def coloured(faces: Iterable[HeldOutFace]) -> list[TonedFace]:
    """Return the faces in colour photos with their angles."""
    colours = ((face, skin_colour(face)) for face in faces)
    return [
        TonedFace(face, typology_angle(colour)) for face, colour in colours if np.hypot(*colour[1:]) >= LEAST_CHROMA
    ]


def skin_colour(face: HeldOutFace) -> Floats:
    """Return (3,) mean L*, a*, b* of a face's skin."""
    return mean_colour(face.aligned.crop, skin(face.aligned.landmarks, face.aligned.crop.shape))


def in_turn(faces: Sequence[TonedFace], each: int) -> list[TonedFace]:
    """Return up to `each` of the faces of every tone: the first of each tone, then the second of each, and so on."""
    by_tone: dict[str, list[TonedFace]] = {}
    for face in faces:
        by_tone.setdefault(tone_of(face.angle), []).append(face)
    return [some[i] for i in range(each) for _, some in sorted(by_tone.items()) if i < len(some)]
