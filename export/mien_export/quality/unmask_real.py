"""Real people in real masks, unmasked: contact sheets on which somebody counts the traces that masks leave.

python -m mien_export evaluate unmask_real
"""

from collections.abc import Iterator
from pathlib import Path

from mien_export.data.packs import read_pictures
from mien_export.quality.finding_sets import real_mask_names
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align
from mien_service.faces.composite import apply_edit
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.edit import Edit
from mien_service.faces.face import RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.tasks.unmask import NoMaskFound, UnmaskParams, unmask

PHOTOS = 100
"""The first distinct photos of mask_real by CRC-32 of their number, none left out."""

COLUMNS, ROWS = 5, 5
"""Photos on a sheet, each beside its answer."""


def write_unmask_real(weights: Path, folder: Path) -> None:
    """Write unmask_real_0.png and so on into `folder`."""
    pairs = list(answered(WeightsRunner(weights)))
    for start in range(0, len(pairs), COLUMNS * ROWS):
        part = pairs[start : start + COLUMNS * ROWS]
        rows = [[tile for pair in part[i : i + COLUMNS] for tile in pair] for i in range(0, len(part), COLUMNS)]
        write_sheet(rows, folder / f"unmask_real_{start // (COLUMNS * ROWS)}.png")


def answered(run: WeightsRunner) -> Iterator[list[Labelled]]:
    """Yield each photo, labelled with its number of PHOTOS, and what /unmask answers."""
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    for i, photo in enumerate(read_pictures("mask_real", real_mask_names()[:PHOTOS])):
        yield [(str(i), photo), answer(photo, finder, run)]


def answer(photo: RgbImage, finder: FaceFinder, run: WeightsRunner) -> Labelled:
    """Return the photo unmasked, or as it is where the service refuses, labelled with why."""
    try:
        [face] = finder.find(photo, "largest", run)
        aligned = align(photo, face)
        [edit] = unmask(aligned, UnmaskParams.model_validate({}), run)
    except NoFaceFound:
        return "no face found", photo
    except NoMaskFound:
        return "no mask found", photo
    assert isinstance(edit, Edit)
    return "", apply_edit(photo, aligned.transform, edit)
