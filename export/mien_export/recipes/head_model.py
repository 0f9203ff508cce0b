"""Make the head model that faces are turned by, and write it to the weights folder as a table.

python -m mien_export export head_model
"""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from mien_export.data.caching import write_arrays
from mien_export.data.mesh_faces import frontal_mesh, mirror_twins
from mien_export.onnx import file_sha256, update_manifest
from mien_export.recipes.head_skirt import FLANKS, fitted, skirt_pairs, start_model
from mien_export.runner import WeightsRunner
from mien_service.engine.manifest import TensorEntry, WeightEntry
from mien_service.faces.face import Mesh
from mien_service.faces.head_model import HeadModel
from mien_service.faces.mesh import MESH_POINTS
from mien_service.faces.raster import Triangles

NAME = "head_model"
VERSION = "1.1.0"
LICENCE = (
    "Non-commercial research (a mean over CelebA, fitted on people of MobileStyleGAN, which learned from FFHQ; see "
    "weights/LICENSE.md)"
)

# From the forehead's middle on towards the image's right, around the chin and back.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)

FEATURES = (4, 0, 17, 33, 263, 133, 362, 61, 291, 105, 334, 13, 14)
"""Tip of the nose, lips, corners of eyes and mouth, brows: they are kept whatever is near."""

UPPER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324)
"""The inner rims, which lie on each other in the mean face."""

MOUTH_OPENED = 0.05
MOUTH_REACH = (0.35, 0.6)
"""How far the lower lip is drawn down, and from the first to the second distance from the middle less and less."""

APART = 0.045
"""Mesh points that lie nearer to each other, seen from the front, are not both used: around the nostrils and the
mouth's corners triangles would fold."""

ARRAYS = (
    TensorEntry(name="mean", shape=(MESH_POINTS, 3), meaning="mean frontal face, in outer eye distances"),
    TensorEntry(name="twins", shape=(MESH_POINTS,), meaning="mirror twin of each mesh point"),
    TensorEntry(name="triangles", shape=("triangles", 3), meaning="mesh points, seen from the front clockwise"),
    TensorEntry(name="oval", shape=(len(OVAL),), meaning="mesh points around the face, clockwise from the top"),
    TensorEntry(name="rings", shape=("rings",), meaning="of the skirt, from the oval (0) to the square's edge (1)"),
    TensorEntry(name="ring_depth", shape=(FLANKS, "rings"), meaning="behind the oval, in outer eye distances"),
    TensorEntry(name="ring_turning", shape=(FLANKS, "rings"), meaning="how much each turns with the head"),
)


def export_head_model(weights: Path) -> None:
    """Write the model into `weights` and its manifest; its skirt is fitted first, with the networks in `weights`."""
    start = start_model(bare_model(frontal_mesh()))
    write_head_model(fitted(start, partial(skirt_pairs, start, WeightsRunner(weights))), weights)


def bare_model(mean: Mesh) -> HeadModel:
    """Return the model of a mean face (468, 3), around which lies no ring yet."""
    twins = mirror_twins(mean)
    none = np.zeros((FLANKS, 0), np.float32)
    return HeadModel(mean, twins, triangulated(mean, twins), np.array(OVAL, np.intp), none[0], none, none)


def write_head_model(model: HeadModel, weights: Path) -> None:
    """Write a model into `weights` and its manifest."""
    file = weights / f"{NAME}.npz"
    arrays = {entry.name: getattr(model, entry.name) for entry in ARRAYS}
    whole = {name: values.astype(np.int16) for name, values in arrays.items() if values.dtype == np.intp}
    write_arrays(file, **arrays | whole)
    entry = WeightEntry(
        name=NAME,
        kind="table",
        file=file.name,
        sha256=file_sha256(file),
        task="*",
        version=VERSION,
        outputs=ARRAYS,
        card=f"cards/{NAME}.md",
        licence=LICENCE,
        commercial_use=False,
    )
    update_manifest(weights, entry)


def triangulated(mean: Mesh, twins: NDArray[np.intp]) -> Triangles:
    """Return triangles (m, 3) of mesh points over the face's oval."""
    flat = opened(mean)
    used = spread(flat, twins)
    found = used[Delaunay(flat[used]).simplices]
    oval = mean[list(OVAL), :2]
    middles = mean[found, :2].mean(axis=1).tolist()
    inside = [cv2.pointPolygonTest(oval, middle, measureDist=True) > 0 for middle in middles]
    return found[inside]


def opened(mean: Mesh) -> NDArray[np.float32]:
    """Return (468, 2): the mean face from the front, its mouth opened: no triangle is to join both lips wrongly."""
    flat = mean[:, :2].copy()
    lips = mean[list(LOWER_LIP), 1].min()
    below = mean[:, 1] >= lips - 0.005
    below[list(UPPER_LIP)] = False
    below[list(LOWER_LIP)] = True
    near, far = MOUTH_REACH
    flat[:, 1] += below * MOUTH_OPENED * ((far - np.abs(mean[:, 0])) / (far - near)).clip(0, 1)
    return flat


def spread(flat: NDArray[np.float32], twins: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the mesh points that are used, in order: APART from each other, the oval and FEATURES in any case.

    None lies in a circle over an edge of the oval: so that edge is one of the Delaunay triangles' own.
    """
    kept = [*OVAL, *FEATURES]
    oval = flat[list(OVAL)]
    ends = np.roll(oval, -1, axis=0)
    middles, radii = (oval + ends) / 2, np.hypot(*(ends - oval).T) / 2
    for point in range(len(flat)):
        if (np.hypot(*(middles - flat[point]).T) < radii).any():
            continue
        pair = sorted({point, int(twins[point])})
        others = kept if len(pair) == 1 or _far(flat, pair[0], pair[1:]) else []
        if others and all(_far(flat, one, others) for one in pair):
            kept += pair
    return np.array(sorted(kept), np.intp)


def _far(flat: NDArray[np.float32], point: int, others: list[int]) -> bool:
    return bool((np.hypot(*(flat[others] - flat[point]).T) > APART).all())
