"""A trained network to the weights folder: its ONNX file, checked against the network, and its manifest entry."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien_export.onnx import Tensor, export, file_sha256, pack_bytes, pack_half, parity, update_manifest
from mien_service.engine.manifest import WeightEntry

EXAMPLES = (Path("examples/people/ben.jpg"), Path("examples/people/carla.jpg"))
"""Photos on which answers are compared: on noise a detector's boxes are of any size."""


@dataclass(frozen=True)
class Shipment:
    """What the manifest says of a network beside its file's hash, and how closely the file has to answer.

    exact_bound, packed_bound: the largest difference of ONNX Runtime to PyTorch, with the weights in full precision and
    as they are stored; in_bytes: whether the large ones are stored in a byte each, instead of in half precision.
    """

    name: str
    task: str
    version: str
    licence: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    exact_bound: float
    packed_bound: float
    in_bytes: bool = False


def ship(served: nn.Module, shipment: Shipment, examples: list[NDArray[np.float32]], weights: Path) -> None:
    """Write one network into `weights` and its manifest; prints the parity on `examples`, one array an input.

    Raises ParityError where the file answers otherwise; the old file stays until the new one is checked.
    """
    unfinished = weights / f"{shipment.name}.part.onnx"
    try:
        export(served, list(shipment.inputs), list(shipment.outputs), unfinished)
        exact = parity(served, unfinished, examples, shipment.exact_bound)
        pack_half(unfinished)
        if shipment.in_bytes:
            pack_bytes(unfinished)
        packed = parity(served, unfinished, examples, shipment.packed_bound)
        file = weights / f"{shipment.name}.onnx"
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    size = file.stat().st_size
    print(f"{shipment.name}: differs by {exact:.2g} in full precision, {packed:.2g} as stored; {size} bytes")
    entry = WeightEntry(
        name=shipment.name,
        kind="network",
        file=file.name,
        sha256=file_sha256(file),
        task=shipment.task,
        version=shipment.version,
        inputs=tuple(tensor.entry() for tensor in shipment.inputs),
        outputs=tuple(tensor.entry() for tensor in shipment.outputs),
        card=f"cards/{shipment.name}.md",
        licence=shipment.licence,
        commercial_use=False,
    )
    update_manifest(weights, entry)


def averaged(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Return the averaged weights in a checkpoint."""
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]


def example_photos(side: int) -> NDArray[np.float32]:
    """Return EXAMPLES as (n, 3, side, side) in 0..1. Raises FileNotFoundError."""
    small: list[NDArray[np.uint8]] = []
    for file in EXAMPLES:
        photo = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
        if photo is None:
            raise FileNotFoundError(file)
        small.append(np.asarray(cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA), np.uint8))
    return np.ascontiguousarray(np.stack(small).transpose(0, 3, 1, 2), np.float32) / np.float32(255)
