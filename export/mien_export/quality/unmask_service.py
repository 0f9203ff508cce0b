"""What /unmask adds to its networks: the mask found instead of given, variants, sharpness at the photo's size.

python -m mien_export evaluate unmask_service
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from mien_export.data.crops import load_crops, moved_mesh
from mien_export.data.holes import lower_face
from mien_export.data.masked_faces import MaskedFaces, load_overlays
from mien_export.data.packs import is_validation
from mien_export.quality.fillers import service_filler
from mien_export.quality.inside import psnr_inside
from mien_export.quality.mask_report import PACK_SIZES, squares
from mien_export.quality.perceptual import PerceptualMeter
from mien_export.quality.regions import JAW, Mask
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sharpness import sharpness_match
from mien_export.quality.sheet import Labelled
from mien_export.quality.skin_regions import skin
from mien_export.runner import WeightsRunner
from mien_service.faces.align import CROP_SIZE, AlignedFace, align
from mien_service.faces.composite import apply_edit, invented
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.edit import Edit, Field
from mien_service.faces.face import RgbImage
from mien_service.faces.filling import filled
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.mask_cover import hole_under, mask_cover
from mien_service.faces.prior import FacePrior
from mien_service.tasks.unmask import PRIOR, SPREAD, UnmaskParams, unmask

PEOPLE = Path("examples/people")
"""Synthetic people with faces of over 500 pixels: no pack has faces of 400."""

PACK = "celeba"
DRAWN = 100
"""Faces that variants are drawn for."""

SHOWN = 24

GIVEN, FOUND = "PSNR, hole under the true mask (dB)", "PSNR, hole under the mask found (dB)"
VARIANTS, SHARPNESS = "Lite0 between two variants", "Sharpness match, median"

Example = tuple[RgbImage, RgbImage, Mask]
"""An aligned face with a mask on (256, 256, 3), the same without, and where the mask is (256, 256)."""


def report_service(weights: Path, folder: Path) -> None:
    """Write unmask_service.md, .json and .png into `folder`."""
    run = WeightsRunner(weights)
    examples = list(worn())
    rows, sheet = measured_masks(examples, run)
    rows.append(measured_variants(examples[:DRAWN], run))
    photos = list(large_faces(run))
    matches = [sharpness(photo, face, run) for photo, face in photos]
    own, ours = (float(np.median(part)) for part in zip(*matches, strict=True))
    rows.append(_row("Sharpness match of the photos themselves", len(photos), own))
    rows.append(_row(SHARPNESS, len(photos), ours, ".6 to 1.3"))
    report = Report(
        title="What /unmask adds to its networks",
        split=f"{PACK} validation people with masks laid on; {len(photos)} synthetic people of over 500 px",
        n=len(examples),
        rows=rows,
        baselines=[GIVEN],
        command=this_command(),
    )
    write_report(report, sheet, folder, "unmask_service")


def _row(name: str, n: int, value: float, bar: str = "-") -> dict[str, Cell]:
    return {"": name, "n": n, "value": float(value), "bar": bar}


def worn() -> Iterator[Example]:
    """Yield held-out people with a mask laid on."""
    size = PACK_SIZES[PACK]
    overlays, crops = load_overlays(PACK, size), load_crops(PACK, size)
    index = [i for i, row in enumerate(overlays.rows) if is_validation(row) and overlays.cover[i].any()]
    bare = MaskedFaces(crops.pixels, overlays.cover, crops.meshes, crops.rows)
    for (masked, cover), (face, _) in zip(squares(overlays, index), squares(bare, index), strict=True):
        yield masked, face, cover


def measured_masks(examples: list[Example], run: WeightsRunner) -> tuple[list[dict[str, Cell]], list[list[Labelled]]]:
    """Return the rows of the mask given and found, and the contact sheet: under either hole only new pixels count."""
    fill = service_filler(run)
    given: list[float] = []
    found: list[float] = []
    sheet: list[list[Labelled]] = []
    for i, (masked, face, cover) in enumerate(examples):
        holes = [hole_under(one) > 0 for one in (cover.astype(np.float32), mask_cover(masked, run))]
        made = [fill(masked, hole) for hole in holes]
        given.append(psnr_inside(made[0], face, holes[0]))
        found.append(psnr_inside(made[1], face, holes[0]))
        if i % max(len(examples) // SHOWN, 1) == 0:
            sheet.append([("mask", masked), ("true hole", made[0]), ("found hole", made[1]), ("truth", face)])
    rows = [
        _row(GIVEN, len(examples), float(np.mean(given))),
        _row(FOUND, len(examples), float(np.mean(found)), "at most 1 dB less"),
    ]
    return rows, sheet


def measured_variants(examples: list[Example], run: WeightsRunner) -> dict[str, Cell]:
    """Return the row of how different two drawn faces are, in the hole."""
    prior, random = FacePrior(run.table(PRIOR)), np.random.default_rng(0)
    pairs: list[Field] = []
    holes: list[Mask] = []
    for masked, _, cover in examples:
        hole = hole_under(cover.astype(np.float32))
        draws: list[Field | None] = list(SPREAD * random.standard_normal((2, prior.components), np.float32))
        pairs.append(filled(masked.astype(np.float32) / np.float32(255), hole, draws, prior, run))
        holes.append(hole > 0)
    both = torch.from_numpy(np.stack(pairs)).permute(1, 0, 4, 2, 3)
    distances = PerceptualMeter().distances(both[0], both[1], torch.from_numpy(np.stack(holes)).float())
    return _row(VARIANTS, len(pairs), distances.mean().item())


def large_faces(run: WeightsRunner) -> Iterator[tuple[RgbImage, AlignedFace]]:
    """Yield the photos of PEOPLE with their faces."""
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    for file in sorted(PEOPLE.glob("*.jpg")):
        photo = np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR_RGB), np.uint8)
        [face] = finder.find(photo, "largest", run)
        yield photo, align(photo, face)


def sharpness(photo: RgbImage, face: AlignedFace, run: WeightsRunner) -> tuple[float, float]:
    """Return the sharpness match of the photo's own lower face, and of the one that the service puts in its place."""
    hole = lower_face(moved_mesh(face.face, face.transform), CROP_SIZE, CROP_SIZE)
    [edit] = unmask(replace(face, marked=hole), UnmaskParams.model_validate({}), run)
    assert isinstance(edit, Edit)
    landmarks = face.face.landmarks
    width = float(np.ptp(landmarks[JAW, 0]))
    region, bare = invented(photo.shape[:2], face.transform, edit), skin(landmarks, photo.shape)
    out = apply_edit(photo, face.transform, edit)
    own, ours = (sharpness_match(picture, region, bare, width) for picture in (photo, out))
    return own, ours
