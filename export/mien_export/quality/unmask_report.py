"""How well a filler guesses what a mask hides: held-out people, the true hole, every baseline in the same run.

python -m mien_export evaluate face_filler
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from mien_export.data.augment import jittered_squares
from mien_export.data.crops import MARGIN, load_crops
from mien_export.data.holes import lower_face
from mien_export.data.packs import is_training, split_rows
from mien_export.networks.lite0 import Lite0
from mien_export.quality.fid import FidMeter, pooled_features
from mien_export.quality.fillers import (
    PCA_SIDE,
    Filler,
    flat_skin,
    mean_face,
    navier_stokes,
    principal_components,
    prior_filler,
    seed_filler,
    service_filler,
    telea,
)
from mien_export.quality.held_out import found_faces
from mien_export.quality.inside import psnr_inside, ssim_inside
from mien_export.quality.perceptual import PerceptualMeter, as_squares
from mien_export.quality.regions import Mask
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.runner import WeightsRunner
from mien_service.faces.align import CROP_SIZE, apply
from mien_service.faces.face import RgbImage

FITTED_FACES = 5000
"""Training faces that the baselines are fitted on."""

FID_FACES = 1200
"""Training faces that stand for real ones."""

MOST = 400
SHOWN = 24

Example = tuple[RgbImage, Mask]
"""A bare aligned face (256, 256, 3) and its hole (256, 256)."""

OURS = "face_filler"


def report_filler(weights: Path, repainter: Path, folder: Path) -> None:
    """Write face_filler.md, .json and .png into `folder`; `repainter` is a checkpoint of the seed's design, or none."""
    run = WeightsRunner(weights)
    examples = list(held_out_holes(run))
    training = training_faces(FITTED_FACES)
    fillers: dict[str, Filler] = {
        "flat skin": flat_skin,
        "Telea": telea,
        "Navier-Stokes": navier_stokes,
        "mean face": mean_face(training),
        "PCA-120": principal_components(training),
        "face_prior alone": prior_filler(run),
    }
    if repainter.exists():
        fillers["seed's design"] = seed_filler(repainter)
    fillers[OURS] = service_filler(run)
    pictures = {name: [fill(face, hole) for face, hole in examples] for name, fill in fillers.items()}
    reals = pooled_features(as_squares(list(training[:FID_FACES])), Lite0())
    rows = [meters(name, made, examples, FidMeter(reals)) for name, made in pictures.items()]
    report = Report(
        title="What a mask hides, guessed by held-out people's upper faces",
        split="CelebA validation people, one picture each, 256 px, hole of the lower face given",
        n=len(examples),
        rows=rows,
        baselines=[name for name in fillers if name != OURS],
        command=this_command(),
        about={"hole, share of the square": float(np.mean([hole.mean() for _, hole in examples]))},
    )
    write_report(report, list(sheet_rows(examples, pictures)), folder, OURS)


def held_out_holes(run: WeightsRunner) -> Iterator[Example]:
    """Yield one face of each validation identity with the hole of its lower face."""
    firsts = {row["identity"]: row for row in reversed(split_rows("celeba", "validation"))}
    for face in found_faces("celeba", list(firsts.values())[:MOST], run):
        mesh = face.aligned.face.mesh
        assert mesh is not None
        plane = np.column_stack([apply(face.aligned.transform, mesh[:, :2]), mesh[:, 2]])
        yield face.aligned.crop, lower_face(plane.astype(np.float32), CROP_SIZE, CROP_SIZE) > 0


def training_faces(count: int) -> np.ndarray:
    """Return aligned squares (count, PCA_SIDE, PCA_SIDE, 3) uint8 of training people, spread over the pack."""
    crops = load_crops("celeba", 160)
    index = [i for i, row in enumerate(crops.rows) if is_training(row)]
    index = [index[i] for i in np.unique(np.linspace(0, len(index) - 1, count).astype(int))]
    parts = torch.from_numpy(crops.pixels[index]).split(250)
    squares = torch.cat([jittered_squares(part, PCA_SIDE, MARGIN, jitter=False) for part in parts])
    return (squares.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()


def meters(name: str, made: list[RgbImage], examples: list[Example], fid: FidMeter) -> dict[str, Cell]:
    """Return a row of the report: medians would hide the worst faces, so means over all."""
    pairs = list(zip(made, examples, strict=True))
    inside = [psnr_inside(picture, face, hole) for picture, (face, hole) in pairs]
    everywhere = np.ones((CROP_SIZE, CROP_SIZE), np.bool_)
    full = [psnr_inside(picture, face, everywhere) for picture, (face, _) in pairs]
    ssim = [ssim_inside(picture, face, everywhere) for picture, (face, _) in pairs]
    ssim_hole = [ssim_inside(picture, face, hole) for picture, (face, hole) in pairs]
    holes = torch.from_numpy(np.stack([hole for _, hole in examples])).float()
    distance = PerceptualMeter().distances(as_squares(made), as_squares([face for face, _ in examples]), holes).mean()
    measured = fid.measure(pooled_features(as_squares([_small(picture) for picture in made]), Lite0()))
    return {
        "": name,
        "PSNR in the hole": float(np.mean(inside)),
        "PSNR full": float(np.mean(full)),
        "SSIM": float(np.mean(ssim)),
        "SSIM in the hole": float(np.mean(ssim_hole)),
        "Lite0": float(distance),
        "FID": measured.value,
        "FID floor": measured.floor,
    }


def _small(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (PCA_SIDE, PCA_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def sheet_rows(examples: list[Example], pictures: dict[str, list[RgbImage]]) -> Iterator[list[Labelled]]:
    """Yield a row for each of SHOWN faces: with its hole, every filler's, and the truth."""
    for i in np.unique(np.linspace(0, len(examples) - 1, SHOWN).astype(int)).tolist():
        face, hole = examples[i]
        holed = np.where(hole[..., None], np.uint8(128), face)
        yield [("hole", holed), *((name, made[i]) for name, made in pictures.items()), ("truth", face)]
