"""The report on /frontalize: heads turned to the front beside a real frontal photo of the same person.

python -m mien_export evaluate frontalize
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien_export.data.packs import read_rows, split_rows
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.identity import distances
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.quality.statistics import paired_interval
from mien_export.quality.turned_readings import FrechetMeter, Meters, Readings
from mien_export.quality.turners import SERVICE, UNTURNED, Turner, square, turners
from mien_export.runner import WeightsRunner
from mien_export.teachers.turned_views import FRONTAL
from mien_service.faces.face import RgbImage

PACK = "pose_pairs"

BINS = ((15, 45), (45, 70))
"""Degrees that the heads are turned by, as the service reads them."""

REALS = 1000
"""Real frontal photos of other people, for the Fréchet distance."""

SHOWN_YAWS, SHOWN_EACH = (15, 30, 45, 60), 5
"""Degrees of yaw of the heads in the contact sheet, and how many of each."""

PROFILES = 5
"""Full profiles of the pack `cfp` in the contact sheet: they are turned with `force`."""

PROFILE_YAW = 50.0
"""Degrees from which on a profile is read as one: large angles are read as smaller ones."""


@dataclass(frozen=True, eq=False)
class PosePair:
    """A turned and a frontal photo of one person, each with its face."""

    turned: HeldOutFace
    frontal: HeldOutFace

    @property
    def yaw(self) -> float:
        """Degrees that the turned head is turned by to either side, as the service reads it."""
        return abs(self.turned.aligned.face.pose.yaw)


def pose_pairs(run: WeightsRunner) -> Iterator[PosePair]:
    """Yield the people of PACK in both of whose photos the service finds the face."""
    for row in read_rows(PACK):
        found = list(found_faces(PACK, [{**row, "file": row[name]} for name in ("turned", "frontal")], run))
        if len(found) == 2:
            yield PosePair(*found)


def frontal_photos(run: WeightsRunner, count: int) -> list[RgbImage]:
    """Return aligned squares of real frontal faces of other people."""
    found: list[RgbImage] = []
    for face in found_faces("celeba", split_rows("celeba", "train")[: 3 * count], run):
        if abs(face.aligned.face.pose.yaw) < FRONTAL:
            found.append(square(face.photo, face.aligned))
        if len(found) == count:
            break
    return found


def report_frontalize(weights: Path, seed: Path, folder: Path) -> None:
    """Write frontalize.md, .json and .png into `folder`; `seed` is a checkpoint of the seed's design, or none."""
    run = WeightsRunner(weights)
    pairs = sorted(pose_pairs(run), key=lambda pair: pair.yaw)
    meters, frechet = Meters(), FrechetMeter(frontal_photos(run, REALS))
    frontal = meters.read([square(pair.frontal.photo, pair.frontal.aligned) for pair in pairs])
    by_name = turners(run, seed)
    made = {name: [turn(pair.turned.photo, pair.turned.aligned) for pair in pairs] for name, turn in by_name.items()}
    read = {name: meters.read(pictures) for name, pictures in made.items()}
    rows: list[dict[str, Cell]] = []
    for least, most in BINS:
        places = np.array([i for i, pair in enumerate(pairs) if least <= pair.yaw < most], np.intp)
        if len(places):
            raw = read[UNTURNED].at(places)
            of_bin = {name: readings.at(places) for name, readings in read.items()}
            rows += [row(name, f"{least} to {most}", one, raw, frontal.at(places)) for name, one in of_bin.items()]
    about: dict[str, Cell] = {
        "Yaw of the frontal photos themselves, median": float(np.nanmedian(frontal.yaw)),
        "Frontal photos run through the service: mean descriptor distance to themselves": _harm(
            pairs, frontal, meters, by_name[SERVICE]
        ),
        **{f"Fréchet distance over its floor, {name}": frechet.excess(pictures) for name, pictures in made.items()},
    }
    report = Report(
        title="Heads turned to the front",
        split=f"{PACK}: people that nothing is trained on",
        n=len(pairs),
        rows=rows,
        baselines=[name for name in made if name != SERVICE],
        command=this_command(),
        about=about,
    )
    write_report(report, [*sheet(pairs, made), *profiles(run, by_name)], folder, "frontalize")


def row(name: str, turned_by: str, one: Readings, raw: Readings, frontal: Readings) -> dict[str, Cell]:
    """Return the table's row of one turner's pictures of a bin."""
    away, raw_away = (distances(readings.descriptors, frontal.descriptors) for readings in (one, raw))
    both = np.isfinite(away) & np.isfinite(raw_away)
    low, high = paired_interval(raw_away[both], away[both])
    return {
        "turner": name,
        "turned by": turned_by,
        "n": len(away),
        "no face seen": int(np.isnan(one.yaw).sum()),
        "yaw after, median": float(np.nanmedian(one.yaw)),
        "distance to the frontal photo": float(np.nanmean(away)),
        "paired difference to the photo": float((away - raw_away)[both].mean()),
        "its interval": f"{low:+.3f} to {high:+.3f}",
    }


def _harm(pairs: Sequence[PosePair], frontal: Readings, meters: Meters, turn: Turner) -> float:
    """Return how far a turner moves the descriptors of faces that are frontal already."""
    again = meters.read([turn(pair.frontal.photo, pair.frontal.aligned) for pair in pairs])
    return float(np.nanmean(distances(again.descriptors, frontal.descriptors)))


def sheet(pairs: Sequence[PosePair], made: dict[str, list[RgbImage]]) -> list[list[Labelled]]:
    """Return rows of the people who are turned by SHOWN_YAWS or next to it: every turner's picture, a frontal photo."""
    yaws = np.array([pair.yaw for pair in pairs])
    shown = dict.fromkeys(int(i) for yaw in SHOWN_YAWS for i in np.argsort(np.abs(yaws - yaw))[:SHOWN_EACH])
    rows: list[list[Labelled]] = []
    for i in shown:
        pictures = [(f"{name}, {yaws[i]:.0f}", squares[i]) for name, squares in made.items()]
        frontal = pairs[i].frontal
        rows.append([*pictures, ("frontal photo", square(frontal.photo, frontal.aligned))])
    return rows


def profiles(run: WeightsRunner, by_name: dict[str, Turner]) -> list[list[Labelled]]:
    """Return rows of full profiles, each beside a frontal photo of the person."""
    rows: list[list[Labelled]] = []
    people = {row["identity"]: row for row in split_rows("cfp", "validation") if row["view"] == "frontal"}
    sides = [row for row in split_rows("cfp", "validation") if row["view"] == "profile"]
    for face in found_faces("cfp", sides[::4], run):
        frontal = list(found_faces("cfp", [people[face.row["identity"]]], run))
        if frontal and abs(face.aligned.face.pose.yaw) > PROFILE_YAW:
            pictures = [(f"{name}, profile", turn(face.photo, face.aligned)) for name, turn in by_name.items()]
            rows.append([*pictures, ("frontal photo", square(frontal[0].photo, frontal[0].aligned))])
        if len(rows) == PROFILES:
            break
    return rows
