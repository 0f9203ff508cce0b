"""Blind pairs of the addiction preview and each baseline, for somebody who trained nothing.

python -m mien_export evaluate addiction_blind
"""

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from mien_export.data.packs import split_rows
from mien_export.quality.blind_pairs import PACK, PEOPLE, Blind, slug
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.illustrators import SUBSTANCES, UNCHANGED, Illustrator, baselines
from mien_export.quality.service_illustrator import SERVICE, ServiceIllustrator
from mien_export.quality.student_illustrator import STUDENT, StudentIllustrator
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage


def write_addiction_blind(weights: Path, seed: Path, student: Path, folder: Path) -> None:
    """Write the pairs of PEOPLE held-out people, every substance in turn, at full severity.

    Under `folder`/addiction_blind lie `pictures`, a folder for each method, and for each baseline its pairs with an
    empty answers.csv in `pairs` and their key in `keys`. `seed` and `student` are checkpoints of the seed's design and
    of the student network, or none. Raises ValueError where pairs lie there already.
    """
    run = WeightsRunner(weights)
    faces = list(found_faces(PACK, split_rows(PACK, "validation"), run))[:PEOPLE]
    methods = {**baselines(seed), SERVICE: ServiceIllustrator(run)}
    if student.exists():
        methods[STUDENT] = StudentIllustrator(student, run)
    blind = Blind(folder / "addiction_blind", inputs=UNCHANGED)
    blind.write_pictures({name: illustrated(faces, illustrate) for name, illustrate in methods.items()})
    for name in methods:
        if name not in (SERVICE, UNCHANGED):
            blind.write_pairs(SERVICE, name, slug(name))


def illustrated(faces: Sequence[HeldOutFace], illustrate: Illustrator) -> Iterator[RgbImage]:
    """Yield a method's photo of every face, every substance in turn."""
    for face, substance in zip(faces, cycle(SUBSTANCES), strict=False):
        [photo] = illustrate(face.photo, face.aligned, substance, [1.0])
        yield photo
