"""The report on heads that were turned away and back: what comes back beside the photo that it was.

    python -m mien_export evaluate round_trip

A frontal photo is turned away by the same mesh that turns it back, but found again in between. The truth is the photo.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mien_export.data.packs import read_pictures, split_rows
from mien_export.quality.identity import distances
from mien_export.quality.inside import psnr_inside
from mien_export.quality.perceptual import PerceptualMeter, as_squares
from mien_export.quality.regions import Mask, hull
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.quality.turned_readings import Meters
from mien_export.quality.turners import SERVICE, SIDE, square, turners
from mien_export.runner import WeightsRunner
from mien_export.teachers.turned_views import FRONTAL, Seen, Views
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.face import Pose, RgbImage
from mien_service.faces.mesh import ibug_landmarks

PEOPLE = 150
YAWS = (20.0, 30.0, 40.0)
"""Degrees that heads are turned away by, to either side in turn."""

SHOWN = 16
FACE_MARGIN = 0.1 * CROP_SIZE


@dataclass(frozen=True, eq=False)
class Trip:
    """A frontal photo, and the same with its head turned away by `yaw` degrees and found again."""

    truth: Seen
    away: Seen
    yaw: float


def trips(run: WeightsRunner, people: int) -> list[Trip]:
    """Return trips of people of CelebA who are held out."""
    views, found = Views(run), list[Trip]()
    names = [row["file"] for row in split_rows("celeba", "validation")]
    for photo in read_pictures("celeba", names):
        truth = views.seen(photo)
        if truth is None or abs(truth.yaw) > FRONTAL:
            continue
        yaw = YAWS[len(found) % len(YAWS)] * (-1) ** len(found)
        away = views.away(truth, Pose(yaw, truth.face.face.pose.pitch, 0.0))
        if away is not None:
            found.append(Trip(truth, away, yaw))
        if len(found) == people:
            break
    return found


def report_round_trip(weights: Path, seed: Path, folder: Path) -> None:
    """Write round_trip.md, .json and .png into `folder`; `seed` is a checkpoint of the seed's design, or none."""
    run = WeightsRunner(weights)
    found, meters, perceptual = trips(run, PEOPLE), Meters(), PerceptualMeter()
    truths = [square(trip.truth.photo, trip.truth.face) for trip in found]
    faces = [hull([ibug_landmarks(trip.truth.mesh)], (SIDE, SIDE), FACE_MARGIN) for trip in found]
    known, known_squares = meters.read(truths), as_squares(truths)
    where, everywhere = torch.from_numpy(np.stack(faces)).float(), [np.ones_like(one) for one in faces]
    rows: list[dict[str, Cell]] = []
    made: dict[str, list[RgbImage]] = {}
    for name, turn in turners(run, seed).items():
        made[name] = [turn(trip.away.photo, trip.away.face) for trip in found]
        read = meters.read(made[name])
        away = distances(read.descriptors, known.descriptors)
        distant = perceptual.distances(as_squares(made[name]), known_squares, where)
        rows.append(
            {
                "turner": name,
                "n": len(found),
                "no face seen": int(np.isnan(read.yaw).sum()),
                "PSNR of the face": _mean_psnr(made[name], truths, faces),
                "PSNR of the square": _mean_psnr(made[name], truths, everywhere),
                "Lite0 distance of the face": float(distant.mean()),
                "descriptor distance to the truth": float(np.nanmean(away)),
                "yaw after, median": float(np.nanmedian(read.yaw)),
            }
        )
    report = Report(
        title="Heads turned away and back",
        split="CelebA validation identities, frontal, turned away by the mesh and found again",
        n=len(found),
        rows=rows,
        baselines=[name for name in made if name != SERVICE],
        command=this_command(),
    )
    write_report(report, sheet(found, made, truths), folder, "round_trip")


def _mean_psnr(pictures: Sequence[RgbImage], truths: Sequence[RgbImage], masks: Sequence[Mask]) -> float:
    return float(np.mean([psnr_inside(*one) for one in zip(pictures, truths, masks, strict=True)]))


def sheet(found: Sequence[Trip], made: dict[str, list[RgbImage]], truths: Sequence[RgbImage]) -> list[list[Labelled]]:
    """Return rows of some people: every turner's picture, and the truth."""
    return [
        [*((f"{name}, {abs(found[i].yaw):.0f}", squares[i]) for name, squares in made.items()), ("truth", truths[i])]
        for i in range(min(SHOWN, len(found)))
    ]
