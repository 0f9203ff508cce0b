"""Write the trained face VAE to the weights folder: encoder and decoder as ONNX, and their manifest entries.

python -m mien_export export face_vae
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien_export.networks.face_vae import IMAGE_SIZE, LATENT_SIZE, Encoder, FaceVae
from mien_export.onnx import (
    Tensor,
    export,
    file_sha256,
    pack_half,
    parity,
    remove_from_manifest,
    update_manifest,
)
from mien_service.engine.manifest import WeightEntry

VERSION = "1.0.0"
CARD = "cards/face_vae.md"
LICENCE = "Non-commercial research (trained on CelebA and on StyleGAN portraits; see weights/LICENSE.md)"

PARITY_BOUND = 1e-4
"""Largest difference of ONNX Runtime to PyTorch, both in full precision."""

PACKED_BOUND = 0.02
"""Largest difference once the weights are in half precision: five grey levels for a picture. Where answers lie beyond
-1..1, as an encoder's do that has learned for seconds, it counts in proportion to the largest of them."""

IMAGE = Tensor("image", (3, IMAGE_SIZE, IMAGE_SIZE), "aligned face, RGB", (0.0, 1.0))
MEAN = Tensor("mean", (LATENT_SIZE,), "latent numbers")
LATENT = Tensor("latent", (LATENT_SIZE,), "latent numbers, shifted by attribute vectors")
DECODED = Tensor("image", (3, IMAGE_SIZE, IMAGE_SIZE), "decoded face, RGB, about 0..1 but not clamped")


class MeanEncoder(nn.Module):
    """The encoder as it is served: the latent mean alone."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.features = encoder.features
        self.mean = encoder.mean

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, 500) for images (n, 3, 128, 128) in 0..1."""
        return self.mean(self.features(image * 2 - 1))


def load_average(checkpoint: Path) -> FaceVae:
    """Return the averaged model of a checkpoint, for evaluation."""
    model = FaceVae()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return model.eval()


def export_face_vae(checkpoint: Path, weights: Path) -> None:
    """Write both networks of `checkpoint` into `weights` and its manifest; prints the parity.

    The old files stay until both new ones are checked. The vectors of the old latent space leave the manifest.
    """
    model = load_average(checkpoint)
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(3, 3, IMAGE_SIZE, IMAGE_SIZE)).astype(np.float32)
    latents = rng.normal(size=(3, LATENT_SIZE)).astype(np.float32)
    weights.mkdir(parents=True, exist_ok=True)
    written = [
        (_checked("face_vae_encoder", MeanEncoder(model.encoder), IMAGE, MEAN, images, weights), IMAGE, MEAN),
        (_checked("face_vae_decoder", model.decoder, LATENT, DECODED, latents, weights), LATENT, DECODED),
    ]
    remove_from_manifest(weights, "face_vae_vectors")
    for unfinished, takes, gives in written:
        file = unfinished.with_suffix(".onnx")
        unfinished.rename(file)
        update_manifest(weights, _entry(file, takes, gives))


def _checked(
    name: str, module: nn.Module, takes: Tensor, gives: Tensor, examples: NDArray[np.float32], weights: Path
) -> Path:
    """Return an exported file that answers as `module` does, under a name that nothing reads yet."""
    file = weights / f"{name}.part"
    export(module, [takes], [gives], file)
    exact = parity(module, file, [examples], PARITY_BOUND)
    pack_half(file)
    packed = parity(module, file, [examples], packed_bound(module, examples))
    print(f"{name}: largest difference to PyTorch {exact:.2e}, in half precision {packed:.2e}")
    return file


def packed_bound(module: nn.Module, examples: NDArray[np.float32]) -> float:
    """Return the largest difference of half-precision weights that is allowed on some examples."""
    with torch.no_grad():
        answer: torch.Tensor = module.eval()(torch.from_numpy(examples))
    return PACKED_BOUND * max(1.0, answer.abs().max().item())


def _entry(file: Path, takes: Tensor, gives: Tensor) -> WeightEntry:
    return WeightEntry(
        name=file.stem,
        kind="network",
        file=file.name,
        sha256=file_sha256(file),
        task="/edit-attribute",
        version=VERSION,
        inputs=(takes.entry(),),
        outputs=(gives.entry(),),
        card=CARD,
        licence=LICENCE,
        commercial_use=False,
    )
