"""Write the networks that find faces to the weights folder: ONNX files and their manifest entries.

python -m mien_export export mesh_net
python -m mien_export export face_detector
"""

from pathlib import Path

from mien_export.networks import face_detector, mesh_net
from mien_export.onnx import Tensor
from mien_export.recipes.shipping import Shipment, averaged, example_photos, ship

VERSION = "1.1.0"
LICENCE = (
    "Non-commercial research (trained on CelebA, UTKFace, CFP and StyleGAN portraits, with masks of MaskTheFace; "
    "see weights/LICENSE.md)"
)

EXAMPLE_SIDE = 320
"""Side at which the detector's answers are compared."""

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
    net.load_state_dict(averaged(checkpoint))
    photos = example_photos(mesh_net.IMAGE_SIZE)
    ship(mesh_net.ServedMeshNet(net), _shipment("mesh_net", SQUARE, MESH), [photos], weights)


def export_face_detector(checkpoint: Path, weights: Path) -> None:
    """Write the detector's averaged weights into `weights` and its manifest; prints the parity."""
    net = face_detector.FaceDetector()
    net.load_state_dict(averaged(checkpoint))
    shipment = _shipment("face_detector", PICTURE, DETECTIONS)
    ship(face_detector.ServedFaceDetector(net), shipment, [example_photos(EXAMPLE_SIDE)], weights)


def _shipment(name: str, image: Tensor, outputs: tuple[Tensor, ...]) -> Shipment:
    return Shipment(name, TASK, VERSION, LICENCE, (image,), outputs, PARITY_BOUND, PACKED_BOUND[name])
