"""Blind pairs of each toon style and OpenCV's stylization, and of `cel` and its teacher.

python -m mien_export evaluate toonify_blind

To whoever judges: which of the two is the better toon of the person at the left?
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from mien_export.data.packs import split_rows
from mien_export.quality.blind_pairs import PACK, PEOPLE, Blind
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.prefer import HEIGHT
from mien_export.quality.tooners import STYLIZATION, TEACHER, UNCHANGED, Tooner, tooners
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace, at_resolution, cut
from mien_service.faces.face import RgbImage
from mien_service.tasks.toon_styles import Style

TEACHERS_SIDE = 256
"""Of the teacher's drawings in pixels: whatever they are held against is made no finer."""


def write_toonify_blind(weights: Path, folder: Path) -> None:
    """Write the pairs of PEOPLE held-out portraits, each the face's aligned square of the photo with the head drawn.

    Under `folder`/toonify_blind lie `pictures`, a folder for each method; `pairs`, with an empty answers.csv in each:
    a folder for each style (against cv2.stylization) and `teacher` (`cel` against its teacher, both as coarse as that
    one); and their keys in `keys`. Raises ValueError where pairs lie there already.
    """
    run = WeightsRunner(weights)
    faces = list(found_faces(PACK, split_rows(PACK, "validation"), run))[:PEOPLE]
    methods = tooners(run)
    blind = Blind(folder / "toonify_blind", inputs=UNCHANGED)
    blind.write_pictures({name: squares(faces, draw) for name, draw in methods.items()})
    coarse = f"{Style.CEL.value} as coarse"
    blind.write_pictures({coarse: squares(faces, _as_coarse(methods[Style.CEL.value]))})
    for seed, style in enumerate(Style):
        blind.write_pairs(style.value, STYLIZATION, style.value, seed=seed)
    blind.write_pairs(coarse, TEACHER, "teacher", seed=len(Style))


def squares(faces: Sequence[HeldOutFace], draw: Tooner) -> Iterator[RgbImage | None]:
    """Yield every face's square (HEIGHT, HEIGHT, 3) as a method draws it, or None where it does not."""
    for face in faces:
        drawn = draw(face)
        yield None if drawn is None else framed(drawn, face.aligned)


def framed(photo: RgbImage, face: AlignedFace) -> RgbImage:
    """Return the aligned square of a face, as high as what is shown in pairs."""
    return cut(photo, at_resolution(face.transform, HEIGHT), HEIGHT)


def _as_coarse(draw: Tooner) -> Tooner:
    """Return what a method draws, as coarse as the teacher's drawings are."""

    def coarser(face: HeldOutFace) -> RgbImage | None:
        drawn = draw(face)
        if drawn is None:
            return None
        small = cv2.resize(drawn, (TEACHERS_SIDE, TEACHERS_SIDE), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, drawn.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)

    return coarser
