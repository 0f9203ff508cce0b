"""How well masks are found: overlap with the truth on held-out people, and masks seen where there are none.

python -m mien_export evaluate mask_segmenter
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mien_export.data.crops import MARGIN
from mien_export.data.holes import lower_face
from mien_export.data.masked_faces import MaskedFaces, load_overlays, load_segmented
from mien_export.data.packs import is_validation, read_rows
from mien_export.quality.held_out import found_faces
from mien_export.quality.overlap import intersection_over_union
from mien_export.quality.regions import Mask
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.recipes.mask_segmenter import PACK_SIZES
from mien_export.runner import WeightsRunner
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.face import RgbImage
from mien_service.faces.mask_cover import COVERED, has_mask, mask_cover

MOST_BARE = 400
"""Most bare faces of each pack."""

SHOWN = 6
"""Faces of each set on the contact sheet."""

BASELINE = "lower face by landmarks"
"""Of the bare face where a mask was laid on; of the masked photo in mask_segmentation."""

OURS = "mask_segmenter"

POOLED = "all bare"


def report_masks(weights: Path, folder: Path) -> None:
    """Write mask_segmenter.md, .json and .png into `folder`."""
    run = WeightsRunner(weights)
    rows: list[dict[str, Cell]] = []
    sheet: list[list[Labelled]] = []
    for name, faces, meshes in masked_sets():
        covers = [mask_cover(face, run) for face, _ in faces]
        seen = float(np.mean([has_mask(cover) for cover in covers]))
        found = [cover > COVERED for cover in covers]
        rows += [_row(OURS, name, faces, found, seen), _row(BASELINE, name, faces, meshes, float("nan"))]
        sheet += [_shown(*faces[i], found[i]) for i in range(min(SHOWN, len(faces)))]
    rows += list(bare_rows(run))
    report = Report(
        title="Masks found",
        split="held-out people of each pack; masks laid on as in training, and the testing part of mask_segmentation",
        n=sum(int(row["n"]) for row in rows if row[""] == OURS and row["set"] != POOLED),
        rows=rows,
        baselines=[BASELINE],
        command=this_command(),
    )
    write_report(report, sheet, folder, OURS)


Masked = list[tuple[RgbImage, Mask]]
"""Aligned faces (256, 256, 3) and where their mask is, (256, 256)."""


def masked_sets() -> Iterator[tuple[str, Masked, list[Mask]]]:
    """Yield each set's name, its faces with a mask, and their lower faces by the landmarks of the bare face."""
    for pack, size in PACK_SIZES.items():
        overlays = load_overlays(pack, size)
        index = [i for i, row in enumerate(overlays.rows) if is_validation(row) and overlays.cover[i].any()]
        yield pack, squares(overlays, index), lower_faces(overlays, index)
    tested = load_segmented("testing", CROP_SIZE)
    index = list(range(len(tested.rows)))
    yield "mask_segmentation", squares(tested, index), lower_faces(tested, index)


def squares(masked: MaskedFaces, index: list[int]) -> Masked:
    """Return the service's squares of the faces numbered `index`."""
    inner, size = _inner(masked), (CROP_SIZE, CROP_SIZE)
    return [
        (
            np.asarray(cv2.resize(masked.pixels[i, inner, inner], size, interpolation=cv2.INTER_CUBIC), np.uint8),
            np.asarray(cv2.resize(masked.cover[i, inner, inner], size, interpolation=cv2.INTER_LINEAR)) > 127,
        )
        for i in index
    ]


def lower_faces(masked: MaskedFaces, index: list[int]) -> list[Mask]:
    """Return the lower faces in the service's squares of the faces numbered `index`."""
    inner = _inner(masked)
    zoom = CROP_SIZE / (inner.stop - inner.start)
    meshes = masked.meshes[index]
    meshes[..., :2] = (meshes[..., :2] - inner.start + 0.5) * zoom - 0.5
    return [lower_face(mesh, CROP_SIZE, CROP_SIZE) > 0 for mesh in meshes]


def _inner(masked: MaskedFaces) -> slice:
    """Return where, along both axes, the service's square lies within a crop."""
    side = masked.pixels.shape[1]
    rim = round(side * (1 - 1 / MARGIN) / 2)
    return slice(rim, side - rim)


def _row(method: str, name: str, faces: Masked, found: list[Mask], seen: float) -> dict[str, Cell]:
    overlaps = [intersection_over_union(mask, truth) for mask, (_, truth) in zip(found, faces, strict=True)]
    return {
        "": method,
        "set": name,
        "n": len(faces),
        "mean IoU": float(np.mean(overlaps)),
        "IoU of the worst tenth": float(np.quantile(overlaps, 0.1)),
        "mask seen": seen,
    }


def bare_rows(run: WeightsRunner) -> Iterator[dict[str, Cell]]:
    """Yield how often a mask is seen on held-out faces that wear none, by pack and in all."""
    pooled: list[bool] = []
    for pack in (*PACK_SIZES, "cfp"):
        rows = [row for row in read_rows(pack) if is_validation(row) and row.get("view") != "profile"][:MOST_BARE]
        seen = [has_mask(mask_cover(face.aligned.crop, run)) for face in found_faces(pack, rows, run)]
        pooled += seen
        yield _bare_row(f"{pack}, bare", seen)
    yield _bare_row(POOLED, pooled)


def _bare_row(name: str, seen: list[bool]) -> dict[str, Cell]:
    nothing = float("nan")
    return {
        "": OURS,
        "set": name,
        "n": len(seen),
        "mean IoU": nothing,
        "IoU of the worst tenth": nothing,
        "mask seen": float(np.mean(seen)),
    }


def _shown(face: RgbImage, truth: Mask, found: Mask) -> list[Labelled]:
    shown = [("mask", face)]
    for name, mask in (("found", found), ("truth", truth)):
        shown.append((name, np.where(mask[..., None], np.uint8(255), face // 3)))
    return shown
