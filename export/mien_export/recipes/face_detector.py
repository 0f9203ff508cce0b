"""Train the face detector on composed scenes: about forty minutes on two CPU cores.

    python -m mien_export train face_detector --minutes 40

Resumes from runs/face_detector/checkpoint.pt where there is one, else goes on from the shipped weights. Writes a
contact sheet beside the checkpoint.
"""

import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mien_export.data.caching import write_arrays
from mien_export.data.crops import cache_folder, networks_key
from mien_export.data.face_tiles import Tile, training_tiles
from mien_export.data.lost_profiles import lost_profiles
from mien_export.data.mesh_batches import badly_photographed
from mien_export.data.scenes import SceneComposer, SceneOptions
from mien_export.networks.face_detector import STRIDES, Detections, FaceDetector, ServedFaceDetector, cell_middles
from mien_export.recipes.loop import autocast, load_shipped, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised

SHIPPED = Path("weights/face_detector.onnx")
"""Where training goes on from, if it is there."""

IMAGE_SIZE = 320
"""Side of the windows that are trained on, in pixels."""

SCENE_SIDE = 448
"""Side of the stored scenes: each is seen through windows at many places and zooms."""

SCENES = 6000
MOST_FACES = 16
BATCH = 16

SCENE_OPTIONS = (
    SceneOptions(SCENE_SIDE, SCENE_SIDE, (4, 14), (0.03, 0.25), lying_share=0.25, pieces=6),
    SceneOptions(SCENE_SIDE, SCENE_SIDE, (1, 4), (0.15, 0.8), lying_share=0.25, whole_share=0.75, pieces=3),
    SceneOptions(SCENE_SIDE, SCENE_SIDE, (0, 0), (0.1, 0.2), pieces=10),
)
"""Crowds, portraits, and scenes without a face."""

OPTION_SHARES = (0.5, 0.35, 0.15)

SIZES = (0.0, 56.0, 128.0, 1e9)
"""Longer sides of boxes, in pixels, between which each stride answers for a face."""

SMALLEST = 11.0
"""Faces with a shorter longer side are neither to be found nor to be left out."""

CENTRE_SHARE = 0.25
"""A cell answers for a face if its middle lies within this share of the box's sides around the box's middle."""

CALIBRATION_BATCHES = 16

BOX_WEIGHT = 1.0


@dataclass(frozen=True, eq=False)
class Targets:
    """What each cell is to answer: boxes (n, cells, 4), and is_face and is_ignored, (n, cells) bool."""

    boxes: torch.Tensor
    is_face: torch.Tensor
    is_ignored: torch.Tensor


Scenes = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]
"""Pictures (n, side, side, 3), boxes (n, MOST_FACES, 4), missing ones NaN, and which boxes' faces are hidden."""


def scene_tiles() -> list[Tile]:
    """Return the training tiles and, once there are networks that see them, the profiles that no teacher reads."""
    return [*training_tiles(), *(lost_profiles(SHIPPED.parent) if _is_shipped() else [])]


def _is_shipped() -> bool:
    return SHIPPED.exists() and SHIPPED.with_stem("mesh_net").exists()


def load_scenes() -> Scenes:
    """Return the training scenes, made once and cached."""
    file = cache_folder() / f"scenes-{networks_key(SHIPPED.parent) if _is_shipped() else 'first'}.npz"
    if not file.exists():
        scene_tiles()
        parts = [list(range(start, min(start + 100, SCENES))) for start in range(0, SCENES, 100)]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            made = list(pool.map(_compose, parts))
        pixels, boxes, hidden = (np.concatenate(parts) for parts in zip(*made, strict=True))
        write_arrays(file, pixels=pixels, boxes=boxes, hidden=hidden)
    with np.load(file) as saved:
        return saved["pixels"], saved["boxes"], saved["hidden"]


def _compose(seeds: list[int]) -> Scenes:
    cv2.setNumThreads(1)
    tiles = scene_tiles()
    composers = [SceneComposer(tiles, options) for options in SCENE_OPTIONS]
    pixels = np.empty((len(seeds), SCENE_SIDE, SCENE_SIDE, 3), np.uint8)
    boxes = np.full((len(seeds), MOST_FACES, 4), np.nan, np.float32)
    hidden = np.zeros((len(seeds), MOST_FACES), np.bool_)
    for i, seed in enumerate(seeds):
        # A stream of its own: the composer's first number, from the plain seed, chooses the background.
        kind = np.random.default_rng([seed, 1]).choice(len(composers), p=OPTION_SHARES)
        scene = composers[kind].compose(seed)
        pixels[i] = scene.pixels
        both = np.concatenate([scene.boxes, scene.hidden])[:MOST_FACES]
        boxes[i, : len(both)] = both
        hidden[i, len(scene.boxes) : len(both)] = True
    return pixels, boxes, hidden


def windows(scenes: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return windows (n, 3, size, size) in 0..1 of scenes (n, side, side, 3) uint8, and the boxes seen in them."""
    n, device = len(scenes), scenes.device
    zoom = torch.exp(torch.empty(n, device=device).uniform_(math.log(0.45), math.log(1.25)))
    flip = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    shift = (1 - zoom.clamp(max=1))[:, None] * (2 * torch.rand(n, 2, device=device) - 1)
    zero = torch.zeros(n, device=device)
    theta = torch.stack([zoom * flip, zero, shift[:, 0], zero, zoom, shift[:, 1]], dim=1).view(n, 2, 3)
    grid = F.affine_grid(theta, [n, 3, IMAGE_SIZE, IMAGE_SIZE], align_corners=False)
    # Beyond the scene its edge is repeated: a mirror would show faces that have no box.
    images = F.grid_sample(scenes.permute(0, 3, 1, 2).float() / 255, grid, padding_mode="border", align_corners=False)
    scaled = (boxes * (2 / SCENE_SIDE) - 1).view(n, -1, 2, 2)
    seen = (scaled - shift[:, None, None]) / zoom[:, None, None, None]
    seen[..., 0] = seen[..., 0] * flip[:, None, None]
    seen = (seen + 1) * (IMAGE_SIZE / 2)
    low, high = seen.amin(dim=2), seen.amax(dim=2)
    return images, torch.cat([low, high], dim=2)


def targets(boxes: torch.Tensor, hidden: torch.Tensor) -> Targets:
    """Return what the cells are to answer for boxes (n, faces, 4) in pixels of the window, missing ones NaN.

    Where the face of a box is `hidden`, (n, faces) bool, nothing is to be answered.
    """
    n, device = len(boxes), boxes.device
    middle, size = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    longest = size.amax(dim=2)
    inside = ((middle > 0) & (middle < IMAGE_SIZE)).all(dim=2)
    unsure = ~inside | hidden | (longest < SMALLEST)
    cells, chosen, faces, ignored = [], [], [], []
    for stride, low, high in zip(STRIDES, SIZES[:-1], SIZES[1:], strict=True):
        count = IMAGE_SIZE // stride
        places = cell_middles(count, count, stride).to(device)
        away = (places[None, :, None] - middle[:, None]).abs()
        # At least the cell that holds the middle answers, however small the face.
        reach = (CENTRE_SHARE * size).clamp(min=stride * 0.5)[:, None]
        near = (away <= reach).all(dim=3) & (inside & ~hidden)[:, None]
        mine = near & ((longest >= max(low, SMALLEST)) & (longest < high))[:, None]
        distance = torch.where(mine, away.sum(dim=3), torch.inf)
        nearest = distance.argmin(dim=2)
        chosen.append(boxes.gather(1, nearest[..., None].expand(-1, -1, 4)))
        is_face = mine.any(dim=2)
        faces.append(is_face)
        # On faces that are too small, mostly hidden, or whose middle is outside: no verdict.
        within = (
            (places[None, :, None] > boxes[:, None, :, :2]) & (places[None, :, None] < boxes[:, None, :, 2:])
        ).all(dim=3)
        ignored.append((within & unsure[:, None]).any(dim=2) & ~is_face)
        cells.append(len(places))
    return Targets(torch.cat(chosen, dim=1).view(n, sum(cells), 4), torch.cat(faces, dim=1), torch.cat(ignored, dim=1))


def overlap(boxes: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the intersection over union of boxes (n, 4) with others (n, 4), and the generalised one.

    Rezatofighi et al. 2019, "Generalized Intersection over Union".
    """
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) + (others[:, 2:] - others[:, :2]).prod(dim=1) - shared
    hull = torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])
    area = hull.prod(dim=1)
    ratio = shared / union.clamp(min=1e-6)
    return ratio, ratio - (area - union) / area.clamp(min=1e-6)


def losses(answer: Detections, wanted: Targets) -> Terms:
    """Return the loss terms: varifocal for the score, generalised overlap for the boxes."""
    faces = wanted.is_face
    count = faces.sum().clamp(min=1)
    ratio, generalised = overlap(answer.boxes.float()[faces], wanted.boxes[faces])
    quality = torch.zeros_like(answer.scores, dtype=torch.float32)
    quality[faces] = ratio.detach().clamp(0, 1)
    logits = answer.scores.float()
    weight = torch.where(faces, quality, 0.75 * logits.sigmoid().square().detach())
    weight = torch.where(wanted.is_ignored, 0.0, weight)
    score = F.binary_cross_entropy_with_logits(logits, quality, weight, reduction="sum") / count
    return {"score": score, "box": BOX_WEIGHT * (1 - generalised).sum() / count}


class SceneData:
    """Scenes on the device, as uint8, and batches of windows onto them."""

    def __init__(self, device: torch.device) -> None:
        self._pixels, self._boxes, self._hidden = (torch.from_numpy(array).to(device) for array in load_scenes())

    def batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return images (n, 3, size, size) in 0..1, boxes (n, MOST_FACES, 4), and which faces are hidden."""
        chosen = torch.randint(len(self._pixels), (BATCH,), device=self._pixels.device)
        images, boxes = windows(self._pixels[chosen], self._boxes[chosen])
        return badly_photographed(images), boxes, self._hidden[chosen]


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    data = SceneData(device)
    model = FaceDetector()
    if SHIPPED.exists():
        load_shipped(ServedFaceDetector(model), SHIPPED)
    model = placed(model, device)

    def terms() -> Terms:
        images, boxes, hidden = data.batch()
        with autocast(device):
            answer = model(images.contiguous(memory_format=torch.channels_last))
        return losses(answer, targets(boxes, hidden))

    recipe = Recipe(terms, lambda: calibration_batches(data), lambda average, file: write_sheet(average, data, file))
    return train_supervised(model, recipe, minutes, folder, Schedule(clip_norm=5.0))


def calibration_batches(data: SceneData) -> Iterator[torch.Tensor]:
    """Yield batches for the averaged model's normalisation statistics."""
    for _ in range(CALIBRATION_BATCHES):
        yield data.batch()[0]


@torch.no_grad()
def write_sheet(model: torch.nn.Module, data: SceneData, file: Path) -> None:
    """Write windows with the true boxes (red) and the cells' boxes scored over a half (green) as one PNG."""
    images, boxes, _ = data.batch()
    answer = model(images)
    tiles = []
    for i, image in enumerate(images):
        picture = np.ascontiguousarray((image.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8))
        found = answer.boxes[i][answer.scores[i] > 0]
        for part, colour in ((boxes[i], (255, 0, 0)), (found, (0, 255, 0))):
            for left, top, right, bottom in part[part.isfinite().all(dim=1)].round().int().tolist():
                cv2.rectangle(picture, (left, top), (right, bottom), colour, 1)
        tiles.append(picture)
    rows = [np.hstack(tiles[start : start + 4]) for start in range(0, len(tiles), 4)]
    cv2.imwrite(str(file), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
