"""The report on how sharp turned heads are where they were not seen: people of the generator, in large.

    python -m mien_export evaluate turned_sharpness

Their photos are 1,024 pixels a side; smaller faces are sharp whatever is invented.
"""

from pathlib import Path

import cv2
import numpy as np
import torch

from mien_export.quality.regions import Mask
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sharpness import sharpness_match
from mien_export.quality.sheet import Labelled
from mien_export.quality.skin_regions import skin
from mien_export.quality.turners import FRONT, SERVICE, served_edit
from mien_export.runner import WeightsRunner
from mien_export.teachers.generator import load_synthesis
from mien_export.teachers.people import pictures_of
from mien_export.teachers.turned_views import Seen, Views, styles_at_yaws
from mien_service.faces.composite import apply_edit, invented
from mien_service.faces.face import RgbImage
from mien_service.faces.turning import by_mesh
from mien_service.tasks.frontalize import turn_of

FIRST_SEED, PEOPLE = 950_000, 30
YAWS = (-35.0, -25.0, 25.0, 35.0)
LEAST, MOST = 0.6, 1.3
"""The design's bar."""

SHOWN = 8
SHOWN_SIDE = 512


def large_people(views: Views, count: int) -> list[Seen]:
    """Return people of the generator at 1,024 pixels, each turned by one of YAWS."""
    generator, found = load_synthesis(), list[Seen]()
    for i in range(count):
        [styles] = styles_at_yaws(FIRST_SEED + i, [YAWS[i % len(YAWS)]])
        with torch.no_grad():
            [photo] = pictures_of(generator(styles[None], 1024))
        seen = views.seen(photo)
        if seen is not None:
            found.append(seen)
    return found


def report_turned_sharpness(weights: Path, folder: Path) -> None:
    """Write turned_sharpness.md, .json and .png into `folder`."""
    run = WeightsRunner(weights)
    views = Views(run)
    people = large_people(views, PEOPLE)
    rows: list[dict[str, Cell]] = []
    sheet: list[list[Labelled]] = [[("turned", _small(one.photo))] for one in people[:SHOWN]]
    for name, edits in {
        "mesh warp and mirror": [by_mesh(*turn_of(one.face, FRONT, run)) for one in people],
        SERVICE: [served_edit(one.face, run) for one in people],
    }.items():
        pictures = [apply_edit(one.photo, one.face.transform, edit) for one, edit in zip(people, edits, strict=True)]
        hidden = [
            invented(one.photo.shape[:2], one.face.transform, edit) for one, edit in zip(people, edits, strict=True)
        ]
        matches = np.array([_match(views, *made) for made in zip(pictures, hidden, strict=True)])
        read = matches[np.isfinite(matches)]
        rows.append(
            {
                "turner": name,
                "n": len(read),
                "sharpness match, median": float(np.median(read)),
                "from": float(np.quantile(read, 0.25)),
                "to": float(np.quantile(read, 0.75)),
                "within .6 to 1.3": float(np.mean((read >= LEAST) & (read <= MOST))),
            }
        )
        for row, picture in zip(sheet, pictures, strict=False):
            row.append((name, _small(picture)))
    report = Report(
        title="Sharpness of what a turned head did not show",
        split=f"people {FIRST_SEED} on of the generator, 1,024 pixels a side",
        n=len(people),
        rows=rows,
        baselines=[str(rows[0]["turner"])],
        command=this_command(),
    )
    write_report(report, sheet, folder, "turned_sharpness")


def _match(views: Views, picture: RgbImage, hidden: Mask) -> float:
    """Return the sharpness match of a turned head; NaN where its face is not found or too little of it is invented."""
    seen = views.seen(picture)
    if seen is None:
        return float("nan")
    face = seen.face.face
    return sharpness_match(picture, hidden, skin(face.landmarks, picture.shape), face.box.width)


def _small(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (SHOWN_SIDE, SHOWN_SIDE), interpolation=cv2.INTER_AREA), np.uint8)
