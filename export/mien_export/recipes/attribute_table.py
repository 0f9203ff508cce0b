"""Write the face VAE's attribute vectors to the weights folder, calibrated, with their manifest entry.

    python -m mien_export export face_vae_vectors

Needs the exported face VAE in the folder, and the judges.
"""

from pathlib import Path

import numpy as np

from mien_export.networks.face_vae import LATENT_SIZE
from mien_export.onnx import file_sha256, update_manifest
from mien_export.recipes.attribute_units import calibrated
from mien_export.recipes.attribute_vectors import VERSIONS, attribute_vectors
from mien_export.recipes.face_vae_export import CARD, LICENCE, VERSION, load_average
from mien_service.engine.manifest import TensorEntry, WeightEntry

NAME = "face_vae_vectors"

VECTORS_SHAPE = ("attributes", VERSIONS, LATENT_SIZE)
UNITS_SHAPE = ("attributes", 2)

ARRAYS = (
    TensorEntry(name="attributes", shape=("attributes",), meaning="names, in the order of the other arrays"),
    TensorEntry(name="plain", shape=VECTORS_SHAPE, meaning="differences of means, in latent numbers"),
    TensorEntry(name="orthogonal", shape=VECTORS_SHAPE, meaning="partial effects, in latent numbers"),
    TensorEntry(name="plain_units", shape=UNITS_SHAPE, meaning="multiples that are strength -1 and +1"),
    TensorEntry(name="orthogonal_units", shape=UNITS_SHAPE, meaning="multiples that are strength -1 and +1"),
)


def export_table(checkpoint: Path, weights: Path) -> None:
    """Write the vectors of the VAE in `checkpoint`, calibrated on the networks in `weights`."""
    table = calibrated(attribute_vectors(load_average(checkpoint)), weights)
    file = weights / f"{NAME}.npz"
    np.savez(file, allow_pickle=False, **table)
    entry = WeightEntry(
        name=NAME,
        kind="table",
        file=file.name,
        sha256=file_sha256(file),
        task="/edit-attribute",
        version=VERSION,
        outputs=ARRAYS,
        card=CARD,
        licence=LICENCE,
        commercial_use=False,
    )
    update_manifest(weights, entry)
