"""Train MeshNet on the teacher's meshes: about fifty minutes on two CPU cores.

    python -m mien_export train mesh_net --minutes 54

The network sees masks, glasses, hats, hands, bad light and small pictures; the target is always the teacher's mesh of
the bare face. Resumes from runs/mesh_net/checkpoint.pt where there is one, else goes on from the shipped weights.
Writes a contact sheet beside the checkpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import Delaunay
from torch.nn import functional as F

from mien_export.data.face_tiles import training_tiles
from mien_export.data.faceless import faceless_squares
from mien_export.data.lost_profiles import lost_profiles, profile_squares
from mien_export.data.mesh_batches import (
    Placement,
    badly_photographed,
    placed_meshes,
    placed_rotations,
    random_frames,
    random_placement,
    squares,
)
from mien_export.data.mesh_faces import KINDS, PACKS, SIDE, frontal_mesh, load_mesh_faces
from mien_export.data.mined import drawings, mined_squares, portraits
from mien_export.data.packs import is_training
from mien_export.data.scenes import SceneComposer, SceneOptions
from mien_export.networks.mesh_net import IMAGE_SIZE, MeshNet, MeshOutput, ServedMeshNet
from mien_export.recipes.loop import autocast, load_shipped, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised
from mien_export.runner import WeightsRunner
from mien_export.teachers.mesh import head_rotation, mirror_twins
from mien_service.faces.mesh import LEFT_EYE_CORNER, RIGHT_EYE_CORNER

SHIPPED = Path("weights/mesh_net.onnx")
"""Where training goes on from, if it is there."""

FACES = 96
UNREAD = 8
FACELESS = 32
"""Squares of a batch that show a face, that show a profile without a mesh, and that show none."""

FACELESS_SQUARES = 6000

DETECTOR = Path("weights/face_detector.onnx")
"""The shipped detector: where there is one, and a MeshNet, what they wrongly take for faces is to be refused."""

MINED_STEP = 3
"""Of the tiles, one in so many is searched for such squares."""

MINED_SQUARES = 9000

MINED_SCENES = 1000
"""Drawn scenes and composed groups that are searched for them, of each so many."""

MINED_GROUPS = SceneOptions(480, 480, (1, 8), (0.05, 0.9), lying_share=0.2, pieces=4)

CONTINUED_RATE = 1e-3
"""Highest learning rate of a training that goes on from the shipped weights: the usual one would first undo them."""

CALIBRATION_BATCHES = 16

START_BATCHES = 40
"""Batches of meshes whose principal components the mesh layer starts from."""

KIND_SHARES = (0.4, 0.3, 0.3)
"""How often a face is shown bare, masked, or with other things laid on."""

assert len(KIND_SHARES) == len(KINDS)

DEPTH_WEIGHT = 0.5
"""Weight of depth beside x and y: it is what the teacher itself is least sure of."""

VISIBILITY_WEIGHT, ROTATION_WEIGHT, SCORE_WEIGHT = 0.01, 0.04, 0.02
"""Beside an error of the points in eye distances, which ends near 0.02."""

TURNED_WEIGHTS = ((20.0, 2.0), (35.0, 4.0))
"""Faces turned further than so many degrees are drawn so many times as often."""


@dataclass(frozen=True, eq=False)
class MeshData:
    """Training faces on the device, as uint8 where they are pictures."""

    pixels: torch.Tensor
    meshes: torch.Tensor
    visible: torch.Tensor
    rotations: torch.Tensor
    weights: torch.Tensor
    unread: torch.Tensor
    faceless: torch.Tensor
    twins: torch.Tensor

    def batch(self) -> tuple[torch.Tensor, MeshOutput]:
        """Return images (n, 3, 128, 128), faces first, and what is to be answered for the faces (score for all).

        Profiles without a mesh come behind the faces; where there are none, their places show nothing.
        """
        device = self.meshes.device
        chosen = torch.multinomial(self.weights, FACES, replacement=True)
        kinds = torch.multinomial(torch.tensor(KIND_SHARES, device=device), FACES, replacement=True)
        unread = min(UNREAD, len(self.unread))
        count = FACES + UNREAD + FACELESS
        lost = self.unread[torch.randperm(len(self.unread), device=device)[:unread]]
        none = torch.randint(len(self.faceless), (count - FACES - unread,), device=device)
        where = self.pixels.device
        crops = torch.cat([self.pixels[chosen.to(where), kinds.to(where)].to(device), lost, self.faceless[none]])
        place, frames = random_placement(count, device), random_frames(count, device)
        images = badly_photographed(squares(crops, place, IMAGE_SIZE, frames))
        of_faces = Placement(place.matrix[:FACES], place.shift[:FACES], place.mirrored[:FACES])
        visible = self.visible[chosen, kinds].float()
        visible = torch.where(of_faces.mirrored[:, None], visible[:, self.twins], visible)
        score = torch.zeros(count, 1, device=device)
        score[: FACES + unread] = 1
        return images, MeshOutput(
            placed_meshes(self.meshes[chosen], of_faces, self.twins),
            visible,
            placed_rotations(self.rotations[chosen], of_faces)[..., :2],
            score,
        )


def load_data(device: torch.device) -> MeshData:
    """Return the training faces of all packs."""
    frontal = frontal_mesh()
    packs = {pack: load_mesh_faces(pack) for pack in PACKS}
    kept = {pack: np.flatnonzero([is_training(row) for row in faces.rows]) for pack, faces in packs.items()}
    # Gathered pack by pack into one array: two copies of all pictures would not fit a small machine.
    count = sum(len(index) for index in kept.values())
    pixels = torch.empty((count, *packs["celeba"].pixels.shape[1:]), dtype=torch.uint8)
    start = 0
    for pack, index in kept.items():
        pixels[start : start + len(index)] = torch.from_numpy(packs[pack].pixels[index])
        start += len(index)
    meshes = np.concatenate([packs[pack].mesh[index] for pack, index in kept.items()])
    covered = np.concatenate([packs[pack].covered[index] for pack, index in kept.items()])
    rotations = np.stack([head_rotation(mesh, frontal) for mesh in meshes])
    visible = ~covered & facing(meshes, frontal)[:, None]
    unread = profile_squares(lost_profiles(SHIPPED.parent)) if _is_shipped() else np.zeros((0, SIDE, SIDE, 3), np.uint8)
    faceless = np.concatenate([faceless_squares(FACELESS_SQUARES, packs["celeba"], "celeba"), hard_squares()])
    return MeshData(
        pixels.to(device),
        torch.from_numpy(meshes).to(device),
        torch.from_numpy(visible).to(device),
        torch.from_numpy(rotations).float().to(device),
        sampling_weights(rotations).to(device),
        torch.from_numpy(unread).to(device),
        torch.from_numpy(faceless).to(device),
        torch.from_numpy(mirror_twins(frontal)).to(device),
    )


def hard_squares() -> NDArray[np.uint8]:
    """Return MINED_SQUARES squares that the shipped detector wrongly takes for faces, repeated if there are fewer.

    There are none where nothing is shipped yet, or where it is never wrong.
    """
    if not _is_shipped():
        return np.zeros((0, SIDE, SIDE, 3), np.uint8)
    tiles = training_tiles()
    groups = SceneComposer(tiles, MINED_GROUPS)
    composed = (groups.compose(seed) for seed in range(MINED_SCENES))
    scenes = chain(portraits(tiles[::MINED_STEP]), drawings(MINED_SCENES), composed)
    mined = mined_squares(scenes, WeightsRunner(DETECTOR.parent))
    print(f"the detector is wrong about {len(mined)} squares", flush=True)
    if not len(mined):
        return mined
    repeated = len(mined) < MINED_SQUARES
    return mined[np.random.default_rng(0).choice(len(mined), MINED_SQUARES, replace=repeated)]


def _is_shipped() -> bool:
    """Return whether there are networks to find their own mistakes, and what the teacher missed."""
    return DETECTOR.exists() and SHIPPED.exists()


def yaw_degrees(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the yaw of rotations (n, 3, 3) in degrees, positive to the image's right."""
    return np.degrees(np.arcsin(np.clip(rotations[..., 2, 0], -1, 1)))


def sampling_weights(rotations: NDArray[np.float64]) -> torch.Tensor:
    """Return how often each face is drawn, relative to a frontal one."""
    weights = np.ones(len(rotations))
    for degrees, weight in TURNED_WEIGHTS:
        weights[np.abs(yaw_degrees(rotations)) > degrees] = weight
    return torch.from_numpy(weights).float()


def facing(meshes: NDArray[np.float32], frontal: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (n, 468): whether the surface at each point faces the camera. Meshes have z growing away from it."""
    triangles = Delaunay(frontal[:, :2]).simplices
    touches = np.zeros((len(triangles), len(frontal)), np.float32)
    for corner in range(3):
        touches[np.arange(len(triangles)), triangles[:, corner]] = 1
    towards = np.sign(_depth_of_normals(frontal[None], triangles))
    parts = np.array_split(meshes, max(len(meshes) // 1000, 1))
    return np.concatenate([(_depth_of_normals(part, triangles) * towards) @ touches > 0 for part in parts])


def _depth_of_normals(meshes: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.floating[Any]]:
    """Return (n, triangles): the z component of each triangle's normal, as long as twice its area."""
    corners = meshes[:, triangles, :2]
    one, other = corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def losses(answer: MeshOutput, wanted: MeshOutput) -> Terms:
    """Return the weighted loss terms; all but the score look at the faces only, which come first."""
    n = len(wanted.points)
    eyes = wanted.points[:, RIGHT_EYE_CORNER] - wanted.points[:, LEFT_EYE_CORNER]
    scale = eyes.norm(dim=1)[:, None, None]
    error = (answer.points[:n].float() - wanted.points) / scale
    axes = torch.tensor([1.0, 1.0, DEPTH_WEIGHT], device=error.device)
    distance = ((error * axes).square().sum(dim=2) + 1e-6).sqrt()
    return {
        "points": distance.mean(),
        "visibility": VISIBILITY_WEIGHT
        * F.binary_cross_entropy_with_logits(answer.visibility[:n].float(), wanted.visibility),
        "rotation": ROTATION_WEIGHT * (answer.rotation[:n].float() - wanted.rotation).abs().mean(),
        "score": SCORE_WEIGHT * F.binary_cross_entropy_with_logits(answer.score.float(), wanted.score),
    }


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    data = load_data(device)
    model = MeshNet()
    if SHIPPED.exists():
        load_shipped(ServedMeshNet(model), SHIPPED)
    else:
        model.start_from(torch.cat([data.batch()[1].points for _ in range(START_BATCHES)]).cpu())
    model = placed(model, device)

    def terms() -> Terms:
        images, wanted = data.batch()
        with autocast(device):
            answer = model(images.contiguous(memory_format=torch.channels_last))
        return losses(answer, wanted)

    recipe = Recipe(terms, lambda: calibration_batches(data), lambda average, file: write_sheet(average, data, file))
    schedule = Schedule(learning_rate=CONTINUED_RATE) if SHIPPED.exists() else Schedule()
    return train_supervised(model, recipe, minutes, folder, schedule)


def calibration_batches(data: MeshData) -> Iterator[torch.Tensor]:
    """Yield batches for the averaged model's normalisation statistics."""
    for _ in range(CALIBRATION_BATCHES):
        yield data.batch()[0]


@torch.no_grad()
def write_sheet(model: torch.nn.Module, data: MeshData, file: Path) -> None:
    """Write training faces with the mesh that the network sees (green) and the teacher's (red) as one PNG."""
    images, wanted = data.batch()
    answer = model(images)
    tiles = []
    for image, mine, theirs in zip(images[:40], answer.points, wanted.points, strict=False):
        picture = (image.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)
        picture = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_CUBIC)
        for points, colour in ((theirs, (255, 0, 0)), (mine, (0, 255, 0))):
            for x, y in np.rint(points[:, :2].cpu().numpy() * 256 - 0.5).astype(int).tolist():
                cv2.circle(picture, (x, y), 0, colour, -1)
        tiles.append(picture)
    rows = [np.hstack(tiles[start : start + 8]) for start in range(0, 40, 8)]
    cv2.imwrite(str(file), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
