"""The report on /frontalize: heads turned to the front beside a real frontal photo of the same person.

python -m mien_export evaluate frontalize
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.packs import read_rows, split_rows
from mien_export.networks.lite0 import Lite0
from mien_export.quality.fid import FidMeter, pooled_features
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.identity import IdentityMeter, distances, identity_chip
from mien_export.quality.pose import PoseMeter
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.quality.statistics import Floats, paired_interval
from mien_export.runner import WeightsRunner
from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.faces.align import AlignedFace, cut
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit
from mien_service.faces.face import RgbImage
from mien_service.faces.pose import estimate_pose
from mien_service.tasks.frontalize import FrontalizeParams, frontalize

PACK = "pose_pairs"

BINS = ((15, 45), (45, 70))
"""Degrees that the heads are turned by, as the service reads them."""

FRONTAL = 8.0
REALS = 1000
"""Real frontal photos of other people, for the Fréchet distance."""

SHOWN = 24
SIDE = 256

Turner = Callable[[RgbImage, AlignedFace], RgbImage]
"""A photo and its face to the aligned square (SIDE, SIDE, 3) of the head turned to the front."""


@dataclass(frozen=True, eq=False)
class PosePair:
    """A turned and a frontal photo of one person, each with its face."""

    turned: HeldOutFace
    frontal: HeldOutFace

    @property
    def yaw(self) -> float:
        """Degrees that the turned head is turned by to either side, as the service reads it."""
        return abs(self.turned.aligned.face.pose.yaw)


@dataclass(frozen=True, eq=False)
class Readings:
    """What the meters say of n pictures: yaw in degrees either way, (n, 128) descriptors; NaN where no face is seen."""

    yaw: Floats
    descriptors: Floats

    def at(self, places: NDArray[np.intp]) -> "Readings":
        """Return those of some pictures."""
        return Readings(self.yaw[places], self.descriptors[places])


class Meters:
    """The pose estimator and the descriptor, neither of which stands inside a turner."""

    def __init__(self) -> None:
        self._pose = PoseMeter(HogDetector(), LandmarkPredictor())
        self._identity = IdentityMeter()

    def read(self, pictures: Sequence[RgbImage]) -> Readings:
        """Return the readings of aligned squares (SIDE, SIDE, 3)."""
        landmarks = [self._pose.landmarks(picture) for picture in pictures]
        yaw = np.array([np.nan if one is None else abs(estimate_pose(one).yaw) for one in landmarks])
        seen = [i for i, one in enumerate(landmarks) if one is not None]
        descriptors = np.full((len(pictures), 128), np.nan)
        chips = [identity_chip(pictures[i], known) for i, known in enumerate(landmarks) if known is not None]
        descriptors[seen] = self._identity.descriptors(chips)
        return Readings(yaw, descriptors)


def turners(run: WeightsRunner) -> dict[str, Turner]:
    """Return what heads are turned by: baselines first, the service last."""

    def served(face: AlignedFace) -> Edit:
        [edit] = frontalize(face, FrontalizeParams.model_validate({"force": True}), run)
        assert isinstance(edit, Edit)
        return edit

    def turned(change: Callable[[Edit], Edit]) -> Turner:
        return lambda photo, face: _square(apply_edit(photo, face.transform, change(served(face))), face)

    return {
        "photo as it is": _square,
        "mesh warp": turned(lambda edit: replace(edit, twin=None)),
        "service": turned(lambda edit: edit),
    }


def _square(photo: RgbImage, face: AlignedFace) -> RgbImage:
    return cut(photo, face.transform, SIDE)


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
            found.append(_square(face.photo, face.aligned))
        if len(found) == count:
            break
    return found


def report_frontalize(weights: Path, folder: Path) -> None:
    """Write frontalize.md, .json and .png into `folder`."""
    run = WeightsRunner(weights)
    pairs = sorted(pose_pairs(run), key=lambda pair: pair.yaw)
    meters, fid = Meters(), FrechetMeter(frontal_photos(run, REALS))
    frontal = meters.read([_square(pair.frontal.photo, pair.frontal.aligned) for pair in pairs])
    made = {
        name: [turn(pair.turned.photo, pair.turned.aligned) for pair in pairs] for name, turn in turners(run).items()
    }
    read = {name: meters.read(pictures) for name, pictures in made.items()}
    rows: list[dict[str, Cell]] = []
    for least, most in BINS:
        places = np.array([i for i, pair in enumerate(pairs) if least <= pair.yaw < most], np.intp)
        if len(places):
            raw = read["photo as it is"].at(places)
            of_bin = {name: readings.at(places) for name, readings in read.items()}
            rows += [row(name, f"{least} to {most}", one, raw, frontal.at(places)) for name, one in of_bin.items()]
    about: dict[str, Cell] = {
        "Yaw of the frontal photos themselves, median": float(np.nanmedian(frontal.yaw)),
        "Frontal photos run through the service: mean descriptor distance to themselves": _harm(
            pairs, frontal, meters, run
        ),
        **{f"Fréchet distance over its floor, {name}": fid.excess(pictures) for name, pictures in made.items()},
    }
    report = Report(
        title="Heads turned to the front",
        split=f"{PACK}: people that nothing is trained on",
        n=len(pairs),
        rows=rows,
        baselines=[name for name in made if name != "service"],
        command=this_command(),
        about=about,
    )
    write_report(report, sheet(pairs, made), folder, "frontalize")


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


def _harm(pairs: Sequence[PosePair], frontal: Readings, meters: Meters, run: WeightsRunner) -> float:
    """Return how far the service moves the descriptors of faces that are frontal already."""
    turn = turners(run)["service"]
    again = meters.read([turn(pair.frontal.photo, pair.frontal.aligned) for pair in pairs])
    return float(np.nanmean(distances(again.descriptors, frontal.descriptors)))


class FrechetMeter:
    """Fréchet distance of squares to real frontal ones."""

    def __init__(self, reals: Sequence[RgbImage]) -> None:
        self._lite0 = Lite0()
        self._meter = FidMeter(self._features(reals))

    def excess(self, pictures: Sequence[RgbImage]) -> float:
        """Return the distance beyond what real pictures have."""
        return self._meter.measure(self._features(pictures)).excess

    def _features(self, pictures: Sequence[RgbImage]) -> Floats:
        squares = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
        return pooled_features(squares, self._lite0)


def sheet(pairs: Sequence[PosePair], made: dict[str, list[RgbImage]]) -> list[list[Labelled]]:
    """Return rows of some people, from the least turned to the most: every turner's picture, and the frontal photo."""
    rows: list[list[Labelled]] = []
    for i in np.unique(np.linspace(0, len(pairs) - 1, SHOWN).astype(int)).tolist():
        pictures = [(f"{name}, {pairs[i].yaw:.0f}", squares[i]) for name, squares in made.items()]
        frontal = pairs[i].frontal
        rows.append([*pictures, ("frontal photo", _square(frontal.photo, frontal.aligned))])
    return rows
