"""Blind pairs of the addiction preview and each baseline, for somebody who trained nothing.

python -m mien_export evaluate addiction_blind
"""

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

import cv2

from mien_export.data.packs import split_rows
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.illustrators import SUBSTANCES, UNCHANGED, Illustrator, baselines
from mien_export.quality.prefer import write_pairs
from mien_export.quality.service_illustrator import SERVICE, ServiceIllustrator
from mien_export.quality.student_illustrator import STUDENT, StudentIllustrator
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage

PACK = "stylegan"
"""Its portraits are sharp, as a phone's are: what is invented is seen."""

PEOPLE = 60


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
    blind = folder / "addiction_blind"
    write_pictures(faces, methods, blind / "pictures")
    for name in methods:
        if name not in (SERVICE, UNCHANGED):
            count = write_blind(name, blind)
            print(f"{count} pairs of {SERVICE} and {name} in {blind / 'pairs' / slug(name)}")


def write_pictures(faces: list[HeldOutFace], methods: Mapping[str, Illustrator], folder: Path) -> None:
    """Write every method's picture of every face under the face's number, in a folder for each method."""
    for name, illustrate in methods.items():
        for i, (face, substance) in enumerate(zip(faces, cycle(SUBSTANCES), strict=False)):
            [photo] = illustrate(face.photo, face.aligned, substance, [1.0])
            write_picture(folder / slug(name) / f"{i:03d}.png", photo)


def write_blind(baseline: str, blind: Path) -> int:
    """Write the pairs of the service and a baseline from their pictures; return how many."""
    pictures, name = blind / "pictures", slug(baseline)
    key = blind / "keys" / f"{name}.csv"
    key.parent.mkdir(exist_ok=True)
    return write_pairs(
        pictures / slug(SERVICE), pictures / name, blind / "pairs" / name, key, inputs=pictures / slug(UNCHANGED)
    )


def write_picture(file: Path, picture: RgbImage) -> None:
    """Write an RGB picture, making its folder. Raises OSError where that fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{file} cannot be written")


def slug(name: str) -> str:
    """Return a method's name as that of a folder."""
    return "_".join("".join(letter for letter in name.lower() if letter.isalnum() or letter == " ").split())
