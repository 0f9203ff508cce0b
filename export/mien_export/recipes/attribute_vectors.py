"""Attribute vectors of the face VAE: how the latent numbers of people with an attribute differ from the others'.

    python -m mien_export export face_vae_vectors

Each attribute has 25 versions, each the difference around another random person: of the people with and without
the attribute who are most like that person. `plain` vectors are differences of means. `orthogonal` ones are the
attribute's coefficients in a linear regression that also knows sex, age, smile and more, so that what merely
comes along with the attribute stays out. Strengths are calibrated in recipes/attribute_units.py.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.augment import jittered_squares
from mien_export.data.crops import MARGIN, Crops, load_crops
from mien_export.networks.face_vae import IMAGE_SIZE, FaceVae
from mien_service.tasks.attributes import Attribute

VERSIONS = 25

NEIGHBOURS = 800
"""People with, and as many without the attribute that a version is taken from: fewer vary more, and carry more
noise (the difference of two means of n people errs by sqrt(1000 / n) in 500 dimensions)."""

RIDGE = 20.0
"""Ridge of the regression, in people: keeps two attributes that always come together from blowing up."""

ENCODE_BATCH = 256

CONTROLS = ("Male", "Young", "Smiling", "Eyeglasses", "Wearing_Hat", "Bangs", "Blond_Hair", "Black_Hair")
"""What the orthogonal vectors hold still (an attribute is never held still against itself)."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """Where an attribute stands in CelebA's labels, and whether only men are compared."""

    column: str
    negated: bool = False
    men_only: bool = False


SOURCES: dict[Attribute, Source] = {
    Attribute.SMILING: Source("Smiling"),
    Attribute.MUSTACHE: Source("Mustache", men_only=True),
    Attribute.YOUNG: Source("Young"),
    Attribute.MALE: Source("Male"),
    Attribute.BEARD: Source("No_Beard", negated=True, men_only=True),
    Attribute.GOATEE: Source("Goatee", men_only=True),
    Attribute.MAKEUP: Source("Heavy_Makeup"),
    Attribute.ROSY_CHEEKS: Source("Rosy_Cheeks"),
    Attribute.HIGH_CHEEKBONES: Source("High_Cheekbones"),
    Attribute.BUSHY_EYEBROWS: Source("Bushy_Eyebrows"),
    Attribute.MOUTH_OPEN: Source("Mouth_Slightly_Open"),
}


@torch.no_grad()
def encode_crops(model: FaceVae, crops: Crops) -> Vectors:
    """Return (n, 500) latent means of crops."""
    batches = torch.from_numpy(crops.pixels).split(ENCODE_BATCH)
    squares = (jittered_squares(batch, IMAGE_SIZE, MARGIN, jitter=False) for batch in batches)
    return torch.cat([model.encoder(square)[0] for square in squares]).numpy()


def attribute_vectors(model: FaceVae) -> dict[str, NDArray[np.generic]]:
    """Return the table of vectors: `attributes` (a,), `plain` and `orthogonal` (a, 25, 500) half precision."""
    crops = load_crops("celeba", IMAGE_SIZE).where(split="train")
    latents = encode_crops(model, crops)
    rng = np.random.default_rng(0)
    anchors = latents[rng.choice(len(latents), VERSIONS, replace=False)]
    found = [versions(latents, crops, attribute, anchors) for attribute in SOURCES]
    return {
        "attributes": np.array([attribute.value for attribute in SOURCES]),
        "plain": np.stack([plain for plain, _ in found]).astype(np.float16),
        "orthogonal": np.stack([orthogonal for _, orthogonal in found]).astype(np.float16),
    }


def versions(latents: Vectors, crops: Crops, attribute: Attribute, anchors: Vectors) -> tuple[Vectors, Vectors]:
    """Return plain and orthogonal vectors of an attribute, each (25, 500), one for each anchor."""
    source = SOURCES[attribute]
    wanted = np.array([(row[source.column] == "1") != source.negated for row in crops.rows])
    asked = np.array([row["Male"] == "1" or not source.men_only for row in crops.rows])
    controls = [name for name in CONTROLS if name != source.column and not (source.men_only and name == "Male")]
    nuisance = np.array([[row[name] == "1" for name in controls] for row in crops.rows], np.float32)
    plain: list[Vectors] = []
    orthogonal: list[Vectors] = []
    for anchor in anchors:
        distance = np.square(latents - anchor).sum(axis=1)
        near = [nearest(distance, asked & (wanted == present)) for present in (True, False)]
        chosen = np.concatenate(near)
        plain.append(latents[near[0]].mean(axis=0) - latents[near[1]].mean(axis=0))
        orthogonal.append(partial_effect(latents[chosen], wanted[chosen], nuisance[chosen]))
    return np.stack(plain), np.stack(orthogonal)


def nearest(distance: NDArray[np.float32], eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the indices of the NEIGHBOURS eligible people of least distance (all, where they are fewer)."""
    people = np.flatnonzero(eligible)
    return people[np.argsort(distance[people])[:NEIGHBOURS]]


def partial_effect(latents: Vectors, wanted: NDArray[np.bool_], nuisance: NDArray[np.float32]) -> Vectors:
    """Return (500,) the attribute's own effect on the latent numbers, the nuisances held still (ridge)."""
    design = np.column_stack([wanted, nuisance]).astype(np.float64)
    design -= design.mean(axis=0)
    centred = latents - latents.mean(axis=0)
    gram = design.T @ design + RIDGE * np.diag(design.var(axis=0) + 1e-9)
    return np.linalg.solve(gram, design.T @ centred)[0].astype(np.float32)
