"""Fit the linear model of faces that fills holes coarsely, and write it to the weights folder as a table.

python -m mien_export export face_prior
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.augment import jittered_squares
from mien_export.data.caching import write_arrays
from mien_export.data.crops import MARGIN, load_crops
from mien_export.data.packs import is_training
from mien_export.networks.face_prior import COMPONENTS, SIDE, FacePrior
from mien_export.onnx import file_sha256, update_manifest
from mien_service.engine.manifest import TensorEntry, WeightEntry

NAME = "face_prior"
VERSION = "1.0.0"

CAUTION = 10.0
"""How many times stronger the noise is taken to be than what the components leave. That is not independent from pixel
to pixel, as the model has it: taken as it is, dark hair beside a cheek draws the cheek to white. Of 1, 3, 10, 30 and
100 the one with the least error under 200 training people's lower faces (19.1 dB; 17.4 at 1)."""

SIZE = 160
LICENCE = "Non-commercial research (fitted on CelebA; see weights/LICENSE.md)"

ARRAYS = (
    TensorEntry(name="mean", shape=(3, SIDE, SIDE), meaning="mean aligned face, RGB", range=(0.0, 1.0)),
    TensorEntry(name="components", shape=(COMPONENTS, 3 * SIDE * SIDE), meaning="principal components, orthonormal"),
    TensorEntry(name="variances", shape=(COMPONENTS,), meaning="variance along each"),
    TensorEntry(name="noise", shape=(1,), meaning="variance of a number that the components leave"),
)


def export_face_prior(weights: Path) -> None:
    """Fit the model on the training people of CelebA and write it into `weights` and its manifest."""
    crops = load_crops("celeba", SIZE)
    crops = crops.at([i for i, row in enumerate(crops.rows) if is_training(row)])
    prior = FacePrior()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        prior.fit(squares(crops.pixels), CAUTION)
    write_prior(prior, weights)


def squares(pixels: np.ndarray) -> torch.Tensor:
    """Return the coarse squares (n, 3, 2 * SIDE, 2 * SIDE) in 0..1 of crops (n, side, side, 3)."""
    parts = torch.from_numpy(pixels).split(500)
    whole = (jittered_squares(part, SIZE, MARGIN, jitter=False) for part in parts)
    return torch.cat([F.interpolate(one, (2 * SIDE, 2 * SIDE), mode="area") for one in whole])


def write_prior(prior: FacePrior, weights: Path) -> None:
    """Write `prior` as the table NAME, its large arrays in half precision, and its manifest entry."""
    file = weights / f"{NAME}.npz"
    table = prior.table()
    halves = {name: table[name].astype(np.float16) for name in ("mean", "components")}
    write_arrays(file, **(table | halves))
    entry = WeightEntry(
        name=NAME,
        kind="table",
        file=file.name,
        sha256=file_sha256(file),
        task="/unmask",
        version=VERSION,
        outputs=ARRAYS,
        card=f"cards/{NAME}.md",
        licence=LICENCE,
        commercial_use=False,
    )
    update_manifest(weights, entry)


def shipped_prior(weights: Path) -> FacePrior:
    """Return the model in `weights`. Raises FileNotFoundError if there is none."""
    prior = FacePrior()
    with np.load(weights / f"{NAME}.npz") as saved:
        prior.load_state_dict(
            {
                "mean": torch.from_numpy(saved["mean"].astype(np.float32)).flatten(),
                "components": torch.from_numpy(saved["components"].astype(np.float32)),
                "variances": torch.from_numpy(saved["variances"]),
                "noise": torch.from_numpy(saved["noise"])[0],
            }
        )
    return prior
