"""Write the networks that find faces to the weights folder: ONNX files and their manifest entries.

python -m mien_export export mesh_net
python -m mien_export export face_detector
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien_export.networks import face_detector, mesh_net
from mien_export.onnx import Tensor, export, file_sha256, pack_half, parity, update_manifest
from mien_service.engine.manifest import WeightEntry

VERSION = "1.0.0"
LICENCE = (
    "Non-commercial research (trained on CelebA, UTKFace, CFP and StyleGAN portraits, with masks of MaskTheFace; "
    "see weights/LICENSE.md)"
)

EXAMPLES = (Path("examples/people/ben.jpg"), Path("examples/people/carla.jpg"))
"""Photos on which the answers are compared: on noise a detector's boxes are of any size."""

PARITY_BOUND = 1e-3
"""Largest difference of ONNX Runtime to PyTorch, in full precision: boxes are in pixels of a few hundred."""

PACKED_BOUND = {"mesh_net": 0.01, "face_detector": 1.0}
"""Largest difference once the weights are in half precision: shares of the square, pixels."""

TASK = "*"
"""They find the faces for every task."""

SQUARE = Tensor("image", (3, mesh_net.IMAGE_SIZE, mesh_net.IMAGE_SIZE), "square around a face, RGB", (0.0, 1.0))
MESH = (
    Tensor("points", (mesh_net.POINTS, 3), "x, y, z in shares of the square's side, 0, 0 its upper left corner"),
    Tensor("visibility", (mesh_net.POINTS,), "how likely each point shows", (0.0, 1.0)),
    Tensor("rotation", (3, 2), "first two columns of the head's rotation matrix, not quite orthonormal"),
    Tensor("score", (1,), "how likely the square shows a face", (0.0, 1.0)),
)

PICTURE = Tensor("image", (3, "height", "width"), "picture, RGB, sides multiples of 32", (0.0, 1.0))
DETECTIONS = (
    Tensor("scores", ("cells",), "how likely each cell is in the middle of a face", (0.0, 1.0)),
    Tensor("boxes", ("cells", 4), "left, top, right, bottom of its face in pixels of the input"),
)


def export_mesh_net(checkpoint: Path, weights: Path) -> None:
    """Write MeshNet's averaged weights into `weights` and its manifest; prints the parity."""
    net = mesh_net.MeshNet()
    net.load_state_dict(_average(checkpoint))
    _write("mesh_net", mesh_net.ServedMeshNet(net), SQUARE, MESH, examples(mesh_net.IMAGE_SIZE), weights)


def export_face_detector(checkpoint: Path, weights: Path) -> None:
    """Write the detector's averaged weights into `weights` and its manifest; prints the parity."""
    net = face_detector.FaceDetector()
    net.load_state_dict(_average(checkpoint))
    _write("face_detector", face_detector.ServedFaceDetector(net), PICTURE, DETECTIONS, examples(320), weights)


def examples(side: int) -> NDArray[np.float32]:
    """Return EXAMPLES as (n, 3, side, side) in 0..1."""
    photos = [cv2.imread(str(file), cv2.IMREAD_COLOR_RGB) for file in EXAMPLES]
    small = [cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA) for photo in photos if photo is not None]
    return np.ascontiguousarray(np.stack(small).transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def _average(checkpoint: Path) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]


def _write(
    name: str, served: nn.Module, image: Tensor, outputs: tuple[Tensor, ...], example: np.ndarray, weights: Path
) -> None:
    """Write one network; the old file stays until the new one is checked."""
    unfinished = weights / f"{name}.part.onnx"
    try:
        export(served, [image], list(outputs), unfinished)
        exact = parity(served, unfinished, [example], PARITY_BOUND)
        pack_half(unfinished)
        packed = parity(served, unfinished, [example], PACKED_BOUND[name])
        file = weights / f"{name}.onnx"
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"{name}: differs by {exact:.2g} in full precision, {packed:.2g} as stored; {file.stat().st_size} bytes")
    entry = WeightEntry(
        name=name,
        kind="network",
        file=file.name,
        sha256=file_sha256(file),
        task=TASK,
        version=VERSION,
        inputs=(image.entry(),),
        outputs=tuple(tensor.entry() for tensor in outputs),
        card=f"cards/{name}.md",
        licence=LICENCE,
        commercial_use=False,
    )
    update_manifest(weights, entry)
